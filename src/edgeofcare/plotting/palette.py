"""The colours of every picture: from the Okabe-Ito set, told apart by people who do not see red and green.

Orange and blue differ in lightness as well, so that they stay apart in print; no meaning rests on colour alone.
"""

from __future__ import annotations

__all__ = ["BLUE", "DARK", "FAINT", "GREEN", "GREY", "LOWERS", "ORANGE", "PINK", "RAISES", "SKY"]

BLUE, ORANGE, SKY, GREEN, PINK = "#0072B2", "#E69F00", "#56B4E9", "#009E73", "#CC79A7"
GREY, DARK, FAINT = "#8C8C8C", "#333333", "#E6E6E6"

RAISES, LOWERS = ORANGE, BLUE
"""What raises a risk is light, what lowers it is dark."""
