"""Colours that people who do not see red or green, and printers without colour, can tell apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from edgeofcare.plotting import palette

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SEEN = {
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
SERIES = ("BLUE", "ORANGE", "SKY", "GREEN", "PINK", "DARK")  # grey is for what recedes, and looks like pink to some


def linear(colour):
    """sRGB without its curve."""
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(colour, sight):
    """CIELAB of a colour as it is seen."""
    xyz = TO_XYZ @ np.clip(np.asarray(SEEN[sight]) @ linear(colour), 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one, other, sight):
    """CIE76: 2.3 is just noticeable."""
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


def test_the_conversion_knows_that_red_and_green_look_alike():
    assert difference("#D62728", "#2CA02C", "all") > 100
    assert difference("#D55E00", "#7A8B00", "no red") < 25


@pytest.mark.parametrize("sight", sorted(SEEN))
def test_raising_and_lowering_stay_far_apart(sight):
    assert difference(palette.RAISES, palette.LOWERS, sight) > 60


@pytest.mark.parametrize("sight", sorted(SEEN))
def test_every_two_colours_of_series_can_be_told_apart(sight):
    colours = {name: getattr(palette, name) for name in SERIES}
    near = [
        (one, other) for one, other in combinations(colours, 2) if difference(colours[one], colours[other], sight) < 9
    ]
    assert near == []


def test_raising_and_lowering_differ_in_print_without_colour():
    shades = [lab(colour, "all")[0] for colour in (palette.RAISES, palette.LOWERS, "white")]
    assert shades[0] - shades[1] > 20
    assert shades[2] - shades[0] > 20
