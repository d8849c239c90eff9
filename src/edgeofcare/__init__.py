"""edgeofcare."""
