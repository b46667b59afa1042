"""Networks as papers write them: `conv3-64 x2, maxpool, FC-4096`, `32C3-MP2-64C3-P2-128-N10`, filter shapes, cells.

Each element becomes one of a list of layers (_paper/words), rows of filter shapes by themselves (_paper/rows), and the
list is built by stack.py, so that conventions, explanations and notes are those of any list.

Sources: VGG (Simonyan and Zisserman 2014, arXiv 1409.1556, table 1: conv<kernel>-<filters>, padding that keeps the
sides, 2x2 pooling); <filters>C<kernel> (Ciresan et al. 2012, arXiv 1202.2745, §3; Courbariaux et al. 2015, arXiv
1511.00363, §3: (2x128C3)-MP2-...); MobileNet (Howard et al. 2017, arXiv 1704.04861, table 1); ResNet (He et al. 2015,
arXiv 1512.03385, table 1).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

MAX_TEXT = 200_000
BIASES = ("all", "hidden", "none")
CHOICES = ("textbook", "torch", "keras", "all")

# Patterns as text, so that a list of sizes that is asked about compiles none of them.
#: conv3-64 (VGG), and what its table has beside it
VGG = r"(?i)(?<![\w.])conv\d{1,2}(?:[x×]\d{1,2})?-\d"
VGG_ENDS = r"(?:(?:FC-\d+|soft-?max|max-?pool|ReLU|LRN|dropout)(?:[\s,;|]+|$))+"
#: a row of a table of filter shapes: Conv dw / s1, 3 x 3 x 32 dw
ROW = r"(?im)^[ |]*(?:\d+ ?[x×] ?)?conv(?:\s+dw)?\s*/\s*s\d"
#: a cell: [3x3, 64; 3x3, 64] x 2
CELL = r"\[\s*\d+\s*[x×]\s*\d+\s*,\s*\d+[^\[\]]{0,200}\]\s*[x×*]\s*\d+"
#: an element of a string such as 28x28-32C5-P2-1024N-10N
ELEMENT = (
    r"(?:\d+(?:[x×]\d+){1,2}|\(?(?:\d+[x×])?\(?\d+(?:c|conv)\d+(?:[x×]\d+)?(?:\(?s\d+\)?|/\d+)?\)*(?:[x×]\d+)?"
    r"|(?:mp|ap|p|s)\d+(?:[x×]\d+)?"
    r"|\d+[ps]|(?:\d+[x×])?\(?\d+(?:n|fc|f|o|sm|svm|hu)?\)?(?:[x×]\d+)?|(?:n|fc|sm)\d+|\(\d+[x×]\d+fc\)|bn|relu|gap|inputs?|output|do?0?\.\d+|softmax)"
)
#: what only such a string has
SURE = r"(?i)(?<![\w.])\d+c\d+(?![\w.]*\.\w)|(?<![\w.])(?:\d+n|n\d+|mp\d+)(?![\w.])"


def may_be(text: str) -> bool:
    """Whether `text` is written as papers write networks.

    >>> [may_be(t) for t in ("conv3-64 x2, maxpool, FC-4096", "32C3-MP2-64C3-P2-128-N10", "784-16-10")]
    [True, True, False]
    """
    head = tidied(text[:20_000])
    if len(text) > MAX_TEXT or not any(c.isdigit() for c in head) or "=>" in head or "nn." in head:
        return False
    if re.search(VGG, head) or re.search(ROW, head) or re.search(CELL, head):
        return True
    if "FC-" in head and re.fullmatch(VGG_ENDS, head):
        return True
    return re.search(SURE, head) is not None and _is_string(head)


def tidied(text: str) -> str:
    """Without blank lines and wide gaps."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if not line.isspace() and line)


def _is_string(head: str) -> bool:
    """Elements divided by dashes, each of which is known."""
    bare = re.sub(r"(?i)^(?:input|on) [\dx× ]+[;,:\s]|\son [\dx×]+$", "", head)
    parts = re.split(r" ?[-–−—]+>? ?", bare.strip())
    known = all(re.fullmatch(ELEMENT, part.strip(), re.IGNORECASE) for part in parts if part)
    return known and len(parts) > 1 and all(parts)


def read(text: str, *, bias: str | None = None, convention: str | None = None) -> Network:
    """The network that `text` describes, read as a list of layers (read_as).

    `bias` and `convention` are those of a list of layers.  Raises NotationError with the place of what is not
    understood; UsageError for another option.

    >>> read("28x28-32C5-P2-64C5-P2-1024N-10N").total
    1111946
    >>> read("on 224x224x3; conv3-64 x2, maxpool").total, read("Conv dw / s1 3 x 3 x 32 dw").total
    (38720, 288)
    """
    if bias not in (None, *BIASES):
        raise UsageError(f"bias {shown(str(bias))}: choose one of {', '.join(BIASES)}")
    if convention not in (None, *CHOICES):
        raise UsageError(f"convention {shown(str(convention))}: choose one of {', '.join(CHOICES)}")
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of a table: at most {MAX_TEXT:,} are read")
    from nparams.notation._paper.build import built

    body = tidied(text)
    network = built(body, re.search(ROW, body) is not None, bias, convention)
    for made in (network, *network.conventions.values()):
        made.source, made.form = text, "paper"
    return network


__all__ = ["may_be", "read"]
