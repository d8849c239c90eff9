"""Records as the files that case systems and returns would hold."""
