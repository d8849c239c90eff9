"""Words of others in a picture: what a wording file, a table or a cohort calls something is drawn as it is written."""

from __future__ import annotations

__all__ = ["literal"]


def literal(words: str) -> str:
    r"""Keep matplotlib from reading dollar signs in some words as mathematics.

    Parameters
    ----------
    words : str
        A sentence, a name or a label that the library did not write itself.

    Returns
    -------
    str
        Drawn letter for letter.

    Examples
    --------
    >>> print(literal("a fine of $5"))
    a fine of \$5
    """
    return words.replace("$", r"\$")
