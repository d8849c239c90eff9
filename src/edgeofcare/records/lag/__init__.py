"""How late rows appear in an extract."""
