"""The pickle machine: opcodes in, inert records out.

Opcodes: CPython Lib/pickletools.py (protocols 0 to 5); what each does to the stack: Lib/pickle.py, `_Unpickler`.  Plain
values are made as they are there.  A name stays a name (`Global`), a call of a listed name becomes a record of that
call, a call of anything else is refused by name, and an instance becomes a record of what it would hold.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError

from nparams.errors import FormatError, escaped, place
from nparams.files._pickle.calls import RENAMED, is_alarming, of_partial
from nparams.files._pickle.names import name_of
from nparams.files._pickle.opcodes import RARE
from nparams.files._pickle.plain import LONGEST
from nparams.files._pickle.values import Cut, Dict, Global, Long, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

    from nparams.files._pickle.tensors import Short
    from nparams.files._pickle.values import Make, Record
    from nparams.files.bytesource import ByteSource

    #: (the machine, an object that got its state, the window, the place behind the opcode) -> the next opcode's place
    Built = Callable[["Machine", Record, bytes, int], int]

WINDOW = 1 << 20  # bytes read at once
SLICE = 1 << 15  # bytes of opcodes between two looks at the limits
#: the most that one opcode and its operand take: a window is read on before fewer are left
MARGIN = 2 * LONGEST + 16
MARKS = 10_000  # containers begun and not ended: real ones nest a few hundred deep


class Limits:
    """What one pickle may use."""

    __slots__ = ("made", "more", "size", "waiting")

    def __init__(self, size: int, made: int, waiting: int, more: str = "") -> None:
        #: bytes of the pickle, long texts aside
        self.size = size
        #: containers, records, memo entries, texts (one for each 16 bytes): some 100 bytes of memory each
        self.made = made
        #: values that wait to be put somewhere
        self.waiting = waiting
        #: what to do about it
        self.more = more


#: some hundred thousand tensors; what may be worst takes 200 MB of memory, and five seconds of a slow processor
USUAL = Limits(16_000_000, 1_000_000, 4_000_000, "; --limits off reads more")
WIDEST = Limits(256_000_000, 50_000_000, 100_000_000)

UINT2 = Struct("<H").unpack_from
UINT4 = Struct("<I").unpack_from
INT4 = Struct("<i").unpack_from
#: what a broken pickle makes Python say: too few values, a memo entry that is not there, no container, no number
BROKEN = (Cut, IndexError, KeyError, StructError, AttributeError, TypeError, ValueError)


class Machine:
    """One pickle as far as it is read: `calls` may be called, `persistent` makes a value of a persistent id."""

    def __init__(
        self,
        source: ByteSource,
        at: int,
        calls: Mapping[str, Make],
        persistent: Callable[[Any], object],
        limits: Limits,
        built: Built | None = None,
    ) -> None:
        self.source = source
        self.calls = calls
        self.persistent = persistent
        self.limits = limits
        self.built = built
        self.start = at
        #: the offset of the window
        self.base = at
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.globals: dict[tuple[str, str], Global] = {}
        #: what is odd about the pickle, and no reason to refuse it
        self.flags: list[dict[str, str]] = []
        self.protocol = 0
        self.made = 0
        #: bytes of long texts that were left where they are
        self.skipped = 0
        self.stopped = False
        self.short: Short | None = None

    def run(self) -> Any:
        """The value that the pickle describes; `base` is then the offset behind its STOP.

        Raises FormatError for a pickle that is broken, too large, or would call what is not listed.
        """
        data, pos = b"", 0
        while not self.stopped:
            if pos + MARGIN >= len(data) and self.base + len(data) < self.source.size:
                self.base += pos
                data, pos = self.source.read(self.base, min(WINDOW, self.source.size - self.base)), 0
            more = self.base + len(data) < self.source.size
            if pos >= len(data):
                self.fail(pos, "ends without its last opcode (STOP). Cut short?")
            pos = self._slice(data, pos, min(pos + SLICE, len(data) - MARGIN if more else len(data)))
            self._check(pos)
        self.base += pos
        if len(self.stack) != 1 or self.marks:
            self.fail(0, f"ends with {len(self.stack):,} values where one belongs")
        return self.stack[0]

    def _check(self, pos: int) -> None:
        limits = self.limits
        waiting = len(self.stack) + sum(map(len, self.marks))
        read = self.base + pos - self.start - self.skipped
        for what, found, most in (
            ("bytes", read, limits.size),
            ("objects", self.made + len(self.memo), limits.made),
            ("values waiting to be used", waiting, limits.waiting),
            ("containers inside each other", len(self.marks), MARKS),
        ):
            if found > most:
                self.fail(pos, f"more than {most:,} {what}{limits.more if most != MARKS else ''}")

    def fail(self, pos: int, what: str) -> NoReturn:
        """Refuse, with the offset."""
        raise FormatError(f"{place(self.source.name)}: the pickle, byte {self.base + pos:,}: {what}") from None

    def hostile(self, pos: int, op: int, what: str) -> NoReturn:
        """Refuse what the pickle would do."""
        from nparams.files._pickle.advice import otherwise

        told = f"{place(self.source.name)} {what} (opcode {name_of(op)} at {self.base + pos:,}). Nothing was run."
        raise FormatError(f"{told} This file is hostile or {otherwise(what, self.globals.values())}") from None

    def _broken(self, at: int, data: bytes, error: Exception) -> NoReturn:
        """Refuse what cannot be done with what is on the stack, or is cut short."""
        if isinstance(error, (Cut, StructError)) or error.args == ("index out of range",):
            self.fail(at, f"{name_of(data[at])} is cut short: the bytes end inside it")
        self.fail(at, f"{name_of(data[at])} has no fitting values before it. Damaged?")

    # -- for the opcodes that are done elsewhere ----------------------------------------------------------------------

    def items(self) -> list[Any]:
        """What stands above the last mark, which is taken away."""
        found, self.stack = self.stack, self.marks.pop()
        self.made += len(found) >> 3
        return found

    def long(self, kind: str, pos: int, length: int) -> Long:
        """A text left where it is: it must lie within the source."""
        if self.base + pos + length > self.source.size:
            self.fail(
                pos, f"a text of {length:,} bytes, but {self.source.size - self.base - pos:,} are left. Cut short?"
            )
        self.skipped += length
        return Long(kind, self.base + pos, length)

    def global_of(self, module: str, name: str) -> Global:
        """The name that a pickle gives, under its name of today; each once."""
        found = self.globals.get((module, name))
        if found is None:
            today = RENAMED.get(module, module)
            found = Global(today, name, self.calls.get(f"{today}.{name}"))
            self.globals[module, name] = found
            self.made += 2
            if is_alarming(found):
                text = f"it names {escaped(found.path)}, which no checkpoint needs"
                self.flags.append({"kind": "pickle", "text": text})
        return found

    def _short(self) -> Short:
        """The short way for tensors, loaded where it may be met."""
        from nparams.files._pickle.tensors import Short as Made

        self.short = Made(self)
        return self.short

    # -- the loop ---------------------------------------------------------------------------------------------------

    def _slice(self, data: bytes, pos: int, end: int) -> int:
        """Do the opcodes that begin before `end`, up to STOP; the place behind them.

        The loop for every opcode of every file, the most frequent first: what could be a call is written out.
        """
        stack, memo, marks = self.stack, self.memo, self.marks
        at = pos
        made = 0
        try:
            while pos < end:
                at = pos
                op = data[pos]
                pos += 1
                if op == 0x72:  # LONG_BINPUT
                    memo[UINT4(data, pos)[0]] = stack[-1]
                    pos += 4
                elif op == 0x4B:  # BININT1
                    stack.append(data[pos])
                    pos += 1
                elif op == 0x68:  # BINGET
                    stack.append(memo[data[pos]])
                    pos += 1
                elif op == 0x28:  # MARK
                    if data[pos] == 0x28:  # and another: so the arguments of a tensor begin
                        short = self.short or self._short()
                        if behind := short.take(data, at, stack):
                            pos = behind
                            made += 12
                            continue
                    marks.append(stack)
                    stack = []
                    made += 1
                elif op == 0x52:  # REDUCE
                    args = stack.pop()
                    called = stack[-1]
                    if called.__class__ is not Global or called.make is None:
                        stack[-1] = of_partial(called, args)
                    elif args.__class__ is tuple:
                        stack[-1] = called.make(called, args)
                    else:
                        raise TypeError("a call without a tuple of arguments")
                    made += 1
                elif op == 0x86:  # TUPLE2
                    last = stack.pop()
                    stack[-1] = (stack[-1], last)
                    made += 1
                elif op == 0x58:  # BINUNICODE
                    length = UINT4(data, pos)[0]
                    pos += 4
                    if length > LONGEST:
                        stack.append(self.long("str", pos, length))
                        pos += length
                    else:
                        piece = data[pos : pos + length]
                        pos += length
                        if len(piece) != length:
                            raise Cut
                        stack.append(piece.decode("utf-8", "backslashreplace"))
                        made += 1 + (length >> 4)
                elif op == 0x74:  # TUPLE
                    items = stack
                    stack = marks.pop()
                    stack.append(tuple(items))
                    made += 1 + (len(items) >> 3)
                elif op == 0x29:  # EMPTY_TUPLE
                    stack.append(())
                elif op == 0x4D:  # BININT2
                    stack.append(UINT2(data, pos)[0])
                    pos += 2
                elif op == 0x51:  # BINPERSID
                    stack[-1] = self.persistent(stack[-1])
                    made += 1
                elif op == 0x89:  # NEWFALSE
                    stack.append(False)
                elif op == 0x94:  # MEMOIZE
                    memo[len(memo)] = stack[-1]
                elif op == 0x71:  # BINPUT
                    memo[data[pos]] = stack[-1]
                    pos += 1
                elif op == 0x6A:  # LONG_BINGET
                    stack.append(memo[UINT4(data, pos)[0]])
                    pos += 4
                elif op == 0x4A:  # BININT
                    stack.append(INT4(data, pos)[0])
                    pos += 4
                elif op == 0x8C:  # SHORT_BINUNICODE
                    length = data[pos]
                    pos += 1 + length
                    piece = data[pos - length : pos]
                    if len(piece) != length:
                        raise Cut
                    stack.append(piece.decode("utf-8", "backslashreplace"))
                    made += 1 + (length >> 4)
                elif op == 0x85:  # TUPLE1
                    stack[-1] = (stack[-1],)
                    made += 1
                elif op == 0x87:  # TUPLE3
                    stack[-3:] = ((stack[-3], stack[-2], stack[-1]),)
                    made += 1
                elif op == 0x4E:  # NONE
                    stack.append(None)
                elif op == 0x7D:  # EMPTY_DICT
                    stack.append(Dict())
                    made += 1
                else:
                    self.stack = stack
                    pos = RARE[op](self, data, pos)
                    stack = self.stack
                    if self.stopped:
                        break
        except Refused as why:
            self.hostile(at, data[at], str(why))
        except BROKEN as error:
            self._broken(at, data, error)
        self.stack = stack
        self.made += made
        return pos
