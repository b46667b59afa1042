"""Writes pickles as CPython's pickler spells them, of values that need not exist: names, calls, instances, storages.

Lib/pickle.py, `_Pickler`: every container, text and call is put into the memo, and used from there the next time.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.zip_maker import M, archive

STOP = b"."


class G(NamedTuple):
    """A name."""

    module: str
    name: str


class R:
    """A call of a name (REDUCE), or an instance of it (NEWOBJ); then items, pairs and state."""

    def __init__(
        self,
        of: G,
        args: Any = (),
        state: Any = None,
        *,
        new: bool = False,
        items: Sequence[Any] = (),
        pairs: Any = None,
    ) -> None:
        self.of, self.args, self.state, self.new, self.items = of, args, state, new, items
        self.pairs = dict(pairs or {})


class P(NamedTuple):
    """A persistent id."""

    id: Any


class Raw(NamedTuple):
    """Opcodes as they are; they leave one value."""

    code: bytes


class Pickler:
    """One pickle of protocol 2, or 4 (short texts, STACK_GLOBAL, MEMOIZE); `wide` writes memo entries in four bytes."""

    def __init__(self, protocol: int = 2, wide: bool = False) -> None:
        self.protocol, self.wide = protocol, wide
        self.out = bytearray()
        self.memo: dict[Any, int] = {}
        self.kept: list[Any] = []  # so that no identity is used again

    def dump(self, value: Any) -> bytes:
        self.out += b"\x80" + bytes([self.protocol])
        self.save(value)
        return bytes(self.out) + STOP

    def put(self, key: Any) -> None:
        number = len(self.memo)
        self.memo[key] = number
        if self.protocol >= 4:
            self.out += b"\x94"
        else:
            self.out += b"r" + struct.pack("<I", number) if self.wide or number > 255 else b"q" + bytes([number])

    def got(self, key: Any) -> bool:
        if key not in self.memo:
            return False
        number = self.memo[key]
        self.out += b"h" + bytes([number]) if number < 256 else b"j" + struct.pack("<I", number)
        return True

    def save(self, value: Any) -> None:
        self.kept.append(value)
        for of, how in SAVERS:
            if isinstance(value, of):
                how(self, value)
                return
        raise TypeError(value)

    def plain(self, value: object) -> None:
        self.out += {None: b"N", True: b"\x88", False: b"\x89"}[value]  # type: ignore[index]

    def whole(self, value: int) -> None:
        if 0 <= value < 1 << 16:
            self.out += b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)
        elif -(1 << 31) <= value < 1 << 31:
            self.out += b"J" + struct.pack("<i", value)
        else:
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.out += (b"\x8a" + bytes([len(raw)]) if len(raw) < 256 else b"\x8b" + struct.pack("<i", len(raw))) + raw

    def double(self, value: float) -> None:
        self.out += b"G" + struct.pack(">d", value)

    def text(self, value: str) -> None:
        if self.got(("text", value)):
            return
        raw = value.encode("utf-8", "surrogatepass")
        short = self.protocol >= 4 and len(raw) < 256
        self.out += (b"\x8c" + bytes([len(raw)]) if short else b"X" + struct.pack("<I", len(raw))) + raw
        self.put(("text", value))

    def bytes_(self, value: bytes) -> None:
        self.out += (
            b"C" + bytes([len(value)]) + value if len(value) < 256 else b"B" + struct.pack("<I", len(value)) + value
        )

    def tuple_(self, value: tuple[Any, ...]) -> None:
        if not value:
            self.out += b")"
        elif not self.got(id(value)):
            self.out += b"" if len(value) < 4 else b"("
            for each in value:
                self.save(each)
            self.out += {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(value), b"t")
            self.put(id(value))

    def list_(self, value: list[Any]) -> None:
        if not self.got(id(value)):
            self.out += b"]"
            self.put(id(value))
            self.several(value, b"e")

    def dict_(self, value: dict[Any, Any]) -> None:
        if not self.got(id(value)):
            self.out += b"}"
            self.put(id(value))
            self.several([each for pair in value.items() for each in pair], b"u")

    def several(self, values: Sequence[Any], end: bytes) -> None:
        if values:
            self.out += b"("
            for each in values:
                self.save(each)
            self.out += end

    def name(self, value: G) -> None:
        if self.got(value):
            return
        if self.protocol >= 4:
            self.text(value.module)
            self.text(value.name)
            self.out += b"\x93"
        else:
            self.out += f"c{value.module}\n{value.name}\n".encode()
        self.put(value)

    def made(self, value: R) -> None:
        if self.got(id(value)):
            return
        self.save(value.of)
        self.save(value.args)
        self.out += b"\x81" if value.new else b"R"
        self.put(id(value))
        self.several(list(value.items), b"e")
        self.several([each for pair in value.pairs.items() for each in pair], b"u")
        if value.state is not None:
            self.save(value.state)
            self.out += b"b"

    def kept_outside(self, value: P) -> None:
        self.save(value.id)
        self.out += b"Q"

    def raw(self, value: Raw) -> None:
        self.out += value.code


SAVERS = (
    ((bool, type(None)), Pickler.plain), (int, Pickler.whole), (float, Pickler.double), (str, Pickler.text),
    (bytes, Pickler.bytes_), (G, Pickler.name), (P, Pickler.kept_outside), (Raw, Pickler.raw), (R, Pickler.made),
    (tuple, Pickler.tuple_), (list, Pickler.list_), (dict, Pickler.dict_),
)  # fmt: skip


def pickled(value: Any, protocol: int = 2, wide: bool = False) -> bytes:
    return Pickler(protocol, wide).dump(value)


# -- what PyTorch saves -----------------------------------------------------------------------------------------------

WIDTHS = {"Float": 4, "Half": 2, "Double": 8, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1,
          "BFloat16": 2, "ComplexFloat": 8, "QInt8": 1, "QUInt4x2": 1}  # fmt: skip
ORDERED = G("collections", "OrderedDict")


def ordered(pairs: dict[str, Any] | None = None, **more: Any) -> R:
    return R(ORDERED, pairs=pairs, **more)


def strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Those of an array without gaps."""
    found, step = [], 1
    for n in reversed(shape):
        found.append(step)
        step *= max(n, 1)
    return tuple(reversed(found))


