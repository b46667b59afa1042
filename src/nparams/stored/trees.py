"""Trees of arrays as JAX programs save them: which leaves are the model, under which names, in which roles.

A file knows paths, shapes and number types, and no class.  `params` beside other collections, a training state, a bare
tree of parameters and a state of nnx are told by their keys, and named as the live reader names them, so that one
network has one fingerprint in memory, as msgpack and as an Orbax checkpoint.
"""

from __future__ import annotations

from nparams.network import Tensor
from nparams.roles import says
from nparams.stored.naming import any_role, beside, is_named, parameter_role, unique
from nparams.stored.sections import PARAMS, meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Path = tuple[str, ...]

#: flax.optim (until Flax 0.6) and T5X keep the parameters as the `target` of an optimizer, beside its `state`
#: (google/flax flax/optim/base.py, Optimizer; google-research/t5x t5x/train_state.py, FlaxOptimTrainState)
TARGET, STATE, STATES = "target", "state", ("param_states", "step")
OPTIMIZER = "opt_state"
#: what nnx.State calls the array in a Variable (google/flax flax/nnx/variablelib.py)
VALUES = ("value", "raw_value")
#: running statistics, beside each other in one layer (flax/nnx/nn/normalization.py; google/brax running_statistics.py)
STATISTICS, SPREADS = ("mean", "var", "std", "summed_variance"), ("var", "std")
#: generators of random numbers: RngStream in `rngs` (google/flax flax/nnx/rnglib.py)
GENERATORS, STREAM = "rngs", ("key", "count", "counts")
MOST_TOLD = 8


class Leaf:
    """One leaf of a tree: its path, and what stands there; `why` is set where it is no array of the model's kind."""

    __slots__ = ("dtype", "path", "shape", "size", "stored", "why")

    def __init__(
        self, path: Path, shape: tuple[int, ...], dtype: str | None, size: int, *,
        stored: tuple[int, int] | None = None, why: str | None = None,
    ) -> None:  # fmt: skip
        self.path = path
        self.shape = shape
        self.dtype = dtype
        self.size = size
        self.stored = stored
        self.why = why


class Spot:
    """Where a leaf stands: the path that names it, and its role where the section decides that."""

    __slots__ = ("inner", "note", "path", "role", "section", "trainable")

    def __init__(self, path: Path, inner: Path, section: str | None) -> None:
        #: the path that its name is made of
        self.path = path
        #: the path in its section
        self.inner = inner
        #: what it stands in; None: in no section
        self.section = section
        self.role, self.note, self.trainable = (None, None, None) if section is None else meaning(section)


def tensors_of(leaves: Sequence[Leaf]) -> list[Tensor]:
    """The leaves as tensors, the model first.

    >>> held = [Leaf(("opt_state", "mu", "w"), (2, 3), "float32", 6), Leaf(("params", "w"), (2, 3), "float32", 6)]
    >>> [(t.name, t.role) for t in tensors_of(held)]
    [('w', 'weight'), ('opt_state.mu.w', 'other')]
    """
    spots = _Sections(leaves).spots
    _unbox(spots, leaves)
    aside = _aside([spot.path for spot in spots], leaves)
    found = [_tensor(leaf, spot, aside.get(k)) for k, (leaf, spot) in enumerate(zip(leaves, spots, strict=True))]
    order = sorted(range(len(found)), key=lambda k: spots[k].section not in (None, PARAMS))
    return _named([found[k] for k in order])


def told(tensors: Iterable[Tensor]) -> list[str]:
    """A sentence for each reason why something was set aside."""
    aside: dict[str, list[int]] = {}
    for t in tensors:
        if t.role == "other" and isinstance(t.size, int):
            held = aside.setdefault(t.note or "not the model", [0, 0])
            held[0], held[1] = held[0] + 1, held[1] + t.size
    return [
        f"set aside, {size:,} number{'' if size == 1 else 's'} in {count:,} arra{'y' if count == 1 else 'ys'}: {why}"
        for why, (count, size) in list(aside.items())[:MOST_TOLD]
    ]


def _tensor(leaf: Leaf, spot: Spot, aside: tuple[str, str | None] | None) -> Tensor:
    role, note = spot.role, spot.note
    if leaf.why is not None:
        role, note = "other", spot.note if role == "other" and note else leaf.why
    elif role is None and spot.section is not None:
        role = parameter_role(spot.inner)
    elif role is None:
        role, note = aside or any_role(spot.path, leaf.shape, leaf.dtype)
    name = ".".join(spot.path) or "array"
    trainable = spot.trainable if role in ("weight", "bias") else None
    return Tensor(name, leaf.shape, leaf.dtype, role, trainable, None, leaf.stored, note, leaf.size)


def _named(tensors: list[Tensor]) -> list[Tensor]:
    """Every name once: a second one is numbered, as the live reader does."""
    taken: dict[str, int] = {}
    for t in tensors:
        t.name = unique(t.name, taken)
    return tensors


