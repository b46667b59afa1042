"""The classes in the code of a TorchScript archive: what each registers as parameters and as buffers.

pytorch torch/csrc/jit/serialization/python_print.cpp (`printModuleMetadata`): a class begins `class Name(Module):`,
then `  __parameters__ = ["weight", "bias", ]` and, since 1.5, `  __buffers__ = [...]`.  The text is searched for those
lines; none of it is parsed as a language, let alone run.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CLASS = re.compile(r"^class ([^\s(:]{1,200})", re.M)
REGISTERED = re.compile(r"^  __(parameters|buffers)__ = \[(.*)\]\s*$", re.M)
NAME = re.compile(r'"((?:[^"\\]|\\.)*+)"')
#: where a class's own lines end: at its first method
METHOD = re.compile(r"^  def ", re.M)


class Registered:
    """What a class registers; `buffers` None: the file is from before buffers were told apart from attributes."""

    __slots__ = ("buffers", "parameters")

    def __init__(self) -> None:
        self.parameters: frozenset[str] = frozenset()
        self.buffers: frozenset[str] | None = None


def classes_in(member: str, text: str) -> Iterator[tuple[str, Registered]]:
    """(qualified name, what it registers) of each class in one file; `member` is its path below `code/`.

    >>> text = 'class Net(Module):\\n  __parameters__ = ["weight", ]\\n  __buffers__ = []\\n  def forward(self):\\n'
    >>> [(name, sorted(held.parameters)) for name, held in classes_in("__torch__/a/b.py", text)]
    [('__torch__.a.b.Net', ['weight'])]
    """
    module = member.removesuffix(".py").replace("/", ".")
    begins = list(CLASS.finditer(text))
    for k, begin in enumerate(begins):
        end = begins[k + 1].start() if k + 1 < len(begins) else len(text)
        method = METHOD.search(text, begin.end(), end)
        yield f"{module}.{begin[1]}", _registered(text, begin.end(), method.start() if method else end)


def _registered(text: str, start: int, end: int) -> Registered:
    found = Registered()
    for match in REGISTERED.finditer(text, start, end):
        names = frozenset(NAME.findall(match[2]))
        if match[1] == "parameters":
            found.parameters = names
        else:
            found.buffers = names
    return found