def size(shape: Sequence[int]) -> int:
    found = 1
    for n in shape:
        found *= n
    return found


class S:
    """A storage; `told` and `part` contradict it, or tell a part of it (files before 1.6)."""

    def __init__(
        self, elements: int, kind: str = "Float", key: str = "0", told: int | None = None, where: str = "cpu"
    ) -> None:
        self.elements, self.kind, self.key, self.where = elements, kind, key, where
        self.told = elements if told is None else told

    @property
    def bytes(self) -> int:
        return self.elements * WIDTHS.get(self.kind, 1)

    def id(self, *more: Any) -> P:
        of = G("torch.storage", "UntypedStorage") if self.kind == "Untyped" else G("torch", f"{self.kind}Storage")
        return P(("storage", of, self.key, self.where, self.told, *more))


def T(
    shape: Sequence[int],
    held: S | Any = None,
    offset: Any = 0,
    stride: Any = None,
    trained: Any = False,
    key: str = "0",
) -> R:
    """A tensor, as torch.save writes it since 0.4."""
    held = S(size(shape), key=key) if held is None else held
    outside = held.id() if isinstance(held, S) else held
    made = R(G("torch._utils", "_rebuild_tensor_v2"),
             (outside, offset, tuple(n for n in shape), stride or strides(shape), trained, ordered()))  # fmt: skip
    made.held = held  # type: ignore[attr-defined]
    return made


def parameter(tensor: R, trained: Any = True) -> R:
    made = R(G("torch._utils", "_rebuild_parameter"), (tensor, trained, ordered()))
    made.held = getattr(tensor, "held", None)  # type: ignore[attr-defined]
    return made


def module(name: str, parameters: Any = None, buffers: Any = None, modules: Any = None, **attributes: Any) -> R:
    """A whole module."""
    state = {"training": True, "_parameters": ordered(parameters), "_buffers": ordered(buffers),
             "_non_persistent_buffers_set": R(G("builtins", "set"), ([],)), "_backward_hooks": ordered(),
             "_modules": ordered(modules), **attributes}  # fmt: skip
    return R(G("torch.nn.modules.made_up", name), (), state, new=True)


def storages_in(value: Any) -> dict[str, int]:
    """The bytes of every storage below a value, by key."""
    found: dict[str, int] = {}
    stack, seen = [value], set()
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, R):
            stack += [each.args, each.state, each.pairs, list(each.items)]
            held = getattr(each, "held", None)
            if isinstance(held, S):
                found[held.key] = held.bytes
        elif isinstance(each, P) and isinstance(each.id, tuple):
            found.setdefault(each.id[2], each.id[4] * WIDTHS.get(each.id[1].name.removesuffix("Storage"), 1))
        elif isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, (list, tuple)) and not isinstance(each, (G, P, Raw)):
            stack += each
    return found


def pt(
    value: Any, *more: M, protocol: int = 2, wide: bool = False, root: str = "m/",
    storages: dict[str, int] | None = None, pickle: bytes | None = None, behind: bytes = b"", **options: Any,
) -> bytes:  # fmt: skip
    """A file as torch.save writes it since 1.6, around a value (or a pickle as it is)."""
    held = storages_in(value) if storages is None else storages
    data = pickled(value, protocol, wide) if pickle is None else pickle
    members = [M(f"{root}data.pkl", data + behind), M(f"{root}byteorder", b"little")]
    members += [M(f"{root}data/{key}", bytes(length)) for key, length in held.items()]
    return archive([*members, *more, M(f"{root}version", b"3\n")], **options)


MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


def legacy(
    value: Any, keys: Any = None, tail: bytes | None = None, head: Sequence[Any] = (MAGIC, 1001, SYSTEM),
    storages: dict[str, int] | None = None,
) -> bytes:  # fmt: skip
    """A file as torch.save wrote it before 1.6."""
    held = storages_in(value) if storages is None else storages
    keys = sorted(held) if keys is None else keys
    data = b"".join(struct.pack("<q", length) + bytes(length) for length in (held[k] for k in sorted(held)))
    return b"".join(map(pickled, (*head, value, keys))) + (data if tail is None else tail)
