"""Monitoring of a model in use: what changed since it was made, and whether it still holds."""
