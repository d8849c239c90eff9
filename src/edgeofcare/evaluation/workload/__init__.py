"""What a team would see: lists, lead time, reach, and what they are worth."""
