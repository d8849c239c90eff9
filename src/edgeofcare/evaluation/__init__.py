"""Show how good a risk is, for whom, and against the rules it would replace."""
