"""Whether a text is a printed summary: signs of its rows, its header or its totals, and no code around them."""

from __future__ import annotations

import re

from nparams.notation._summary.text import cleaned

#: how much of a text is looked at to see what it is
LOOKED_AT = 100_000
SIGNS = re.compile(
    r"Layer\s+\(\s*type|^\s*(?:Total|Trainable|Non-trainable)\s+params\s*:?\s*[\d,]+|[├└]─ ?\w[^\n]{0,120}: \d+-\d+"
    r"|^\s*[A-Za-z]\w{0,60}-\d{1,6}\s+\[-?\d+(?:, -?\d+)*\]\s+\d[\d,]*\s*$"
    r"|[\w.]\s*\(\s?[A-Z]\w{1,60}\)?\s+\[{0,2}\(\s?(?:None|\d+)(?:,\s?(?:None|\d+|\)|\())*[^\n]{0,60}?[\])]\s+\d[\d,]*(?:\s|$)"
    r"|[\w.]\s*\(\s?[A-Z]\w{1,60}\s*\)\s+(?:multiple|\?)\s+\d[\d,]*(?:\s|$)|[\w.]\s*\(\s?[A-Z]\w{1,60}\)\s+\[{1,2}null,"
    r"|^[\s┃│|]*Name\s*[┃│|]\s*Type\s*[┃│|]\s*Params"
    r"|^\s*\d{1,6}[ \t]*\|[ \t]*[\w.]+[ \t]*\|[ \t]*[A-Za-z_]\w*[ \t]*\|[ \t]*[\d.,]+ ?[KMBT]?[ \t]*(?:\||$)"
    r"|^\s*[\d,.]{1,12} [KMBT ]\s*(?:Trainable|Non-trainable|Total) params"
    r"|[A-Za-z]\w{0,60}-\d{1,6} \[-1(?:, -?\d+)+\] \d[\d,]* [A-Za-z]\w{0,60}-\d{1,6} \[-1"
    r"|^\s{0,4}[A-Z]\w*\s+(?:\[[\d, ]*\]\s+)?\d[\d,]*\s+(?:True|False)\s*$"
    r"|┃\s*path\s*┃\s*(?:module|type)\s*┃|Module params|^\s*Total Parameters:\s*[\d,]+"
    r"|^\s*\d{1,6}\s+[\w.]+\s+(?:True|False)\s+\d[\d,]*\s+\["
    r"|^[\s|]*\d{1,5}\s+(?:-?\d+|\[[-\d, ]+\])\s+\d{1,4}\s+\d[\d,]*\s+[A-Za-z_][\w.]*\s+\[[^\n]*\]\s*$",
    re.M | re.I,
)
CODE = re.compile(
    r"^\s*(?:import|from|def|class|return)\s|model\.add\(|=\s*(?:nn\.|torch\.|tf\.|layers\.|keras\.)", re.M
)
COMMENT = re.compile(r"^\s*(?:#|//|\"\"\"|''')")


def is_summary(text: str) -> bool:
    """See summary.may_be."""
    part = cleaned(text[:LOOKED_AT])
    if not any(c.isdigit() for c in part):
        return False
    signs, code = SIGNS.search(part), CODE.search(part)
    if code is None and signs is None and "\n" in part:
        from nparams.notation._summary.plain import is_dump

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
