"""Printed summaries: Keras, torchinfo, torchsummary, Lightning, Flax, Haiku, YOLO logs, plain tables of counts.

A reader for each form finds the rows (_summary_keras, _summary_torch, _summary_lightning, _summary_flax, _summary_yolo,
_summary_plain).  Each row's count is then checked against the layer that it names (_summary_explain): what a layer
holds is the textbook's (layers/), and what was not printed is solved for in whole numbers (_summary_solve).  The rows
are summed and held against the printed totals (_summary_build, _summary_notes).
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

#: how much of a text is looked at to see what it is
LOOKED_AT = 100_000
SIGNS = re.compile(
    r"Layer\s+\(\s*type|^\s*(?:Total|Trainable|Non-trainable)\s+params\s*:?\s*[\d,]+|[├└]─ ?\w[^\n]{0,120}: \d+-\d+"
    r"|^\s*[A-Za-z]\w{0,60}-\d{1,6}\s+\[-?\d+(?:, -?\d+)*\]\s+\d[\d,]*\s*$"
    r"|[\w.]\s*\(\s?[A-Z]\w{1,60}\)?\s+\[{0,2}\(\s?(?:None|\d+)(?:,\s?(?:None|\d+|\)|\())*[^\n]{0,60}?[\])]\s+\d[\d,]*(?:\s|$)"
    r"|[\w.]\s*\(\s?[A-Z]\w{1,60}\s*\)\s+(?:multiple|\?)\s+\d[\d,]*(?:\s|$)|[\w.]\s*\(\s?[A-Z]\w{1,60}\)\s+\[{1,2}null,"
    r"|^[\s┃│|]*Name\s*[┃│|]\s*Type\s*[┃│|]\s*Params"
    r"|^\s*\d{1,6}\s*\|\s*[\w.]+\s*\|\s*[A-Za-z_]\w*\s*\|\s*[\d.,]+ ?[KMBT]?\s*(?:\||$)"
    r"|^\s*[\d,.]{1,12} [KMBT ]\s*(?:Trainable|Non-trainable|Total) params"
    r"|[A-Za-z]\w{0,60}-\d{1,6} \[-1(?:, -?\d+)+\] \d[\d,]* [A-Za-z]\w{0,60}-\d{1,6} \[-1"
    r"|┃\s*path\s*┃\s*(?:module|type)\s*┃|Module params|^\s*Total Parameters:\s*[\d,]+"
    r"|^\s*\d{1,6}\s+[\w.]+\s+(?:True|False)\s+\d[\d,]*\s+\["
    r"|^[\s|]*\d{1,5}\s+(?:-?\d+|\[[-\d, ]+\])\s+\d{1,4}\s+\d[\d,]*\s+[A-Za-z_][\w.]*\s+\[[^\n]*\]\s*$",
    re.M | re.I,
)
CODE = re.compile(
    r"^\s*(?:import|from|def|class|return)\s|model\.add\(|=\s*(?:nn\.|torch\.|tf\.|layers\.|keras\.)", re.M
)
COMMENT = re.compile(r"^\s*(?:#|//|\"\"\"|''')")


def claims(text: str) -> bool:
    """Never before the file system was asked."""
    return False


def may_be(text: str) -> bool:
    """Whether the text has rows or totals as summaries print them, and is no code that quotes some.

    >>> may_be("conv2d_7 (Conv2D) (None, 26, 26, 64) 640"), may_be("conv 32 3x3; dense 10"), may_be("w [2048, 64]")
    (True, False, False)
    """
    if not any(c.isdigit() for c in text[:LOOKED_AT]):
        return False
    from nparams.notation._summary_text import cleaned

    part = cleaned(text[:LOOKED_AT])
    signs = SIGNS.search(part)
    code = CODE.search(part)
    if code is None and signs is None and "\n" in part:
        from nparams.notation._summary_plain import is_dump

        return is_dump(part)
    if signs is None:
        return False
    return code is None or _more_rows_than_code(part)


def _more_rows_than_code(text: str) -> bool:
    """Whether a text that holds both is rather a summary, pasted with the line that printed it."""
    lines = text.split("\n")
    code = sum(CODE.search(line) is not None for line in lines)
    rows = sum(SIGNS.search(line) is not None and COMMENT.match(line) is None for line in lines)
    return rows > code


def read(text: str, *, which: str | None = None) -> Network:
    """The network that a printed summary tells of; `which` names one of several by its title.

    Rows are checked against their layers, and their sum against the printed total; notes say what was inferred and what
    does not fit.  Raises NotationError where no row is found, or where only rounded counts are printed.

    >>> read("dense_1 (Dense)  (None, 10)  7850").total
    7850
    >>> network = read("conv2d_7 (Conv2D) (None, 26, 26, 64) 640")
    >>> network.weights, network.biases
    (576, 64)
    """
    from nparams.notation._summary_build import network_of

    return network_of(text, which)


__all__ = ["claims", "may_be", "read"]
