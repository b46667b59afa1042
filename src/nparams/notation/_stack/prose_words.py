"""What sentences about layers have in common: numbers with their units, images, and the words around them."""

from __future__ import annotations

import re

N = r"(\d+|[^\W\d_](?:\d+|_\w+)?)"
UNIT = r"(?:neurons?|nodes?|units?|features?|dimensions?|dims?|variables?|values?|attributes?|cells?|perceptrons?)"
HAS = (
    r"(?:\s*(?:=|:|\(|\[|is|are|has|have|having|of|with|containing|contains|that|sizes?|"
    r"dimensions?|dim|layers?|the))*\s*"
)
SIDES = r"(\d+(?:\s*[x×*]\s*\d+)+)"
LIST = r"(\d+(?:(?:\s*,\s*|\s+and\s+|\s*,\s*and\s+|\s*/\s*|\s*-\s*)\d+)*)"
COLOUR = r"(rgb|colou?r(?:ed)?|gr[ae]y(?:[\s-]?scale)?|black[\s-]and[\s-]white|b/w)"
CHANNELS = {"r": "3", "c": "3", "g": "1", "b": "1"}


def image(sides: str, colour: str | None) -> str:
    """The sides of an image as a list has them, with the channels that a word for its colours says.

    >>> image("28 x 28", "grayscale")
    '28x28x1'
    """
    found = re.findall(r"\d+", sides)
    if colour is not None and len(found) == 2:
        found.append(CHANNELS[colour[0].lower()])
    return "x".join(found)
