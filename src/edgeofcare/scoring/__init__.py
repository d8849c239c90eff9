"""Whole scores from records: of every child on a day, and of one child."""
