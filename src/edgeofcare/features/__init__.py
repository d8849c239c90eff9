"""Features of a child as known before a day: specs, engine, catalogue and the trace back to records."""
