"""Following the risks of children from one run of scores to the next."""
