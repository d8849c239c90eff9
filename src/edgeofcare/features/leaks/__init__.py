"""How the leak check changes records, and what it reports."""
