"""The tree of a live model, from what was noted of its modules and from its tensors; the model itself is not needed.

A layer of torch.nn gets the textbook's formula and explanation where its parameters are exactly those of such a
layer; a class of one's own that holds only arrays is a row under its name; anything else is a block of its parts.
"""

from __future__ import annotations

from nparams.frameworks._torch.kinds import AGAIN
from nparams.frameworks._torch.places import Places
from nparams.layers._torch.call import HERE
from nparams.layers._torch.held import Templates, kind_name, named_as, outline
from nparams.layers._torch.leaves import logical
from nparams.layers._torch.recover import COMPOSITE
from nparams.layers._torch.ties import settle_formulas
from nparams.network import PARAMETER_ROLES, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.frameworks._torch.kinds import Known, Snapshot
    from nparams.frameworks._torch.places import Place
    from nparams.network import Tensor

    Shapes = dict[str, tuple[Any, ...]]

#: what is said of a layer whose sizes are not known yet
WAITS = "Its sizes are found when it is first called: until then it has no numbers to count."


def build(snapshots: Sequence[Snapshot], tensors: Sequence[Tensor]) -> Module:
    """The root of the tree; it holds the tensors themselves."""
    return _Builder(Places(snapshots, tensors)).root()


class _Builder:
    def __init__(self, places: Places) -> None:
        self.places = places
        self.templates = Templates()

    def root(self) -> Module:
        """Every module under its parent, top down."""
        first = self.places.root
        made = self._root(first)
        stack = [(place, made) for place in reversed(first.children)]
        while stack:
            place, parent = stack.pop()
            if place.taken:
                continue
            module = self._module(place)
            parent.children.append(module)  # type: ignore[attr-defined]
            stack.extend((child, module) for child in reversed(place.children))
        return made

    def _root(self, place: Place) -> Module:
        """A layer that is the whole model stands in a row under its class's name."""
        known = place.known
        if known.cls is None or known.cls.rule in COMPOSITE:
            return self._block(place)
        alone = self._layer(place, known)
        if alone.children and not alone.tensors:
            return Module(children=alone.children)
        alone.name = known.word.lower()
        return Module(children=[alone])

    def _module(self, place: Place) -> Module:
        known = place.known
        if known is AGAIN or place.loose:
            return Module(place.name, tensors=place.tensors, children=[])
        if known.cls is None:
            return self._block(place) if known.container else self._own(place, known)
        if known.cls.rule in COMPOSITE:
            return self._block(place, COMPOSITE[known.cls.rule])
        return self._layer(place, known)

    # -- layers of torch.nn -------------------------------------------------------------------------------------------

    def _layer(self, place: Place, known: Known) -> Module:
        """A layer of a class of torch.nn, or of one that derives from it."""
        assert known.cls is not None
        attributes = known.attributes(place.values)
        if known.cls.free:
            if any(t.role in PARAMETER_ROLES for t in place.tensors):
                return self._own(place, known)
            made = self.templates.free(known.cls, attributes)
            return _like(made, place.name, place.tensors) if made is not None else _bare(place, kind_name(known.cls))
        place.take_split()
        place.take_helpers()
        inner = place.child("out_proj") if known.cls.rule == "attention" else None
        held = [*place.tensors, *inner.tensors] if inner is not None else place.tensors
        shapes, apart = _shapes(place.name, held)
        made, whole = self.templates.holding(known.cls, shapes, attributes, apart)
        if inner is not None and made is not None:
            inner.take()
        if made is not None and whole:
            return _like(made, place.name, held)
        return _waiting(outline(made, known.cls, place.name, held if made is not None else place.tensors))

    # -- classes of one's own -----------------------------------------------------------------------------------------

    def _own(self, place: Place, known: Known) -> Module:
        """A class that holds only arrays is a layer of its own kind, of torch.nn's where name and arrays agree."""
        inside = [child for child in place.children if not child.taken]
        if any(child.holds for child in inside):
            return self._block(place)
        shapes, apart = _shapes(place.name, place.tensors)
        like = named_as(known.word, shapes) if shapes else None
        made, whole = None, False
        if like is not None:
            made, whole = self.templates.holding(like, shapes, known.attributes(place.values), apart)
        if made is not None and whole:
            place.take_helpers()
            return _like(made, place.name, place.tensors)
        return self._block(place) if inside else _bare(place, known.word)

    def _block(self, place: Place, kind: str | None = None) -> Module:
        """Parts, and before them the parameters and buffers that stand beside them."""
        place.take_split()
        rows: dict[str, Module] = {}
        for t in place.tensors:
            leaf = logical(t.name[place.start :]).partition(".")[0]
            if leaf not in rows:
                rows[leaf] = Module(_joined(place.name, leaf), _raw_kind(t), tensors=[t])
            else:
                rows[leaf].tensors.append(t)  # type: ignore[attr-defined]
        return Module(place.name, kind, children=list(rows.values()))


def _bare(place: Place, kind: str) -> Module:
    """A layer whose kind is all that is known of it."""
    return _waiting(Module(place.name, kind, tensors=place.tensors, children=[]))


def _waiting(module: Module) -> Module:
    """With a word about sizes that are not known yet."""
    if any(t.shape is None and t.role in PARAMETER_ROLES for t in module.tensors):
        module.why = ((0, "", WAITS),)
    return module


def _raw_kind(t: Tensor) -> str | None:
    """What a tensor is that stands by itself."""
    return "Parameter" if t.role in PARAMETER_ROLES else "Buffer" if t.role == "buffer" else None


def _joined(name: str, leaf: str) -> str:
    return f"{name}.{leaf}" if name else leaf


def _shapes(name: str, tensors: Sequence[Tensor]) -> tuple[Shapes, Shapes]:
    """The shapes of parameters, and of the rest, by name inside the module."""
    start = len(name) + 1 if name else 0
    shapes: Shapes = {}
    apart: Shapes = {}
    for t in tensors:
        leaf = t.name[start:]
        if t.role in PARAMETER_ROLES:
            shapes[leaf] = t.shape  # type: ignore[assignment]
        else:
            apart[leaf] = t.shape  # type: ignore[assignment]
    return shapes, apart


def _like(made: Module, name: str, tensors: Sequence[Tensor]) -> Module:
    """A copy of a layer called HERE under its own name, with the tensors that are there in place of its own."""
    if not made.children:
        return _settled(_copied(made, name, tensors))
    start = len(name) + 1 if name else 0
    left = {logical(t.name[start:]): t for t in tensors}
    children = []
    for child in made.children:  # a row for each layer of an LSTM
        held = [left.pop(t.name[len(HERE) + 1 :]) for t in child.tensors]
        children.append(_copied(child, _joined(name, child.name[len(HERE) + 1 :]), held))
    whole = _copied(made, name, list(left.values()))
    whole.children = children
    return _settled(whole)


def _copied(made: Module, name: str, tensors: Sequence[Tensor]) -> Module:
    copy = Module.__new__(Module)  # its formula was checked when it was made, and the shapes are the same
    for slot in Module.__slots__:
        setattr(copy, slot, getattr(made, slot))
    copy.name = name
    copy.tensors = tensors
    copy.children = []
    return copy


def _settled(module: Module) -> Module:
    """Its formula as far as its tensors add to the total."""
    settle_formulas(module)
    for layer in (module, *module.children):
        if layer.formula is not None and layer.tensors and not any(t.role in PARAMETER_ROLES for t in layer.tensors):
            layer.formula, layer.why = None, ()  # layers that the optimizer does not see: set aside
    return module
