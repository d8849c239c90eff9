"""SSDA903 returns of children looked after."""
