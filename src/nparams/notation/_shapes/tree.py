"""Trees of brackets as names and shapes."""

from __future__ import annotations

import re

from nparams.dtypes import BLOCKS, SAFETENSORS
from nparams.errors import ExprError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._shapes.text import Node, Reader

    Shape = tuple[Size, ...]

MAX_ENTRIES = 200_000
MAX_RANK = 32
MAX_DIGITS = 100
#: functions whose argument is a shape, and whose argument is the values themselves
SIZES = frozenset(("Size", "TensorShape", "size", "shape"))
ARRAYS = frozenset(("tensor", "array", "Array", "DeviceArray", "ArrayImpl", "Tensor", "Parameter", "Buffer", "asarray"))
#: what holds shapes and is none
HOLDERS = frozenset(
    """OrderedDict dict FrozenDict frozendict ParamDict mappingproxy defaultdict list tuple State NestedState
    VariableState Param BatchStat Variable BatchNormStatistics DictConfig immutabledict""".split()
)
#: keys that name no part of the model
QUIET = frozenset(
    ("Parameter containing", "value", "raw_value", "values", "shape", "type", "shapes", "avals", "Array", "")
)
#: what PyTorch before 0.4 printed below the values: torch.FloatTensor of size 8x30522
OLD = r"torch\.(?:cuda\.)?(\w+)Tensor of size (\d+(?:x\d+)*)(?:\s*\(GPU \d+\))?"
DTYPES = {
    **{name: name for name in BLOCKS}, **SAFETENSORS,
    "f16": "float16", "f32": "float32", "f64": "float64", "bf16": "bfloat16", "i8": "int8", "i16": "int16",
    "i32": "int32", "i64": "int64", "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
    "half": "float16", "Half": "float16", "float": "float32", "Float": "float32", "double": "float64",
    "Double": "float64", "BFloat16": "bfloat16", "Long": "int64", "long": "int64", "Int": "int32", "Short": "int16",
    "Char": "int8", "Byte": "uint8", "Bool": "bool",
}  # fmt: skip
#: how jax writes a type and a shape together: float32[784,16]
TYPED = frozenset(name for name in DTYPES if re.fullmatch(r"(?:float|bfloat|int|uint|bool|f|bf|i|u)\d*\w*", name))


class Entry:
    """A tensor as pasted: `shape` is None where the paste does not show it whole."""

    __slots__ = ("claimed", "dtype", "line", "name", "shape")

    def __init__(self, name: str | None, shape: Shape | None, dtype: str | None, line: int) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.line = line
        #: the count that stands beside it
        self.claimed: int | None = None

    def __str__(self) -> str:
        told = "?" if self.shape is None else f"({', '.join(map(str, self.shape))}{',' * (len(self.shape) == 1)})"
        return told if self.name is None else f"{escaped(self.name)} {told}"


