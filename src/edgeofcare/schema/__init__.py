"""The canonical tables: columns, types, code lists and what makes each value known."""
