"""What :mod:`edgeofcare.features.evidence` is made of: tables by child, the rules, values made again, and words.

Nothing here is shared with the engine beyond the days of the records, so that evidence is a check on it.
"""
