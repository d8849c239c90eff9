"""The simulated world: children, what happens to them, month by month."""
