"""Synthetic records: invented children whose pathways follow stated assumptions."""
