"""Layers and what they load, made into the tree of a network."""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._ncnn.loads import LOADS, Wrong
from nparams.files._ncnn.types import ADDS, BY_INDEX, HANDED_ON, KINDS, OPERATORS
from nparams.files._ncnn.walk import TABLE
from nparams.network.grouping import module_at
from nparams.network.tree import Module, Tensor
from nparams.stored.naming import unique

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._ncnn.loads import Load
    from nparams.files._ncnn.param import Layer
    from nparams.files._ncnn.walk import Bin

#: of one number of a weight, far above what a file can hold; in all
MOST_NUMBERS = 1 << 48
KNOWN = frozenset(BY_INDEX)


class Net:
    """The tree of layers, as the .param lists them and the .bin holds their numbers."""

    __slots__ = ("_layers", "_made", "_name", "_operators", "_taken", "root", "tables", "tensors", "unknown")

    def __init__(self, name: str, layers: Sequence[Layer]) -> None:
        self._name = name
        self._layers = layers
        self._taken: dict[str, int] = {}
        self._operators: dict[str, Layer] | None = None
        self.root = Module("", tensors=[], children=[])
        self._made = {"": self.root}
        self.tensors: list[Tensor] = []
        #: types that are not ncnn's own
        self.unknown = list(dict.fromkeys(layer.kind for layer in layers if layer.kind not in KNOWN))
        #: weights that are indices into a table
        self.tables = 0

    def read(self, numbers: Bin | None) -> None:
        """Take in every layer; its numbers are walked where they are at hand."""
        for layer in self._layers:
            loads = self._loads(layer)
            if loads:
                self._add(layer, loads, numbers)

    def refuse_unknown(self) -> UnsupportedError:
        """That there are layers whose numbers could be any."""
        names = ", ".join(shown(name)[1:-1] for name in self.unknown[:5])
        more = f" and {len(self.unknown) - 5:,} more" if len(self.unknown) > 5 else ""
        return UnsupportedError(
            f"{place(self._name)}: layers of a type that ncnn does not have ({names}{more}), and what numbers they "
            "hold only their program knows; count the model it was converted from"
        )

    def _loads(self, layer: Layer) -> list[Load]:
        find = LOADS.get(layer.kind)
        if find is None:
            return []
        held = layer.parameters
        try:
            found = list(find(lambda number, usual: held.get(number, usual)))
        except Wrong as problem:
            raise self._bad(layer, str(problem)) from None
        for load in found:
            if any(n < 0 for n in load.shape) or not 0 <= load.size < MOST_NUMBERS:
                raise self._bad(layer, f"{load.name} has an impossible shape: {list(load.shape)}")
        return found

    def _add(self, layer: Layer, loads: Sequence[Load], numbers: Bin | None) -> None:
        module = module_at(unique(layer.name, self._taken), self._made)
        module.kind = _kind(layer, loads[0])
        for load in loads:
            tensor = Tensor(f"{module.name}.{load.name}", load.shape, None, load.role)
            self._keep(module, tensor)
            if layer.kind == "MemoryData":
                tensor.role, tensor.note = self._constant(layer, tensor)
            if numbers is not None:
                self._type(module, tensor, load, *numbers.array(load, layer.name))
            elif load.bits:
                tensor.dtype = f"int{load.bits}"
                tensor.stored = load.size, load.size

    def _type(self, module: Module, tensor: Tensor, load: Load, dtype: str, length: int, table: bool) -> None:
        tensor.dtype = dtype
        if load.bits:
            tensor.dtype, tensor.stored = f"int{load.bits}", (load.size, length)
        if table:
            self.tables += 1
            tensor.note = "stored as indices of one byte into a table of 256 numbers"
            self._keep(module, Tensor(f"{tensor.name}_table", (TABLE,), "float32", "bookkeeping"))

    def _keep(self, module: Module, tensor: Tensor) -> None:
        self.tensors.append(tensor)
        module.tensors.append(tensor)  # type: ignore[attr-defined]

    # -- constants that other layers take ------------------------------------------------------------------------------

    def _constant(self, layer: Layer, tensor: Tensor) -> tuple[str, str]:
        """(role, note) of an array that is handed to others: a weight where one of them weighs or adds it."""
        if tensor.size == 1:
            return "buffer", "one number: a constant of the graph"
        reached = self._reached(layer)
        if reached is None:
            return "buffer", "reaches no layer that would weigh or add it"
        table = sum(n > 1 for n in tensor.shape or () if isinstance(n, int)) > 1
        adds = reached.kind == "BinaryOp" and reached.parameters.get(0, 0) in ADDS
        return "bias" if adds and not table else "weight", f"a constant operand of {reached.kind}"

    def _reached(self, layer: Layer) -> Layer | None:
        """The layer that takes what this one makes as an operand, through layers that hand it on."""
        if self._operators is None:
            self._operators = _operators(self._layers)
        return next((self._operators[blob] for blob in layer.outputs if blob in self._operators), None)

    def _bad(self, layer: Layer, problem: str) -> FormatError:
        return FormatError(f"{place(self._name)}: layer {shown(layer.name)} ({shown(layer.kind)[1:-1]}): {problem}")


def _operators(layers: Sequence[Layer]) -> dict[str, Layer]:
    """Blob -> the first layer that weighs or adds it, or what it is handed on as; each layer is looked at once."""
    found: dict[str, Layer] = {}
    makers: dict[str, list[Layer]] = {}
    for layer in layers:
        if layer.kind in OPERATORS:
            for blob in layer.inputs:
                found.setdefault(blob, layer)
        elif layer.kind in HANDED_ON:
            for blob in layer.outputs:
                makers.setdefault(blob, []).append(layer)
    waiting = list(found)
    for blob in waiting:
        for layer in makers.pop(blob, ()):
            fresh = [name for name in layer.inputs if name not in found]
            found.update(dict.fromkeys(fresh, found[blob]))
            waiting += fresh
    return found


def _kind(layer: Layer, load: Load) -> str | None:
    """The textbook kind of a layer; groups of several channels are no depthwise convolution."""
    kind = KINDS.get(layer.kind)
    if kind == "DepthwiseConv" and load.shape[1] != 1:
        return "Conv"
    return kind
