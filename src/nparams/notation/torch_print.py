"""What print(model) shows of a PyTorch model.

The tree is told from brackets, so indentation may be lost and marks of comments, prompts or loggers may stand in front.
Layers of torch.nn are counted as PyTorch makes them; other classes by the sizes that they print.  A print shows neither
raw parameters nor ties, and a note says so wherever that may matter.
"""

from __future__ import annotations

import re

from nparams.errors import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.notation._print.text import Node

#: a child: (fc): Linear(   (0-11): 12 x BertLayer(
CHILD = re.compile(
    r"(?<!\w)\([ \t]*[^()\n]{1,160}\)[ \t]*:\s*(?:\d{1,12}[ \t]*[x×][ \t]*)?(?:\w{1,40}\.){0,8}[A-Z_]\w{0,160}[ \t]?\("
)
#: a layer as only a print writes it, at the beginning of a line or behind a name
ALONE = re.compile(
    r"^[ \t>#|*/\[-]{0,12}(?:[\w.-]{1,160}[ \t]{0,4}:?[ \t]{1,4})?(?:lora\.)?[A-Z]\w{0,80}[ \t]?\("
    r"(?:in_features=\d+, out_features=\d+, "
    r"|\d+, \d+, kernel_size=\(\d+,[ \d,]{0,40}\), stride=\(\d"
    r"|(?:torch\.Size\()?[\[(]\d+,?[ \d,]{0,60}[\])]{1,2}, eps="
    r"|\d+(?:, \d+)?, eps=[\d.e-]{1,12}, "
    r"|nf=\d+, nx=\d+"
    r"|in1_features=\d+"
    r"|\d+ -> \d+\))",
    re.MULTILINE,
)
#: the same at the beginning of a line, which no code has
LINE = re.compile(rf"^[ \t>#|*/]{{0,80}}{CHILD.pattern}", re.MULTILINE)
#: code: another form
CODE = re.compile(r"^[ \t]*class[ \t]+\w+[ \t]*[(:]|\bnn\.[A-Z]\w*\(", re.MULTILINE)
#: code perhaps, or a notebook with a print in it
IMPORT = re.compile(r"^[ \t]*(?:import[ \t]+\w|from[ \t]+[\w.]+[ \t]+import\b|def[ \t]+\w+\()", re.MULTILINE)
#: characters in which one sign of a print should stand
LOOKED_AT = 100_000
#: how long the print-back may be
READ_AS = 200


def may_be(text: str) -> bool:
    """Whether `text` shows modules as PyTorch prints them.

    >>> may_be("(0): Linear(in_features=784, out_features=10, bias=True)"), may_be("nn.Linear(784, 10)")
    (True, False)
    """
    start = re.sub(r"\x1b\[[0-9;]{0,20}m", "", text[:LOOKED_AT])
    if "(" not in start or CODE.search(start):
        return False
    if LINE.search(start):
        return True
    if IMPORT.search(start):
        return False
    if CHILD.search(start) or "): Parameter containing: [torch." in start:
        return True
    alone = ALONE.search(start)
    return alone is not None and start.count("(", 0, alone.start()) <= start.count(")", 0, alone.start())


def read(text: str) -> Network:
    """The network that a printed model shows.

    Raises NotationError where no printed layer is found, or a layer's sizes cannot be.

    >>> read("Net(\\n  (fc): Linear(in_features=784, out_features=10, bias=True)\\n)").total
    7850
    """
    from nparams.network import Network
    from nparams.notation._print.build import build
    from nparams.notation._print.notes import notes_of

    model = build(text)
    network = Network(model.root, source=text, form="torch-print", read_as=_read_as(model.roots))
    network.described = _described(network)
    network.notes += notes_of(model, network)
    return network


def _described(network: Network) -> str:
    """What it is a print of, in words."""
    layers = sum(row.copies for row in network.layers if isinstance(row.copies, int))
    holding = sum(row.copies for row in network.layers if row.total != 0 and isinstance(row.copies, int))
    return f"print of PyTorch: {layers:,} layer{'s' if layers != 1 else ''}, {holding:,} with parameters"


def _read_as(roots: list[Node]) -> str:
    """The model on one line, cut where it is long: Net(fc: Linear(in_features=784, out_features=10))."""
    line = ""
    stack: list[Node | str] = []
    _put(stack, roots)
    while stack and len(line) <= READ_AS:
        item = stack.pop()
        if isinstance(item, str):
            line += item
            continue
        words = ", ".join(filter(None, (" ".join(own.split()).strip(" ,") for own in item.own)))[:READ_AS]
        front = f"{item.name}: " if item.name else ""
        line += f"{front}{f'{item.times} x ' if item.times > 1 else ''}{item.cls}({words}"
        stack.append(")")
        _put(stack, item.children[:READ_AS])
        if words and item.children:
            stack.append(", ")
    line = escaped(line)
    return line if len(line) <= READ_AS and not stack else f"{line[: READ_AS - 1]}…"


def _put(stack: list[Node | str], nodes: list[Node]) -> None:
    """Nodes with commas between them, the first on top."""
    for k, node in reversed(list(enumerate(nodes))):
        stack.append(node)
        if k:
            stack.append(", ")
