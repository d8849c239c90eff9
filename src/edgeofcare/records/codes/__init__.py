"""Local texts and the codes that they stand for."""
