"""Other times and other places: rolling origins, and transport between authorities."""
