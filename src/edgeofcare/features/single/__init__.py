"""Features of one child from plain rows, in plain Python and numpy: for a case system that scores child by child."""
