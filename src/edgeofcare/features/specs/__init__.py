"""The kinds of feature: small frozen specs that each ask one question about the time before a day.

Every spec has a ``name`` that reads aloud and parses back (:func:`edgeofcare.features.names.parse_feature`), one plain
``sentence``, and an ``empty`` value for a child with nothing in the window. A window that reaches further back than
the table can be trusted is unknown (NaN), whatever the spec.
"""
