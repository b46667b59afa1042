"""The layers of a model in Keras's order, each under the names of the layers around it; no recursion, no call."""

from __future__ import annotations

from nparams.frameworks._keras.classes import attribute, attributes, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.frameworks._keras.classes import Class, Classes

#: layers that only say what comes in
STARTS = ("InputLayer",)


class Met:
    """One layer where it stands, as it is remembered once the model is let go."""

    __slots__ = (
        "again", "args", "built", "children", "cls", "end", "first", "last", "name", "parent", "place", "shapes",
        "within",
    )  # fmt: skip

    def __init__(self, name: str, cls: Class, parent: Met | None, place: int) -> None:
        self.name = name
        self.cls = cls
        self.parent = parent
        #: its number in the walk, and that of the first layer after all inside it
        self.place = place
        self.end = place + 1
        #: where it was met before, if it was; and what has been listed around here since
        self.again: Met | None = None
        self.within: set[int] | None = None
        self.built = True
        self.children: list[Met] = []
        #: the places of its own tensors in the flat list
        self.first = self.last = 0
        #: its arguments, as far as they are plain, and the shapes that it was built for
        self.args: dict[str, Any] = {}
        self.shapes: list[Any] = []

    def __repr__(self) -> str:
        return f"<{self.cls.name} {self.name}>"

    def holds(self, other: Met | None) -> bool:
        """Whether another one is this one, or stands inside it."""
        while other is not None and other is not self:
            other = other.parent
        return other is self


def walk(root: Any, classes: Classes) -> list[tuple[Met, Any]]:
    """Every layer with what is remembered of it, outer ones first; one that is shared once for each place."""
    found: list[tuple[Met, Any]] = []
    first: dict[int, Met] = {}
    stack: list[tuple[Any, Met | None, str]] = [(root, None, root_name(root, classes))]
    while stack:
        layer, parent, name = stack.pop()
        owner = first.get(id(layer))
        if owner is not None and owner.holds(parent):
            continue  # a layer that knows the one around it
        met = Met(name, classes.of(layer), parent, len(found))
        if not _placed(met, owner, id(layer)):
            continue
        first.setdefault(id(layer), met)
        if parent is not None:
            parent.children.append(met)
        found.append((met, layer))
        met.built = bool(attributes(layer).get("built", True))
        stack += [(child, met, name) for child, name in reversed(named(layer, met, classes))]
    for met, _ in reversed(found):
        if met.parent is not None:
            met.parent.end = max(met.parent.end, met.end)
    return found


def _placed(met: Met, owner: Met | None, key: int) -> bool:
    """Note that a layer stands in a second place; False where it is listed there already."""
    if owner is None:
        return True
    met.again = owner
    around = None if met.parent is None else met.parent.within
    met.within = set() if around is None else around
    if key in met.within:
        return False
    met.within.add(key)
    return True


def root_name(layer: Any, classes: Classes) -> str:
    """A model's parts have its name no more before theirs; those of one layer do."""
    return "" if classes.of(layer).model else layer_name(layer)


def layer_name(layer: Any) -> str:
    """The name that a layer bears."""
    held = attributes(layer)
    name = held.get("name", held.get("_name"))
    return name if isinstance(name, str) and name else type(layer).__name__


def named(layer: Any, met: Met, classes: Classes) -> list[tuple[Any, str]]:
    """The layers inside one, under names of their own."""
    taken: set[str] = set()
    return [
        (child, unused(f"{met.name}/{layer_name(child)}" if met.name else layer_name(child), taken))
        for child in children(layer, classes)
    ]


def unused(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken.

    >>> taken = {"dense"}
    >>> unused("dense", taken), unused("dense", taken)
    ('dense_1', 'dense_2')
    """
    made, n = name, 0
    while made in taken:
        n += 1
        made = f"{name}_{n}"
    taken.add(made)
    return made


def children(layer: Any, classes: Classes) -> Iterator[Any]:
    """The layers that a layer keeps, each once, those that only say what comes in left out."""
    seen: set[int] = set()
    held = attributes(layer)
    kept = listed(held["_layers"]) if "_layers" in held else _tracked(held, classes)
    for child in kept:
        cls = classes.of(child)
        if id(child) not in seen and cls.what == "layer" and cls.library not in STARTS:
            seen.add(id(child))
            yield child


def _tracked(held: dict[str, Any], classes: Classes) -> Iterator[Any]:
    """The same of Keras 2, whose lists and dicts stand among the layers (_flatten_modules in base_layer.py)."""
    stack = list(listed(held.get("_self_tracked_trackables")))[::-1]
    seen: set[int] = set()
    while stack:
        thing = stack.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if classes.of(thing).what == "layer":
            yield thing
        elif type(thing).__module__.endswith("trackable.data_structures"):
            stack += list(thing._values)[::-1]
        elif classes.of(thing).what is None:  # a tf.Module that holds layers
            stack += list(listed(attributes(thing).get("_self_tracked_trackables")))[::-1]


def own(layer: Any) -> list[tuple[Any, bool]]:
    """The variables that a layer keeps itself, in Keras's order, and whether each was made as trainable."""
    held = attributes(layer)
    names = ("_trainable_variables", "_non_trainable_variables")
    if "_trainable_weights" in held and names[0] not in held:
        names = ("_trainable_weights", "_non_trainable_weights")
    seen: set[int] = set()
    found = []
    for name, trainable in zip(names, (True, False), strict=True):
        for variable in listed(held.get(name)):
            if id(variable) not in seen:
                seen.add(id(variable))
                found.append((variable, trainable))
    return found


def trains(met: Met, flags: list[bool]) -> bool:
    """Whether what a layer was made to train is to be trained: Keras 3 asks the outermost, Keras 2 each around it."""
    if not met.cls.old:
        return flags[0]
    inner: Met | None = met
    while inner is not None:
        if not flags[inner.place]:
            return False
        inner = inner.parent
    return True


def flag(layer: Any) -> bool:
    """Whether a layer is to be trained, as its own flag says."""
    return attribute(layer, "_trainable") is not False
