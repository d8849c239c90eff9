"""What a figure shows: its texts, and where they stand."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

__all__ = ["drawn", "overlapping", "texts_of"]


def drawn(figure):
    """Draw a figure, and give the renderer that knows the sizes."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def texts_of(figure):
    """Every text that is shown."""
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


def overlapping(figure, texts):
    """Pairs of texts that hide each other, and texts that leave the figure."""
    renderer, page = drawn(figure), figure.bbox
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    pairs = [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if _share(a, b)]
    outside = [said for said, box in boxes if min(box.x0, box.y0) < -1 or box.x1 > page.x1 + 1 or box.y1 > page.y1 + 1]
    return pairs, outside


def _share(a, b):
    """Whether two boxes share more than a pixel each way."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
