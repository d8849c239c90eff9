"""Scores of a whole day into a table of a database or a file."""
