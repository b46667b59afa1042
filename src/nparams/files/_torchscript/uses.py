"""What the constants of a TorchScript archive are used for, from the text of its code.

The code is printed one statement a line (pytorch torch/csrc/jit/serialization/python_print.cpp), a constant as
CONSTANTS.c0.  Each line that names one is cut into words and brackets: which argument of which operator a constant
stands in, directly, in a list, through what changes its form only, or by a name that it was given before.  Nothing else
of the language is understood.
"""

from __future__ import annotations

import re

from nparams.files._torchscript.slots import SLOTS, THROUGH, operator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

CONSTANT = re.compile(r"CONSTANTS\.c(\d{1,7})\b")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|CONSTANTS\.c\d{1,7}\b|[A-Za-z_][\w.]*+|[()\[\],=]')
TARGET = re.compile(r"\s*([A-Za-z_]\w*) = ")
#: a weight that optimize_for_inference packed for one processor, and left out of the file
LEFT_OUT = re.compile(r"^\s*([A-Za-z_]\w*) = ops\.prim\.ConstantMKLDNNTensor\(\)", re.M)
MAX_LINE = 100_000  # characters of a statement that is looked at
MAX_NAMES = 10_000  # names for constants in one function, and constants under one name
MAX_DEPTH = 64  # calls around a constant that are looked at
MAX_WORK = 2_000_000  # uses of constants that are looked at


class Use:
    """One use of a constant: a letter of slots.py, the operator, and whether it stands in a list there."""

    __slots__ = ("letter", "listed", "operator")

    def __init__(self, letter: str, operator: str, listed: bool) -> None:
        self.letter = letter
        self.operator = operator
        self.listed = listed


class Uses:
    """The uses of every constant: number -> uses.

    >>> found = Uses()
    >>> found.read("    w = torch.t(CONSTANTS.c1)\\n    y = torch.addmm(CONSTANTS.c0, x, w)\\n")
    >>> [(k, use.letter, use.operator) for k, held in sorted(found.by_number.items()) for use in held]
    [(0, 'b', 'addmm'), (1, 'w', 'addmm')]
    """

    def __init__(self) -> None:
        self.by_number: dict[int, list[Use]] = {}
        #: weights that the code names and the file does not hold
        self.left_out: list[str] = []
        self._names: dict[str, tuple[int, ...]] = {}
        self._work = MAX_WORK

    def read(self, text: str) -> None:
        """Take in one file of code."""
        self.left_out += [match[1] for match in LEFT_OUT.finditer(text)]
        if "CONSTANTS.c" not in text:
            return
        self._names = {}
        for line in text.split("\n"):
            if line.startswith("  def "):
                self._names = {}
            if len(line) <= MAX_LINE and ("CONSTANTS.c" in line or self._names):
                self._line(line)

    def _line(self, line: str) -> None:
        target = TARGET.match(line)
        tokens = TOKEN.findall(line, target.end() if target else 0)
        if not self._names.keys().isdisjoint(tokens) or "CONSTANTS.c" in line:
            given = self._statement(tokens)
            if target and given and len(self._names) < MAX_NAMES and len(given) < MAX_NAMES:
                self._names[target[1]] = tuple(given)
                return
        if target:
            self._names.pop(target[1], None)

    def _statement(self, tokens: list[str]) -> dict[int, None]:
        """Note the uses in one statement; the constants whose value it gives as they are, or in a list."""
        open_: list[list[object]] = []  # [what is called, which argument]
        given: dict[int, None] = {}
        before = ""
        for token in tokens:
            if token in "([":
                open_.append([before if token == "(" else "[", 0])
            elif token in ")]":
                if open_:
                    open_.pop()
            elif token == ",":
                if open_:
                    open_[-1][1] += 1  # type: ignore[operator]
            else:
                given |= dict.fromkeys(self._value(token, open_))
            before = token
        return given

    def _value(self, token: str, open_: list[list[object]]) -> Iterable[int]:
        match = CONSTANT.fullmatch(token)
        numbers = (int(match[1]),) if match else self._names.get(token, ())
        self._work -= len(numbers)
        if not numbers or self._work < 0:
            return ()
        listed = len(numbers) > 1
        for called, place in open_[: -MAX_DEPTH - 1 : -1]:
            if called == "[":
                listed = True
                continue
            name = operator(str(called))
            if name in THROUGH and place == 0:
                continue
            row = SLOTS.get(name, "")
            letter = row[place] if place < len(row) else "-"  # type: ignore[index, operator]
            for number in numbers:
                self.by_number.setdefault(number, []).append(Use(letter, name, listed))
            return ()
        return numbers
