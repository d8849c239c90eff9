"""Run a saved model again and say what agrees."""
