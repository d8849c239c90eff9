"""Annex A workbooks."""
