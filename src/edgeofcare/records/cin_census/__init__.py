"""Children in need census returns."""
