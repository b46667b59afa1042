"""Module > Tensor: the tree that a Network holds."""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.expr import Expr, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.expr import Size

ROLES = ("weight", "bias", "buffer", "bookkeeping", "other")
PARAMETER_ROLES = frozenset(("weight", "bias"))


class Tensor:
    """A leaf: a named array, logical and of the whole network (unpacked, unsharded).

    `shape` is () for one number and None for a tensor that is not created yet.  `role` says whether it is a parameter.
    `stored` is (elements, bytes) where that is not shape x dtype.  `tied_to` names the tensor that this one *is*.

    >>> Tensor("fc1.weight", (16, 784)).size
    12544
    """

    __slots__ = ("dtype", "name", "note", "role", "shape", "size", "stored", "tied_to", "trainable")

    def __init__(
        self,
        name: str,
        shape: tuple[Size, ...] | None,
        dtype: str | None = None,
        role: str = "weight",
        trainable: bool | None = None,
        tied_to: str | None = None,
        stored: tuple[int, int] | None = None,
        note: str | None = None,
        size: Size | None = None,
    ) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.role = role
        self.trainable = trainable
        self.tied_to = tied_to
        self.stored = stored
        self.note = note
        #: the product of the shape, None while it is unknown (readers that have just multiplied may hand it in)
        self.size: Size | None = product(shape) if size is None and shape is not None else size

    def __repr__(self) -> str:
        return f"Tensor({self.name!r}, {self.shape}, {self.dtype}, {self.role})"


class Over:
    """Separate copies of a module, one for each index i from first to last; shapes inside may use i."""

    __slots__ = ("first", "index", "last")

    def __init__(self, index: str, first: Size, last: Size) -> None:
        self.index = index
        self.first = first
        self.last = last


class Module:
    """An inner node: a layer or a block.

    `args` are the layer's arguments under the textbook's letters, and `formula` is written in those letters; it is
    checked against what the module's own weights and biases add to the total (a tied one nothing) when the
    module is made (InvariantError).
    `why` explains the formula part by part: (the part in letters, its role, a sentence with {letters} in it).
    """

    __slots__ = (
        "args",
        "children",
        "formula",
        "inputs",
        "kind",
        "name",
        "out",
        "over",
        "routed",
        "takes",
        "tensors",
        "why",
    )  # fmt: skip

    def __init__(
        self,
        name: str = "",
        kind: str | None = None,
        args: Mapping[str, Size] | None = None,
        formula: Expr | int | None = None,
        *,
        over: Over | None = None,
        routed: tuple[Size | None, Size] | None = None,
        inputs: Sequence[str] = (),
        takes: tuple[Size, ...] | None = None,
        out: tuple[Size, ...] | None = None,
        tensors: Sequence[Tensor] = (),
        children: Sequence[Module] = (),
        why: Sequence[tuple[Size, str, str]] = (),
    ) -> None:
        self.name = name
        self.kind = kind
        self.args = dict(args or {})
        self.formula = formula
        self.over = over
        self.routed = routed
        self.inputs = tuple(inputs)
        self.takes = takes
        self.out = out
        self.tensors = tensors
        self.children = children
        self.why = tuple(why)
        if formula is not None:
            self._check_formula()

    def _check_formula(self) -> None:
        from nparams.expr import add, substitute

        if any(t.size is None for t in self.tensors):
            return
        claimed = substitute(self.formula, self.args) if self.formula is not None else 0
        held = add(
            *(t.size for t in self.tensors if t.role in PARAMETER_ROLES and t.tied_to is None and t.size is not None)
        )
        if claimed == held:
            return
        from nparams.expr import compare

        if compare(claimed, held).answer == "different":
            raise InvariantError(f"{self.name}: the formula gives {claimed}, the tensors hold {held}")

    def __repr__(self) -> str:
        return f"Module({self.name!r}, {self.kind}, {len(self.tensors)} tensors, {len(self.children)} children)"
