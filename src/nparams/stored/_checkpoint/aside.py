"""What in a checkpoint is not the model: run states, numbers and arrays beside it, second copies of it."""

from __future__ import annotations

from nparams.roles import is_copy, run_state
from nparams.stored._checkpoint.walk import BESIDE, KEY, PARAMETER, Item, Spot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.stored._checkpoint.array import Array

    Held = list[tuple[Item, Array]]


def set_aside(items: list[Item], arrays: list[Array], in_dictionary: bool) -> None:
    """Mark what is no model; `in_dictionary` tells that the whole checkpoint is one."""
    held = [(item, array) for item, array in zip(items, arrays, strict=True) if item.spot.why is None]
    if in_dictionary:
        _beside(held)
    for item, array in held:
        if array.dtype is None and array.shape is not None:
            item.spot = marked(item.spot, "an array of what is no plain number")
    foreign = [item for item, array in held if array.foreign]
    for item in foreign if len(foreign) < len(held) else ():
        item.spot = marked(item.spot, item.spot.why or "an array of numpy beside tensors of PyTorch")
    if any(item.how is PARAMETER for item, _ in held):
        _kept(held)
    _copies([(item, array) for item, array in held if item.spot.why is None])


def _beside(held: Held) -> None:
    """Numbers, run states and arrays that stand beside the model's own container."""
    inner = sum(item.spot.parent is not None for item, _ in held)
    loose = [pair for pair in held if pair[0].spot.parent is None and pair[0].how is KEY and "." not in pair[0].key]
    for item, array in loose if inner else ():
        trained = array.parameter or array.trainable
        why = run_state(item.key) or ("a number beside the model" if array.size == 1 and not trained else None)
        if why is not None:
            item.spot = Spot(None, "", why)
        elif len(loose) <= inner and not trained:
            item.how = BESIDE


def _kept(held: Held) -> None:
    """What objects keep that are no modules (a trainer, its callbacks), where there are modules: their last losses."""
    for item, array in held:
        if item.spot.loose and item.how is KEY and item.spot.why is None and not (array.parameter or array.trainable):
            item.spot = marked(item.spot, "kept by an object that is no module")


def _copies(held: Held) -> None:
    """A second, averaged or best copy is not the model where the model is there too; alone, it is."""
    groups: dict[int, Held] = {}
    tops: dict[int, Spot | None] = {}
    for item, array in held:
        top = item.spot.top
        if top is not None and id(top) not in tops:
            tops[id(top)] = top if within_plain(top) and is_copy(top.key) else None
        if tops.get(id(top)) is not None:
            groups.setdefault(id(top), []).append((item, array))
    if not groups:
        return
    copied = {id(item) for group in groups.values() for item, _ in group}
    shapes: dict[object, int] = {}
    for item, array in held:
        if id(item) not in copied:
            shapes[array.shape] = shapes.get(array.shape, 0) + 1
    for group in groups.values():
        if same_shapes([array for _, array in group], shapes):
            why = f"a second copy ({group[0][0].spot.chain()[0].key[:80]}) of a model that is also here"
            for item, _ in group:
                item.spot = marked(item.spot, why)


def marked(spot: Spot, why: str) -> Spot:
    """The same spot, set aside."""
    return Spot(spot.parent, spot.key, why, spot.kind)


def within_plain(spot: Spot) -> bool:
    """Whether a container stands in a dictionary, and not in a module, whose parts are called as they like."""
    return spot.parent is not None and spot.parent.kind is None


def same_shapes(group: list[Array], shapes: dict[object, int]) -> bool:
    """Whether nearly all of a group's shapes occur, as often, among `shapes`."""
    left = dict(shapes)
    met = 0
    for array in group:
        if left.get(array.shape, 0):
            left[array.shape] -= 1
            met += 1
    return met * 10 >= len(group) * 9
