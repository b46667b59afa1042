"""A short way for what most bytes of a checkpoint are: one tensor after another, spelled as protocol 2 spells them.

torch/_tensor.py (`_reduce_ex_internal`) and CPython's pickler write the arguments of each tensor in the same thirty
opcodes; from one to the next only a few numbers differ.  A layout says which bytes those are: where all other bytes are
as they were, the opcodes are the same, and what they would do to stack and memo is done at once.
"""

from __future__ import annotations

from struct import Struct

from nparams.files._pickle.values import Global, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._pickle.machine import Machine

    #: first byte, byte behind it, how struct reads it
    Field = tuple[int, int, str]

PUTS = 7  # entries of the memo that a tensor's arguments make
BYTES, WORD, LONG = 0x4B, 0x4D, 0x4A  # BININT1, BININT2, BININT
OPERANDS = {BYTES: (1, "B"), WORD: (2, "H"), LONG: (4, "i")}
TUPLES = {0x85: 1, 0x86: 2, 0x87: 3}
MOST = 64  # layouts that are remembered


class Other(Exception):
    """Opcodes that are not those of a usual tensor; never leaves this file."""


class Spelling:
    """The arguments of _rebuild_tensor_v2 as opcodes, from their mark to the call and its memo entry.

    Each opcode tells how long its operand is, so that bytes are read in one way only, the way that the machine has.
    """

    __slots__ = ("at", "data", "end", "key", "numbers", "puts", "refs", "sides", "trained", "whole")

    def __init__(self, data: bytes, at: int) -> None:
        """Read what begins at `at`; raises Other, or IndexError where it is cut short."""
        self.data, self.at, self.end = data, at, at
        #: entries of the memo: "storage", the class, the device, OrderedDict
        self.refs: list[int] = []
        self.puts: list[int] = []
        self.numbers: list[Field] = []
        self.skip(b"((")
        self.ref()
        self.ref()
        self.key = self.text()
        self.put()
        self.ref()
        self.number()
        #: NONE: the storage is no part of another, as files from before 1.6 say
        self.whole = data[self.end] == 0x4E
        self.skip(b"Nt" if self.whole else b"t")
        self.put()
        self.skip(b"QK\0")
        self.sides = self.tuple()
        self.put()
        self.tuple()
        self.put()
        #: NEWTRUE, or NEWFALSE
        self.trained = data[self.end] == 0x88
        self.skip(b"\x88" if self.trained else b"\x89")
        self.ref()
        for code in (b")R", b"t", b"R"):
            self.skip(code)
            self.put()

    def skip(self, code: bytes) -> None:
        """Exactly these bytes."""
        if not self.data.startswith(code, self.end):
            raise Other
        self.end += len(code)

    def ref(self) -> None:
        """A value of the memo: BINGET, LONG_BINGET."""
        wide = self.data[self.end] != 0x68
        self.skip(b"j" if wide else b"h")
        behind = self.end + (4 if wide else 1)
        self.refs.append(int.from_bytes(self.data[self.end : behind], "little"))
        self.end = behind

    def put(self) -> None:
        """LONG_BINPUT; where its operand stands is kept."""
        self.skip(b"r")
        self.puts.append(self.end)
        self.end += 4

    def text(self) -> tuple[int, int]:
        """BINUNICODE of a key: one to twenty digits, of which no character is longer than a byte."""
        length = self.data[self.end + 1]
        self.skip(b"X" + length.to_bytes(4, "little"))
        first, self.end = self.end, self.end + length
        piece = self.data[first : self.end]
        if not 1 <= length <= 20 or not piece.isdigit():
            raise Other
        return first, self.end

    def number(self) -> None:
        """A whole number that is not below 0."""
        op = self.data[self.end]
        if op not in OPERANDS:
            raise Other
        width, field = OPERANDS[op]
        first, self.end = self.end + 1, self.end + 1 + width
        if op == LONG and self.data[self.end - 1] > 0x7F:
            raise Other
        self.numbers.append((first, self.end, field))

    def tuple(self) -> int:
        """A tuple of one to eight numbers; how many."""
        marked = self.data[self.end] == 0x28
        self.end += marked
        count = 0
        while self.data[self.end] in OPERANDS:
            self.number()
            count += 1
        if marked:
            self.skip(b"t")
        elif TUPLES.get(self.data[self.end]) == count:
            self.end += 1
        else:
            raise Other
        if marked and not 4 <= count <= 8:
            raise Other
        return count


