"""Features of more children than fit in memory: records in parts, one part at a time, on one machine or many."""
