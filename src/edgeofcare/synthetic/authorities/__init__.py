"""Whose assumptions hold."""
