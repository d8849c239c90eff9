"""The Standard Safeguarding Dataset: files and mappings of tables."""
