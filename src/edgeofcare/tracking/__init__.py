"""Following children, scores and models over time."""
