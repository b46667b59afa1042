"""A short way for what most bytes of a checkpoint are: one tensor after another, spelled as protocol 2 spells them.

torch/_tensor.py (`_reduce_ex_internal`) and CPython's pickler write the arguments of each tensor in the same thirty
opcodes; from one to the next only a few numbers differ.  A layout says which bytes those are: where all other bytes are
as they were, the opcodes are the same, and what they would do to stack and memo is done at once.
"""

from __future__ import annotations

import re
from struct import Struct

from nparams.files._pickle.values import Global, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._pickle.machine import Machine

REF = rb"(h.|j....)"  # a value of the memo
NUMBER = rb"(?:K.|M..|J...[\0-\x7f])"
SIDES = rb"((?:%b\x85|%b%b\x86|%b%b%b\x87|\((?:%b){4,8}t))" % ((NUMBER,) * 7)
PUT = rb"r(....)"
#: the arguments of _rebuild_tensor_v2, from their mark to the call and its memo entry.  Each opcode tells how long its
#: operand is, so that bytes meet this in one way only, the way in which the opcodes are read.
TENSOR = re.compile(
    rb"\(\(" + REF + REF + rb"X.\0\0\0([0-9]{1,9})" + PUT + REF + b"(" + NUMBER + b")t" + PUT
    + rb"QK\0" + SIDES + PUT + SIDES + PUT + rb"([\x88\x89])" + REF + rb"\)R" + PUT + b"t" + PUT + b"R" + PUT,
    re.DOTALL,
)  # fmt: skip
NUMBERS = re.compile(NUMBER, re.DOTALL)
#: groups: values of the memo ("storage", the class, the device, OrderedDict), the key, memo entries made, numbers
REFS, KEY, SIZES = (1, 2, 5, 13), 3, (6, 8, 10)
PUTS = (4, 7, 9, 11, 14, 15, 16)
TRAINED = 12
OPERANDS = {0x4B: "B", 0x4D: "H", 0x4A: "i"}
MOST = 64  # layouts that are remembered
MADE = 12  # objects that a tensor's arguments are made of


class Layout:
    """The bytes of one tensor's arguments: which stay as they are, and what the others say."""

    __slots__ = ("base", "fields", "keep", "length", "refs", "sides", "spread", "trained")

    def __init__(self, met: re.Match[bytes], memo: dict[int, Any]) -> None:
        whole, at = met.group(), met.start()
        self.length = len(whole)
        #: entries of the memo that it uses, and what they must still be
        self.refs = [(number, memo[number]) for number in map(_index, met.group(*REFS))]
        self.trained = met.group(TRAINED) == b"\x88"
        self.sides = len(NUMBERS.findall(met.group(SIZES[1])))
        spans = [(met.start(KEY) - at, met.end(KEY) - at, f"{met.end(KEY) - met.start(KEY)}s")]
        for group in SIZES:
            for found in NUMBERS.finditer(whole, met.start(group) - at, met.end(group) - at):
                spans.append((found.start() + 1, found.end(), OPERANDS[whole[found.start()]]))
        keep, base = bytearray(b"\xff" * self.length), bytearray(whole)
        for first, behind, _ in spans:
            keep[first:behind] = base[first:behind] = bytes(behind - first)
        self.spread = 0
        for k, group in enumerate(PUTS):
            first = met.start(group) - at
            base[first : first + 4] = k.to_bytes(4, "little")
            self.spread += 1 << 8 * first
        #: with n entries in the memo: the bytes that must be equal are base + n * spread
        self.keep, self.base = int.from_bytes(keep, "little"), int.from_bytes(base, "little")
        self.fields = Struct("<" + _format(spans)).unpack_from


def _index(ref: bytes) -> int:
    """The entry of the memo that an opcode uses."""
    return int.from_bytes(ref[1:], "little")


def _format(spans: list[tuple[int, int, str]]) -> str:
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
        met = TENSOR.match(data, pos)
        if met is None or len(self.layouts) >= MOST or met.start(KEY) - met.end(KEY) != -data[met.start(KEY) - 4]:
            return None
        numbers = [_index(b"r" + put) for put in met.group(*PUTS)]
        if numbers != list(range(len(self.memo), len(self.memo) + len(PUTS))):
            return None
        if not all(_index(ref) in self.memo for ref in met.group(*REFS)):
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
        told = (storage, of, key, device, found[1])
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
