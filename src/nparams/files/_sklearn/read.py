"""A pickle with estimators of scikit-learn in it -> Network, by the rules that a live estimator is read with."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.errors import FormatError, NparamsError, ReadError, escaped, place, shown
from nparams.files._pickle import Call, Dict, Record
from nparams.files._pytorch.array import Wrong, product
from nparams.files._pytorch.others import held_bytes, numpy_dtype, numpy_type
from nparams.files._sklearn.objects import FROM_BUFFER, RECONSTRUCT, InPickle, described
from nparams.network import PARAMETER_ROLES, Module, Network, Tensor
from nparams.network.grouping import group
from nparams.stored._checkpoint.model import plural
from nparams.stored.estimators import Estimators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

#: kinds of number types of numpy's that hold no numbers, each with a word for it
NO_NUMBERS = {"S": "text", "U": "text", "T": "text", "M": "dates", "m": "times", "O": "Python objects", "V": "records"}
CONTAINERS = 3  # dictionaries and lists around estimators: (scaler, model), {"model": ..., "labels": ...}
MOST = 10_000  # entries of those that are looked at


def holds(value: Any) -> list[tuple[str, Record]]:
    """The estimators on top of a pickle or in its outermost containers, each with its name there; [] without any."""
    objects, found, looked = InPickle(), [], 0
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack and looked < MOST:
        name, held, depth = stack.pop()
        looked += 1
        if objects.is_estimator(held):
            found.append((name, held))
        elif depth < CONTAINERS:
            stack += [(f"{name}.{key}" if name else key, inner, depth + 1) for key, inner in reversed(list(_in(held)))]
    return found


def _in(held: Any) -> Iterator[tuple[str, Any]]:
    if held.__class__ is list or held.__class__ is tuple:
        yield from ((str(k), inner) for k, inner in enumerate(held[:MOST]))
    elif isinstance(held, Dict) and (held.__class__ is Dict or getattr(held, "state", None) is None):
        yield from ((key, inner) for key, inner in held.items() if key.__class__ is str and len(key) < 200)


def network(found: list[tuple[str, Record]], file: str) -> Network:
    """The network of the estimators in a pickle.

    Raises ReadError where none is a network of weights, FormatError for a record that no estimator leaves.
    """
    shelf = Shelf()
    estimators = Estimators(InPickle(), shelf)
    try:
        _read(estimators, shelf, found)
    except NparamsError as why:
        raise type(why)(f"{place(file)}: {escaped(str(why))}") from None
    except (Wrong, TypeError, ValueError, AttributeError, IndexError, KeyError) as why:
        told = f"an array of it {why}" if isinstance(why, Wrong) else "its arrays are described in no known way"
        whose = escaped(estimators.objects.name(found[0][1]))
        raise FormatError(f"{place(file)}: {whose}: {told}. Damaged?") from None
    kind = " + ".join(escaped(estimators.objects.name(each)) for _, each in found[:4])
    shelf.finish(estimators)
    return Network(
        tensors=shelf.tensors, tree=shelf.tree(), source=file,
        read_as=f"pickle, scikit-learn {kind}, {plural(len(shelf.tensors), 'array')}",
        notes=shelf.notes, also=shelf.also,
    )  # fmt: skip


def _read(estimators: Estimators, shelf: Shelf, found: list[tuple[str, Record]]) -> None:
    """One estimator as a live one is read; of several those that are networks, the others are told of."""
    if len(found) == 1:
        estimators.read(found[0][1])
        if not estimators.counted:
            raise estimators.no_network(found[0][1])
        return
    problem: ReadError | None = None
    for name, each in found:
        before = len(shelf.tensors)
        try:
            estimators.read(each, name)
        except ReadError as why:
            if len(shelf.tensors) > before:  # a part of it was counted: then nothing is
                raise
            problem = why
            shelf.notes.append(f"{escaped(name)} is not counted: {why}")
    if not estimators.counted:
        raise problem or estimators.no_network(found[0][1])


class Shelf:
    """Takes the arrays that estimators hold: one record under two names is one array."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.notes: list[str] = []
        self.also: dict[str, Any] = {}
        self.kinds: dict[str, tuple[str, dict[str, Any]]] = {}
        self._owners: dict[int, str] = {}
        self._names: dict[str, int] = {}
        self._numbers: list[str] = []

    def add(self, name: str, value: Any, role: str, *, note: str | None = None) -> None:
        """An array, whose numbers must be there."""
        shape, told = described(value)
        dtype, (letter, width) = numpy_dtype(told), numpy_type(told)
        if dtype is None and letter in NO_NUMBERS:
            self.notes.append(f"{shown(name)} holds {NO_NUMBERS[letter]} and no numbers: not counted")
            return
        size = product(shape)
        _check_held(value, size, dtype)
        stored = None if dtype is not None else (size, size * width)
        tensor = Tensor(self._free(name), shape, dtype, role, None, self._owners.get(id(value)), stored, note)
        if tensor.tied_to is None and value.maker.path not in _SCALARS:
            self._owners[id(value)] = tensor.name
        self.tensors.append(tensor)

    def put(self, tensor: Tensor) -> None:
        """A tensor that was made elsewhere."""
        tensor.name = self._free(tensor.name)
        self.tensors.append(tensor)

    def number(self, name: str, value: object, role: str) -> None:
        """A number of Python's in an array's place."""
        self.tensors.append(Tensor(self._free(name), (), "float64", role, note=f"a Python {type(value).__name__}"))
        self._numbers.append(name)

    def _free(self, name: str) -> str:
        taken = self._names.get(name, 0)
        self._names[name] = taken + 1
        return name if not taken else f"{name}#{taken + 1}"

    def finish(self, found: Estimators) -> None:
        """Say what there is to say."""
        tied = [t for t in self.tensors if t.tied_to is not None and t.role in PARAMETER_ROLES]
        if tied:
            self.notes.append(f"{shown(tied[0].name)} is {shown(tied[0].tied_to or '')}: one array, counted once")
        if self._numbers:
            self.notes.append(f"{shown(self._numbers[0])}: a Python number, counted as an array of one number")
        self.notes = [escaped(note) for note in (*self.notes, *found.said())]
        if found.zeros:
            counted = (t.size for t in self.tensors if t.role in PARAMETER_ROLES and t.tied_to is None)
            self.also["nonzero"] = sum(size for size in counted if isinstance(size, int)) - found.zeros

    def tree(self) -> Any:
        """What makes the tree of the tensors: a layer's kind is known."""
        kinds = dict(self.kinds)

        def build(tensors: Sequence[Tensor]) -> Module:
            root = group(tensors)
            stack = [root]
            while stack:
                module = stack.pop()
                module.kind = kinds[module.name][0] if module.name in kinds and module.tensors else module.kind
                stack.extend(module.children)
            return root

        return build


_SCALARS = frozenset(f"numpy.{core}.multiarray.scalar" for core in ("core", "_core"))


def _check_held(value: Record | Call, size: int, dtype: str | None) -> None:
    """The bytes of an array that stands in the pickle itself (joblib's were stepped over, and checked there)."""
    needed = bytes_of(size, dtype) if dtype is not None else None
    if needed is None or value.maker.path not in RECONSTRUCT | FROM_BUFFER:
        return
    held = value.state[-1] if isinstance(value, Record) and value.state is not None else value.args[0]
    if held_bytes(held) < needed:
        raise Wrong(f"takes {needed:,} bytes by its shape, but {held_bytes(held):,} are there")
