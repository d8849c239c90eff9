"""The same model fitted again: which children it would name then."""