class _Sections:
    """The containers that have `params` in them, and what each leaf is by the sections around it."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        #: path of a container -> the key of its parameters
        self.roots = _roots(leaves)
        outer = [root for root in self.roots if not any(root[:k] in self.roots for k in range(len(root)))]
        self.several = len(outer) > 1
        self.above = {root[:k] for root in outer for k in range(len(root) + 1)}
        self.spots = [self._spot(leaf.path) for leaf in leaves]
        if self.several:
            self._set_copies_aside(leaves, outer)

    def _spot(self, path: Path) -> Spot:
        base: int | None = None
        for k in range(len(path)) if self.roots else ():
            key = self.roots.get(path[:k])
            if key is None:
                continue
            base = k
            if path[k] != key:
                break
        if base is None:
            return self._beside(path)
        section, inner, key = path[base], path[base + 1 :], self.roots[path[:base]]
        section = PARAMS if section == key else OPTIMIZER if (section, key) == (STATE, TARGET) else section
        spot = Spot(path, inner, section)
        if not self.several:
            plain = spot.section == PARAMS or (spot.role == "buffer" and inner)
            spot.path = inner if plain else path[base:]
        return spot

    def _beside(self, path: Path) -> Spot:
        """What stands in no such container: the state of a run or data by its keys, or an array as any other."""
        spot = Spot(path, path, None)
        if self.roots:
            k = max(k for k in range(len(path)) if path[:k] in self.above)
            role, note, _ = meaning(path[k])
            if role == "other":
                spot.role, spot.note = role, note
            elif len(path) > k + 1 and not any(map(says, path)) and path[-1] not in STATISTICS:
                spot.role, spot.note = "other", "beside the model"
        return spot

    def _set_copies_aside(self, leaves: Sequence[Leaf], outer: Sequence[Path]) -> None:
        """A container whose key says a second copy is one where another holds the same shapes."""
        shapes: dict[Path, list[tuple[int, ...]]] = {root: [] for root in outer}
        for leaf, spot in zip(leaves, self.spots, strict=True):
            if spot.section == PARAMS:
                root = next(leaf.path[:k] for k in range(len(leaf.path)) if leaf.path[:k] in shapes)
                shapes[root].append(leaf.shape)
        own = [sorted(held) for root, held in shapes.items() if not _says_copy(root)]
        copies = [root for root, held in shapes.items() if _says_copy(root) and sorted(held) in own]
        for leaf, spot in zip(leaves, self.spots, strict=True):
            if any(leaf.path[: len(root)] == root for root in copies):
                spot.role, spot.note, spot.trainable = "other", "a second copy of the model", None


def _says_copy(root: Path) -> bool:
    return any(meaning(key)[1] == "a second copy of the model" for key in root)


def _roots(leaves: Sequence[Leaf]) -> dict[Path, str]:
    """The containers with parameters in a container of their own, by path -> its key."""
    found: dict[Path, str] = {}
    targets, states = set(), set()
    for leaf in leaves:
        path = leaf.path
        for k, key in enumerate(path[:-1]):
            if key == PARAMS:
                found[path[:k]] = PARAMS
            elif key == TARGET:
                targets.add(path[:k])
            elif key == STATE and path[k + 1] in STATES:
                states.add(path[:k])
    for root in targets & states:
        found.setdefault(root, TARGET)
    return found


def _unbox(spots: Sequence[Spot], leaves: Sequence[Leaf]) -> None:
    """Take away `value` at the end of every path, where a state of nnx was saved with its Variables."""
    model = [spot for spot, leaf in zip(spots, leaves, strict=True) if spot.role is None and leaf.why is None]
    if not model or any(len(spot.inner) < 2 or spot.inner[-1] not in VALUES for spot in model):
        return
    for spot in spots:
        if len(spot.path) > 1 and spot.path[-1] in VALUES:
            spot.path, spot.inner = spot.path[:-1], spot.inner[:-1]


def _aside(paths: Sequence[Path], leaves: Sequence[Leaf]) -> dict[int, tuple[str, str | None]]:
    """(role, note) of leaves that those beside them tell: statistics, generators, biases in lists without names."""
    groups: dict[Path, dict[str, int]] = {}
    for k, path in enumerate(paths):
        if path:
            groups.setdefault(path[:-1], {})[path[-1]] = k
    found: dict[int, tuple[str, str | None]] = {}
    for parent, held in groups.items():
        if GENERATORS in parent or parent[-1:] == ("rng",):
            found.update((k, ("other", "random numbers' state")) for key, k in held.items() if key in STREAM)
        spread = next((key for key in SPREADS if key in held), None)
        if spread is not None and "mean" in held and leaves[held["mean"]].shape == leaves[held[spread]].shape:
            note = "statistics by their names: mean beside " + spread
            found.update((held[key], ("buffer", note)) for key in STATISTICS if key in held)
        if all(key.isdigit() for key in held) and not is_named((*parent, "0")):
            places = list(held.values())
            shapes = [leaves[k].shape for k in places]
            found.update((k, ("bias", None)) for j, k in enumerate(places) if beside(shapes, j))
    return found
