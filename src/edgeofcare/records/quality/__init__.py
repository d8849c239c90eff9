"""What is known of an extract before any model."""