class Layout:
    """The bytes of one tensor's arguments: which stay as they are, and what the others say."""

    __slots__ = ("base", "fields", "keep", "length", "refs", "sides", "spread", "trained", "whole")

    def __init__(self, met: Spelling, memo: dict[int, Any]) -> None:
        at = met.at
        whole = met.data[at : met.end]
        self.length = len(whole)
        #: entries of the memo that it uses, and what they must still be
        self.refs = [(number, memo[number]) for number in met.refs]
        self.trained = met.trained
        self.whole = met.whole
        self.sides = met.sides
        first, behind = met.key
        spans = [(first - at, behind - at, f"{behind - first}s")]
        spans += [(first - at, behind - at, field) for first, behind, field in met.numbers]
        keep, base = bytearray(b"\xff" * self.length), bytearray(whole)
        for first, behind, _ in spans:
            keep[first:behind] = base[first:behind] = bytes(behind - first)
        self.spread = 0
        for k, place in enumerate(met.puts):
            first = place - at
            base[first : first + 4] = k.to_bytes(4, "little")
            self.spread += 1 << 8 * first
        #: with n entries in the memo: the bytes that must be equal are base + n * spread
        self.keep, self.base = int.from_bytes(keep, "little"), int.from_bytes(base, "little")
        self.fields = Struct("<" + _format(spans)).unpack_from


def _format(spans: list[Field]) -> str:
    """What struct takes for fields at those places."""
    told, at = "", 0
    for first, behind, field in spans:
        told += f"{first - at}x{field}"
        at = behind
    return told


class Short:
    """The layouts met so far in one pickle."""

    def __init__(self, machine: Machine) -> None:
        self.memo = machine.memo
        self.persistent = machine.persistent
        self.layouts: list[Layout] = []

    def take(self, data: bytes, pos: int, stack: list[Any]) -> int:
        """Do the opcodes of a tensor whose arguments begin at `pos`; the place behind them, or 0 if they are others."""
        called = stack[-1] if stack else None
        if called.__class__ is not Global or called.make is None:
            return 0
        number = len(self.memo)
        layout = self._met(data, pos, number) or self._learn(data, pos)
        args = None if layout is None else self._arguments(layout, data, pos, number)
        if layout is None or args is None:
            return 0
        stack[-1] = self.memo[number + 6] = called.make(called, args)
        return pos + layout.length

    def _met(self, data: bytes, pos: int, number: int) -> Layout | None:
        """The layout of the tensor, if it was met before; the last one used stands first."""
        for k, layout in enumerate(self.layouts):
            piece = int.from_bytes(data[pos : pos + layout.length], "little")
            if pos + layout.length <= len(data) and piece & layout.keep == layout.base + number * layout.spread:
                if k:
                    del self.layouts[k]
                    self.layouts.insert(0, layout)
                return layout
        return None

    def _learn(self, data: bytes, pos: int) -> Layout | None:
        if len(self.layouts) >= MOST:
            return None
        try:
            met = Spelling(data, pos)
        except (Other, IndexError):
            return None
        numbers = [int.from_bytes(data[place : place + 4], "little") for place in met.puts]
        if met.end > len(data) or numbers != list(range(len(self.memo), len(self.memo) + PUTS)):
            return None
        if not all(number in self.memo for number in met.refs):
            return None
        layout = Layout(met, self.memo)
        hooks = layout.refs[3][1]
        if hooks.__class__ is not Global or hooks.make is None:
            return None
        self.layouts.insert(0, layout)
        return layout

    def _arguments(self, layout: Layout, data: bytes, pos: int, number: int) -> tuple[Any, ...] | None:
        """What the opcodes leave as the tensor's arguments, with the memo as they leave it."""
        memo = self.memo
        for entry, value in layout.refs:
            if memo[entry] is not value:
                return None
        found = layout.fields(data, pos)
        (_, storage), (_, of), (_, device), (_, hooks) = layout.refs
        key = found[0].decode("utf-8", "backslashreplace")
        told: tuple[Any, ...] = (storage, of, key, device, found[1])
        if layout.whole:
            told = (*told, None)
        size, stride = found[2 : 2 + layout.sides], found[2 + layout.sides :]
        try:
            held = self.persistent(told)
        except Refused:
            return None  # done slowly, it is told where it stands
        made = hooks.make(hooks, ())
        args = (held, 0, size, stride, layout.trained, made)
        memo[number] = key
        memo[number + 1] = told
        memo[number + 2] = size
        memo[number + 3] = stride
        memo[number + 4] = made
        memo[number + 5] = args
        return args