class Tree:
    """Collects the entries of the brackets of one text."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.text = reader.text
        self.found: list[Entry] = []
        #: whether printed values left rows out
        self.elided = 0

    def add(self, path: tuple[str, ...], shape: Shape | None, dtype: str | None, node: Node) -> None:
        """One tensor more."""
        if len(self.found) >= MAX_ENTRIES:
            self.reader.fail(node.span[0], f"more than {MAX_ENTRIES:,} shapes")
        name = ".".join(path).removesuffix(":0") or None
        if name is not None and len(name) > 1000:
            self.reader.fail(node.span[0], f"a name of {len(name):,} characters: at most 1,000 are read")
        self.found.append(Entry(name, shape, dtype_of(dtype), self.reader.line(node.span[0])))

    def told(self, node: Node) -> str:
        """A node as it stands in the text."""
        return self.text[slice(*node.span)]

    # -- what a node holds --------------------------------------------------------------------------------------------

    def walk(self, node: Node, path: tuple[str, ...] = ()) -> None:
        """Every tensor in a node, under a path of names."""
        if node.kind == "seq":
            self._seq(node, path)
        elif node.kind == "call":
            self._call(node, path)
        elif node.kind == "pair":
            self._pair(node, path)
        elif node.kind == "gap":
            self.reader.fail(node.span[0], '"..." leaves tensors out; paste all of them')
        elif (match := re.fullmatch(OLD, self.told(node).strip())) is not None:
            self.add(path, self.sides(match[2].split("x"), node), match[1], node)
        elif node.kind == "word" and path and not re.search(r"[A-Za-z]", self.told(node)):
            self.reader.fail(
                node.span[0], f"{shown(path[-1])} is {shown(self.told(node))}, a number and not a shape: (16,)"
            )

    def _pair(self, node: Node, path: tuple[str, ...]) -> None:
        if node.name == "__metadata__":
            return  # of a safetensors header
        if not node.items:
            return
        inner = path if node.name in QUIET else (*path, node.name)
        value = node.items[0]
        if value.kind in ("word", "str") and re.fullmatch(OLD, self.told(value).strip()) is None:
            return  # type=Param, dtype=float32
        self.walk(value, inner)

    def _seq(self, node: Node, path: tuple[str, ...]) -> None:
        given = {item.name: item.items[0] for item in node.items if item.kind == "pair" and item.items}
        if "shape" in given and ("dtype" in given or "data_offsets" in given):
            self.add(path, self.shape(given["shape"]), self._dtype(given), node)
            return
        if self.is_shape(node):
            self.add(path, self.shape(node), None, node)
            return
        first = node.items[0] if node.items else None
        if first is not None and first.kind == "str" and 2 <= len(node.items) <= 4:
            self._named(node, (*path, first.name))
            return
        self._inside(node, path)

    def _named(self, node: Node, path: tuple[str, ...]) -> None:
        """('fc.weight', torch.Size([10, 784])), perhaps with a type or a count after it."""
        dtype = next((i for i in node.items[2:] if i.kind in ("str", "word")), None)
        before = len(self.found)
        self.walk(node.items[1], path)
        if dtype is not None:
            for entry in self.found[before:]:
                entry.dtype = entry.dtype or dtype_of(self.told(dtype).strip("'\""))

    def _inside(self, node: Node, path: tuple[str, ...]) -> None:
        shaped = [item for item in node.items if item.kind not in ("str", "word")]
        many = len(shaped) > 1 and bool(path)
        place = 0
        for item in node.items:
            if item.kind == "word":
                self._refuse(item, path)
            elif item.kind == "pair" or not many:
                self.walk(item, path)
            else:
                self.walk(item, (*path, str(place)))
                place += 1

    def _refuse(self, node: Node, path: tuple[str, ...]) -> None:
        if re.fullmatch(OLD, self.told(node).strip()) is not None:
            self.walk(node, path)
            return
        self.reader.fail(node.span[0], f"{shown(self.told(node))} is no shape; a shape is written (784, 16) or (16,)")

    def _call(self, node: Node, path: tuple[str, ...]) -> None:
        base = node.name.rpartition(".")[2]
        given = {item.name: item.items[0] for item in node.items if item.kind == "pair" and item.items}
        plain = [item for item in node.items if item.kind != "pair"]
        if node.bracket == "[" and base in TYPED:
            self.add(path, self._dims(plain, node), base, node)
        elif base in SIZES:
            whole = len(plain) == 1 and plain[0].kind == "seq"
            self.add(path, self.shape(plain[0]) if whole else self._dims(plain, node), None, node)
        elif "shape" in given or ("size" in given and base in ARRAYS):
            said = given.get("shape") or given["size"]
            said = said.items[0] if said.kind == "call" and said.items else said
            self.add(path, self.shape(said), self._dtype(given), node)
        elif base in ARRAYS:
            self._array(node, plain, given, path)
        elif base in HOLDERS:
            self._inside(node, path)
        else:
            self.reader.fail(
                node.span[0], f"{shown(self.told(node))} is no shape; a shape is written (784, 16) or torch.Size([16])"
            )

    def _dtype(self, given: dict[str, Node]) -> str | None:
        told = self.told(given["dtype"]).strip("'\" ") if "dtype" in given else None
        if told is not None and (match := re.match(r"<dtype: ?'?(\w+)|<class '[\w.]+\.(\w+)'>", told)):
            return match[1] or match[2]
        return told

    # -- shapes -------------------------------------------------------------------------------------------------------

    def is_shape(self, node: Node) -> bool:
        """Whether a bracket holds sides and nothing else."""
        return (
            node.kind == "seq"
            and node.name != "{"
            and (bool(node.items) or node.name == "(")
            and all(item.kind == "word" and self._is_side(item) for item in node.items)
        )

    def _is_side(self, node: Node) -> bool:
        told = self.told(node)
        if told.isascii() and told.isdigit():
            return True
        if told in ("None", "?", "-1"):
            return True  # refused by name in shape()
        return len(told) <= 200 and re.fullmatch(SIDE, told) is not None and told not in ("True", "False", "nan", "inf")

    def shape(self, node: Node) -> Shape:
        """The sides in a bracket."""
        if node.kind != "seq":
            self.reader.fail(node.span[0], f"{shown(self.told(node))} is no shape; a shape is written (784, 16)")
        return self._dims(node.items, node)

    def _dims(self, items: list[Node], node: Node) -> Shape:
        return self.sides([self.told(item) for item in items], node)

    def sides(self, told: list[str], node: Node) -> Shape:
        """Sides from their texts."""
        if len(told) > MAX_RANK:
            self.reader.fail(node.span[0], f"a shape of {len(told):,} sides: at most {MAX_RANK} are read")
        return tuple(self.number(side, node) for side in told)

    def number(self, told: str, node: Node) -> Size:
        """A side: a whole number or an expression."""
        if told in ("None", "?", "-1"):
            self.reader.fail(
                node.span[0], f"{shown(self.told(node))} has a side that is not fixed ({told}, a batch or a length): "
                "that is what a layer sends, not a parameter; paste the shapes of its weights",
            )  # fmt: skip
        if told.isascii() and told.replace("_", "").isdigit():
            if len(told) > MAX_DIGITS:
                self.reader.fail(node.span[0], f"a side of {len(told):,} digits: at most {MAX_DIGITS} are read")
            return int(told.replace("_", ""))
        return self._symbolic(told, node)

    def _symbolic(self, told: str, node: Node) -> Size:
        from nparams.expr import Expr, parse, substitute

        try:
            found = substitute(parse(told[:300]), {}) if re.fullmatch(SIDE, told) else None
        except ExprError:
            found = None
        if found is None or (not isinstance(found, Expr) and found < 0):
            self.reader.fail(
                node.span[0], f"{shown(told)} in {shown(self.told(node))} is no side of a shape; sides are whole "
                "numbers or symbols: (d, 4*d)",
            )  # fmt: skip
        return found

    # -- values -------------------------------------------------------------------------------------------------------

    def _array(self, node: Node, plain: list[Node], given: dict[str, Node], path: tuple[str, ...]) -> None:
        """tensor([[0.1, -0.2], ...]): the shape that its brackets have."""
        inner = plain[0] if plain else next(iter(given.values()), None)
        if inner is None:
            self.reader.fail(node.span[0], f"{shown(self.told(node))} shows neither values nor a shape")
        if inner.kind == "call":
            self.walk(inner, path)
            return
        shape = self._nested(inner)
        self.elided += shape is None
        self.add(path, shape, self._dtype(given), node)

    def _nested(self, node: Node) -> tuple[int, ...] | None:
        """How many there are at each level; None where some are left out."""
        if node.kind != "seq":
            return ()
        if any(item.kind == "gap" for item in node.items):
            return None
        if not node.items:
            return (0,)
        if node.items[0].kind != "seq":
            return self._row(node)
        inner = [self._nested(item) for item in node.items]
        if None in inner:
            return None
        if any(shape != inner[0] for shape in inner):
            self.reader.fail(node.span[0], "the rows of these values differ in length, so they have no shape")
        return (len(inner), *(inner[0] or ()))

    def _row(self, node: Node) -> tuple[int, ...] | None:
        words = [word for item in node.items for word in self.told(item).split()]
        return None if any("..." in word for word in words) else (len(words),)


#: a side in symbols: d, 4*d, d_model//2, 3*(d + 1)
SIDE = r"[\w\s+\-*/()·^]*[A-Za-z_][\w\s+\-*/()·^]*"


def dtype_of(told: str | None) -> str | None:
    """The number type by any of its names; None where it is not known."""
    if told is None:
        return None
    return DTYPES.get(told.rpartition(".")[2].removesuffix("_ref"))
