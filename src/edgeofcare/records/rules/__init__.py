"""Validation rules of the Department for Education that touch what is loaded."""
