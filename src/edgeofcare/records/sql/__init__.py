"""The Standard Safeguarding Dataset in a database."""
