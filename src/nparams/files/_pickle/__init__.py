"""Pickles read as data: `load` gives what one describes as inert records (see values.py), and runs nothing.

The values: None, bool, int, float, str, bytes, list and tuple as they are; `Dict` for a dictionary; `Record` for an
object (made by a call or a bare instance, with what it is built from and what is set on it or appended); `Call` for a
call of a listed function; `Global` for a name; `Persistent` (or what `persistent` makes) for a thing kept outside;
`Long` for a text of more than 64 KB, left where it is.
"""

from __future__ import annotations

from nparams.errors import telling
from nparams.files._pickle.calls import CALLS as CALLS
from nparams.files._pickle.machine import USUAL, WIDEST, Machine
from nparams.files._pickle.values import Call as Call
from nparams.files._pickle.values import Dict as Dict
from nparams.files._pickle.values import Global as Global
from nparams.files._pickle.values import Long as Long
from nparams.files._pickle.values import Persistent as Persistent
from nparams.files._pickle.values import Record as Record
from nparams.files._pickle.values import Refused as Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.files._pickle.machine import Built
    from nparams.files._pickle.values import Make
    from nparams.files.bytesource import ByteSource


class Loaded:
    """One pickle as read."""

    __slots__ = ("classes", "end", "flags", "made", "protocol", "value")

    def __init__(self, value: Any, machine: Machine) -> None:
        self.value = value
        #: the offset behind its last opcode
        self.end = machine.base
        self.protocol = machine.protocol
        #: objects that its values take
        self.made = machine.made + len(machine.memo)
        #: {"kind", "text"}: what is odd about it, and no reason to refuse it
        self.flags = machine.flags
        #: the names of classes that bare instances of are recorded, with how many
        self.classes = {g.path: g.instances for g in machine.globals.values() if g.instances}


def load(
    source: ByteSource,
    at: int = 0,
    *,
    calls: Mapping[str, Make] = CALLS,
    persistent: Callable[[Any], object] = Persistent,
    built: Built | None = None,
    limits: bool = True,
) -> Loaded:
    """The pickle that begins at `at`; bytes may follow it.

    `calls` are the names that may be called and what records each call; `persistent` makes a value of a persistent id
    (it may raise Refused, in words that follow the file's name); `built` is told of every object that got a state, and
    steps over bytes that are no opcodes (joblib's arrays).  Raises FormatError for a pickle that is broken,
    larger than is read, or would call anything that is not listed.

    >>> from nparams.files.bytesource import MemorySource
    >>> load(MemorySource(b"\\x80\\x02]q\\x00(K\\x01K\\x02e.")).value
    [1, 2]
    >>> load(MemorySource(b"cos\\nsystem\\n(S'id'\\ntR.", "x.pt"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    nparams.errors.FormatError: x.pt calls os.system (opcode REDUCE at 19). Nothing was run. This file is hostile or ...
    """
    machine = Machine(source, at, calls, persistent, USUAL if limits else WIDEST, built)
    with telling(machine.flags):
        return Loaded(machine.run(), machine)
