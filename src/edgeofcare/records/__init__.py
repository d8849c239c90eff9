"""Case records: validated, immutable tables, and the readers that make them."""
