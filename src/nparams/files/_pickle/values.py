"""What a pickle describes, as inert records: nothing here was imported, called or built by the file.

Plain values (None, bool, int, float, str, bytes, tuple, list) stand as themselves.  Lists and tuples may be shared,
hold themselves or nest without end, so they must never be hashed, compared or printed whole: walk them with a visited
set.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    #: what a call of a listed name gives: (the name, its arguments) -> a value of ours
    Make = Callable[["Global", tuple[Any, ...]], object]


class Refused(Exception):
    """What a pickle would do and must not, in words ("calls os.system"); never leaves this room."""


class Cut(Exception):
    """An operand that ends behind the bytes there are; never leaves this room."""


class Global:
    """A class or function that the pickle names: two texts, never the thing itself.

    >>> Global("torch._utils", "_rebuild_tensor_v2").path
    'torch._utils._rebuild_tensor_v2'
    """

    __slots__ = ("instances", "make", "module", "name", "path")

    def __init__(self, module: str, name: str, make: Make | None = None) -> None:
        self.module = module
        self.name = name
        self.path = f"{module}.{name}"
        #: how a call of it is recorded; None: a call of it is refused
        self.make = make
        #: bare instances of it that were recorded
        self.instances = 0

    def __repr__(self) -> str:
        return f"Global({self.path!r})"


class Dict:
    """A dictionary as it was written: keys and values in turn, never hashed (a key may be anything).

    >>> plain = Dict()
    >>> plain.pairs += ["epoch", 3]
    >>> list(plain.items()), plain.get("epoch")
    ([('epoch', 3)], 3)
    """

    __slots__ = ("pairs",)

    def __init__(self) -> None:
        self.pairs: list[Any] = []

    def items(self) -> Iterator[tuple[Any, Any]]:
        """(key, value) in the order of writing; a key may come twice."""
        pairs = iter(self.pairs)
        return zip(pairs, pairs, strict=True)

    def get(self, key: str) -> Any:
        """The last value under a text key; None where there is none."""
        found = None
        for k, value in self.items():
            if k.__class__ is str and k == key:
                found = value
        return found


class Record(Dict):
    """An object that the pickle would make: by calling `maker` with `args`, or as a bare instance of that class.

    What is set on it as on a dictionary stands in `pairs`, what is appended in `listed`, what it is built from in
    `state`.
    """

    __slots__ = ("args", "listed", "maker", "state")

    def __init__(self, maker: Global, args: tuple[Any, ...] = ()) -> None:
        self.maker = maker
        self.args = args
        self.pairs = []
        self.listed: list[Any] = []
        #: None: it was not built from anything
        self.state: Any = None

    def __repr__(self) -> str:
        return f"Record({self.maker.path!r})"


class Call:
    """A call of a listed function whose result nothing is set on or appended to: a tensor, mostly."""

    __slots__ = ("args", "maker")

    def __init__(self, maker: Global, args: tuple[Any, ...]) -> None:
        self.maker = maker
        self.args = args

    def __repr__(self) -> str:
        return f"Call({self.maker.path!r})"


class Persistent:
    """A thing kept outside the pickle, by its id (in PyTorch's files a tuple: a storage)."""

    __slots__ = ("id",)

    def __init__(self, pid: Any) -> None:
        self.id = pid


class Long:
    """A text or byte string too long to be a name: where its bytes lie and how many there are, unread."""

    __slots__ = ("at", "kind", "length")

    def __init__(self, kind: str, at: int, length: int) -> None:
        #: "str", "bytes" or "bytearray"
        self.kind = kind
        #: offset in the pickle's source
        self.at = at
        self.length = length
