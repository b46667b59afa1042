"""Modules of a layer list once they are made: names, copies, branches that come together, shared weights."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, add
from nparams.layers.flow import Flow
from nparams.network import PARAMETER_ROLES, Module, Over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._stack.parse import Step

JOIN_NAMES = {"add": "Add", "concat": "Concat", "multiply": "Multiply"}


def shape(flow: Flow) -> str:
    return "x".join(str(size).replace(" ", "") for size in flow.shape or ()) or "?"


def alike(one: tuple[Size, ...] | None, other: tuple[Size, ...] | None) -> bool:
    return one is not None and other is not None and (one == other or one == other[::-1])


# -- coming together ------------------------------------------------------------------------------------------------


def together(join: str, ends: list[Flow], *, short: bool = False) -> Flow:
    """What several branches send as one: channels side by side, or numbers added in place.

    `short`: the last one is the short way of a residual block.
    """
    wide = ends if join != "multiply" else [end for end in ends if not _is_factor(end)] or ends
    for end in wide[1:]:
        if differ(wide[0].positions, end.positions):
            raise NotationError(
                f"{shape(wide[0])} and {shape(end)} cannot come together, their sides differ; pad (same) to keep them"
                + (", or give the short way a stride too" if short else "")
            )
    if join == "concat":
        known = [end.channels for end in ends if end.channels is not None]
        return ends[0].but(
            channels=add(*known) if len(known) == len(ends) else None, spread=any(e.spread for e in ends)
        )
    for end in ends[1:]:
        if (
            None not in (ends[0].channels, end.channels)
            and ends[0].channels != end.channels
            and not isinstance(end.channels, Expr)
        ):
            layer = f"conv {ends[0].channels} 1x1" if ends[0].positions else f"dense {ends[0].channels}"
            way = f"give the short way a layer of its own: residual (... | {layer})" if short else "give both one size"
            raise NotationError(f"{shape(ends[0])} and {shape(end)} cannot be added; {way}")
    return wide[0]


def _is_factor(end: Flow) -> bool:
    """One number for each channel: no positions, or one along each side."""
    return end.positions is not None and all(side == 1 for side in end.positions)


def differ(one: tuple[Size, ...] | None, other: tuple[Size, ...] | None) -> bool:
    if one is None or other is None:
        return False
    return len(one) != len(other) or any(
        isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(one, other, strict=True)
    )


def join_module(join: str, name: str, ends: list[Flow], joined: Flow) -> Module:
    told = (
        "puts channels side by side"
        if join == "concat"
        else "adds what comes in, place by place"
        if join == "add"
        else "multiplies what comes in, place by place"
    )
    return Module(
        name, JOIN_NAMES[join], takes=ends[0].shape, out=joined.shape, why=((0, "", f"It {told}: no weights."),)
    )


# -- names and copies -----------------------------------------------------------------------------------------------


def names(steps: list[Step]) -> list[str]:
    """A name for each: as it was given, or its kind's, numbered where there are several."""
    given = [step.name for step in steps if step.name is not None]
    for twice in repeating(given):
        raise NotationError(f"two layers are called {twice}; give each a name of its own")
    stems = [step.stem for step in steps]
    seen = dict.fromkeys(given, 1)  # a layer used again is the second of its name
    numbered = repeating(stems) | seen.keys()
    names = []
    for step, stem in zip(steps, stems, strict=True):
        name = step.name or ""
        while not name or (step.name is None and name in given):
            seen[stem] = seen.get(stem, 0) + 1
            name = f"{stem}{seen[stem]}" if stem in numbered else stem
        names.append(name)
    return names


def repeating(stems: list[str]) -> set[str]:
    counts: dict[str, int] = {}
    for stem in stems:
        counts[stem] = counts.get(stem, 0) + 1
    return {stem for stem, count in counts.items() if count > 1}


def over(copies: list[Module], index: str, first: Size, last: Size) -> list[Module]:
    """The modules of one copy, standing for the copies first..last."""
    if first == last:
        return [renamed(module, index, str(first)) for module in copies]
    for module in copies:
        module.over = Over(index, first, last)
    return copies


def renamed(module: Module, index: str, number: str) -> Module:
    """A copy by its number: block[i].conv becomes block2.conv."""
    stack = [module]
    while stack:
        inner = stack.pop()
        inner.name = inner.name.replace(f"[{index}]", number, 1)
        for t in inner.tensors:
            t.name = t.name.replace(f"[{index}]", number, 1)
            if t.tied_to is not None:
                t.tied_to = t.tied_to.replace(f"[{index}]", number, 1)
        stack.extend(inner.children)
    return module


def shared(module: Module, name: str, owner: str) -> Module:
    """The module with every tensor tied to the owner's of the same name."""
    for t in module.tensors:
        t.tied_to = owner + t.name[len(name) :]
    children = [shared(child, child.name, owner + child.name[len(name) :]) for child in module.children]
    return Module(
        module.name, module.kind, module.args, 0 if module.tensors else None, over=module.over, takes=module.takes,
        out=module.out, tensors=module.tensors, children=children,
        why=((0, "", f"It is {owner} once more, the same weights: it adds nothing."),) if module.kind else (),
    )  # fmt: skip


def shapes_of(modules: list[Module]) -> list[object]:
    """The shapes of everything under some modules, in order."""
    found: list[object] = []
    stack = modules[::-1]
    while stack:
        module = stack.pop()
        found += [t.shape for t in module.tensors]
        stack.extend(module.children[::-1])
    return found


def freeze(module: Module) -> None:
    stack = [module]
    while stack:
        inner = stack.pop()
        for t in inner.tensors:
            t.trainable = False if t.role in PARAMETER_ROLES else None
        stack.extend(inner.children)


def settle_training(root: Module) -> None:
    """Where something is frozen, the rest is trained; where nothing is, nobody said."""
    tensors = [t for module in walk(root) for t in module.tensors if t.role in PARAMETER_ROLES]
    if any(t.trainable is False for t in tensors):
        for t in tensors:
            t.trainable = t.trainable is not False


def walk(root: Module) -> list[Module]:
    found, stack = [], [root]
    while stack:
        module = stack.pop()
        found.append(module)
        stack.extend(module.children)
    return found
