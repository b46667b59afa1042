"""A list of layers as modules: what flows from one to the next, names, repeats, branches, layers that share weights."""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.expr import Expr, add
from nparams.layers.flow import Flow, flow_of
from nparams.layers.layer import Layer, Setting, made
from nparams.network import PARAMETER_ROLES, Module, Over
from nparams.notation._stack_arguments import written
from nparams.notation._stack_words import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._stack_parse import Step

    Made = tuple[list[Module], Flow]

MAX_LAYERS = 100_000
#: copies of one layer that are not alike
MAX_UNLIKE = 10_000
JOIN_NAMES = {"add": "Add", "concat": "Concat", "multiply": "Multiply"}
JOIN_WORDS = {"add": "add", "sum": "add", "concat": "concat", "concatenate": "concat", "multiply": "multiply"}


class Builder:
    """Makes the modules of one list under one convention."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        #: by name: what a layer sends, and how it was made
        self.sent: dict[str, Flow] = {}
        self.layers: dict[str, Layer] = {}
        #: what was said and cannot change the count unless positions matter: {what: [how]}
        self.only_shapes: dict[str, list[str]] = {}
        self.count = 0
        #: what an input said
        self.given: Flow | None = None
        #: groups by name: how they were written, the name they were made under, and their modules
        self.made: dict[str, tuple[Step, str, list[Module]]] = {}

    def run(self, steps: list[Step], flow: Flow, path: str = "") -> Made:
        """The modules of a list, and what the last one sends."""
        names = _names(steps)
        modules: list[Module] = []
        for step, name in zip(steps, names, strict=True):
            more, flow = self._repeated(step, path + name, flow)
            modules += more
        return modules, flow

    # -- repeats ------------------------------------------------------------------------------------------------------

    def _repeated(self, step: Step, name: str, flow: Flow) -> Made:
        """As many copies as were said; copies that are alike are one module over an index."""
        times = step.times
        if times == 1:
            return self._once(step, name, name, flow)
        modules: list[Module] = []
        done = 0
        while times != done:
            copies, sent = self._once(step, f"{name}[{self.setting.index}]", name, flow, first=done == 0)
            if sent == flow:
                return [*modules, *_over(copies, self.setting.index, add(done, 1), times)], sent
            if isinstance(times, Expr) and done:
                raise NotationError(
                    f"{step}: {times} copies, and each changes the shape ({_shape(flow)} to {_shape(sent)}); "
                    "give a number of copies"
                )
            if isinstance(times, int) and times > MAX_UNLIKE and done:
                raise NotationError(f"{step}: {times:,} copies that all differ; at most {MAX_UNLIKE:,} are written out")
            done += 1
            modules += [_renamed(module, self.setting.index, str(done)) for module in copies]
            flow = sent
        return modules, flow

    def _once(self, step: Step, name: str, label: str, flow: Flow, *, first: bool = True) -> Made:
        """One copy; what is said to flow in holds for the first."""
        self.count += 1
        if self.count > MAX_LAYERS:
            raise NotationError(f"more than {MAX_LAYERS:,} layers; write equal ones as 12 x (...)")
        self.setting.place = step.place
        said = step.on if step.what is None else step.what.on
        try:
            flow = self._on(said if first else None, name, flow)
            modules, flow = (
                self._branches(step, name, flow)
                if not isinstance(step.what, Call)
                else self._item(step, step.what, name, flow)
            )
        except NotationError as error:
            raise _placed(error, step) from None
        self.sent[step.name or label] = flow
        return modules, flow

    # -- one layer ----------------------------------------------------------------------------------------------------

    def _item(self, step: Step, call: Call, name: str, flow: Flow) -> Made:
        if call.shape is not None:
            self.given = step.flow
            return [], step.flow or flow
        if call.start:
            return self._joined(call, name, flow)
        if call.again is not None:
            return self._again(call.again, name, flow)
        assert call.kind is not None
        steps, inner = self._each(call, flow)
        layer = made(call.kind, name, call.given, inner, self.setting)
        if call.tied is not None:
            self._tie(layer, call.tied)
        module = layer.module()
        if call.frozen:
            _freeze(module)
        self.layers[step.name or name.replace(f"[{self.setting.index}]", "")] = layer
        self._shapes(call)
        sent = layer.sends
        if steps:
            sent = sent.but(positions=(*steps, *(sent.positions or ())))
            module.takes, module.out = flow.shape, sent.shape
        return [module], sent

    def _on(self, said: tuple[Size, ...] | None, name: str, flow: Flow) -> Flow:
        """`on 16`, `on 28x28x1`: what is said to flow in."""
        if said is None:
            return flow
        if len(said) > 1:
            return flow_of(said)
        channels = said[0]
        if flow is self.given and flow.channels is not None and flow.channels != channels:
            raise NotationError(f"{channels} values are said to come in, but the input has {flow.channels}")
        if flow.channels is not None and flow.channels != channels and not isinstance(flow.channels, Expr):
            self.setting.note(
                f"{name}: {channels} values are said to come in, though {flow.channels} come from the layer before it"
            )
            return Flow(flow.positions, channels, first=flow.first)
        return flow.but(channels=channels)

    def _each(self, call: Call, flow: Flow) -> tuple[tuple[Size, ...], Flow]:
        """The steps that a time-distributed layer is applied to by itself, and what flows at one of them."""
        if not call.each or not flow.positions:
            return (), flow
        return flow.positions[:1], flow.but(positions=flow.positions[1:])

    def _shapes(self, call: Call) -> None:
        assert call.kind is not None
        for letter, value in call.given.items():
            param = call.kind.params.get(letter)
            if param is not None and not param.counts and param.what.startswith("the "):
                self.only_shapes.setdefault(param.what.removeprefix("the "), []).append(written(value))

    # -- ties ---------------------------------------------------------------------------------------------------------

    def _layer(self, name: str) -> Layer:
        if name not in self.layers:
            known = ", ".join([*self.layers][:8]) or "none yet"
            raise NotationError(f"no earlier layer is called {shown(name)}; so far: {known}")
        return self.layers[name]

    def _tie(self, layer: Layer, owner_name: str) -> None:
        """Its weights are another layer's: each tensor that fits one of the owner's, as it stands or transposed."""
        owner = self._layer(owner_name)
        free = [t for t in owner.tensors if t.role in PARAMETER_ROLES]
        fits = False
        for t in layer.tensors:
            found = next((o for o in free if o.role == t.role == "weight" and _alike(o.shape, t.shape)), None)
            if found is not None:
                t.tied_to, fits = found.tied_to or found.name, True
                free.remove(found)
        if not fits:
            shapes = ", ".join(str(t.shape) for t in owner.tensors)
            raise NotationError(
                f"its weights {layer.tensors[0].shape if layer.tensors else '(none)'} cannot be those of "
                f"{owner_name} {shapes}"
            )

    def _again(self, owner_name: str, name: str, flow: Flow) -> Made:
        """A layer, or a group, applied once more: every tensor is the earlier one."""
        if owner_name in self.made:
            return self._group_again(owner_name, name, flow)
        owner = self._layer(owner_name)
        layer = made(owner.kind, name, owner.given, flow, self.setting)
        shapes = [(a.shape, b.shape) for a, b in zip(owner.tensors, layer.tensors, strict=False)]
        if len(owner.tensors) != len(layer.tensors) or any(a != b for a, b in shapes):
            raise NotationError(
                f"{owner_name} takes {_shape(owner.takes)}, but {_shape(flow)} comes in: it cannot be used again here"
            )
        return [_shared(layer.module(), name, owner.name)], layer.sends

    def _group_again(self, owner_name: str, name: str, flow: Flow) -> Made:
        step, owner, modules = self.made[owner_name]
        again, sent = self._branches(step, name, flow)
        self.made[owner_name] = (step, owner, modules)
        if _shapes_of(again) != _shapes_of(modules):
            raise NotationError(
                f"{owner_name} takes {_shape(Flow(modules[0].takes))}, but {_shape(flow)} comes in: it cannot be used "
                "again here"
            )
        return [_shared(module, name, owner) for module in again], sent

    # -- branches -----------------------------------------------------------------------------------------------------

    def _branches(self, step: Step, name: str, flow: Flow) -> Made:
        """A group in brackets: one list, or branches that come together."""
        if step.join is None:
            inner, sent = self.run(step.branches[0], flow, f"{name}.")
            modules = [Module(name, children=inner, takes=flow.shape, out=sent.shape)]
            self.made[step.name or name] = (step, name, modules)
            return modules, sent
        branches = (
            step.branches
            if len(step.branches) > 1 or step.word not in ("residual", "skip", "shortcut", "add", "sum")
            else [*step.branches, []]
        )
        children, ends = [], []
        for k, branch in enumerate(branches):
            inner, sent = self.run(branch, flow, f"{name}.{chr(97 + k) if k < 26 else k}.")
            children += inner
            ends.append(sent)
        joined = _together(step.join, ends)
        children.append(_join_module(step.join, f"{name}.{step.join}", ends, joined))
        modules = [Module(name, children=children, takes=flow.shape, out=joined.shape)]
        self.made[step.name or name] = (step, name, modules)
        return modules, joined

    def _joined(self, call: Call, name: str, flow: Flow) -> Made:
        """`concat c1`: what flows here together with an earlier output; `goto c1`: on from there."""
        word, *names = call.start
        for other in names:
            if other not in self.sent:
                known = ", ".join([*self.sent][:8]) or "none yet"
                raise NotationError(
                    f"no earlier layer is called {shown(other)} (name one with: conv 64 3x3 as {other}); so "
                    f"far: {known}"
                )
        ends = [self.sent[other] for other in names]
        if word not in JOIN_WORDS:
            if len(ends) > 1:
                raise NotationError("one place to go on from, not several")
            return [], ends[0]
        ends = [flow, *ends] if len(ends) == 1 else ends
        joined = _together(JOIN_WORDS[word], ends)
        return [_join_module(JOIN_WORDS[word], name, ends, joined)], joined


def entering(modules: list[Module]) -> Size | None:
    """How many channels the very first layer takes, where it alone says so."""
    while modules:
        first = modules[0]
        if not first.children or first.tensors:
            return first.takes[0] if first.takes is not None and len(first.takes) == 1 else None
        modules = list(first.children)
    return None


def _placed(error: NotationError, step: Step) -> NotationError:
    """The error with the element that it happened in, once."""
    if getattr(error, "placed", False):
        return error
    made = NotationError(f"{step}: {error}")
    made.placed = True  # type: ignore[attr-defined]
    return made


def _shape(flow: Flow) -> str:
    return "x".join(str(size).replace(" ", "") for size in flow.shape or ()) or "?"


def _alike(one: tuple[Size, ...] | None, other: tuple[Size, ...] | None) -> bool:
    return one is not None and other is not None and (one == other or one == other[::-1])


# -- coming together ------------------------------------------------------------------------------------------------


def _together(join: str, ends: list[Flow]) -> Flow:
    """What several branches send as one: channels side by side, or numbers added in place."""
    for end in ends[1:]:
        if _differ(ends[0].positions, end.positions):
            raise NotationError(
                f"{_shape(ends[0])} and {_shape(end)} cannot come together, their sides differ; pad (same) to keep "
                "them, or give the short way a stride too"
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
            raise NotationError(
                f"{_shape(ends[0])} and {_shape(end)} cannot be added; give the short way a layer of its own: "
                f"residual (... | {'conv' if ends[0].positions else 'dense'} {_last(ends[0])}"
                f"{' 1x1' if ends[0].positions else ''})"
            )
    return ends[0]


def _last(flow: Flow) -> str:
    return str(flow.channels)


def _differ(one: tuple[Size, ...] | None, other: tuple[Size, ...] | None) -> bool:
    if one is None or other is None:
        return False
    return len(one) != len(other) or any(
        isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(one, other, strict=True)
    )


def _join_module(join: str, name: str, ends: list[Flow], joined: Flow) -> Module:
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


def _names(steps: list[Step]) -> list[str]:
    """A name for each: as it was given, or its kind's, numbered where there are several."""
    stems = [step.stem for step in steps]
    several = {stem for stem in stems if stems.count(stem) > 1} if len(stems) < 50 else _repeating(stems)
    seen: dict[str, int] = {}
    given = {step.name for step in steps}
    names = []
    for step, stem in zip(steps, stems, strict=True):
        if step.name is not None:
            names.append(step.name)
            continue
        while True:
            seen[stem] = seen.get(stem, 0) + 1
            name = f"{stem}{seen[stem]}" if stem in several else stem
            if name not in given or stem not in several:
                break
        names.append(name)
    return names


def _repeating(stems: list[str]) -> set[str]:
    counts: dict[str, int] = {}
    for stem in stems:
        counts[stem] = counts.get(stem, 0) + 1
    return {stem for stem, count in counts.items() if count > 1}


def _over(copies: list[Module], index: str, first: Size, last: Size) -> list[Module]:
    """The modules of one copy, standing for the copies first..last."""
    if first == last:
        return [_renamed(module, index, str(first)) for module in copies]
    for module in copies:
        module.over = Over(index, first, last)
    return copies


def _renamed(module: Module, index: str, number: str) -> Module:
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


def _shared(module: Module, name: str, owner: str) -> Module:
    """The module with every tensor tied to the owner's of the same name."""
    for t in module.tensors:
        t.tied_to = owner + t.name[len(name) :]
    children = [_shared(child, child.name, owner + child.name[len(name) :]) for child in module.children]
    return Module(
        module.name, module.kind, module.args, 0 if module.tensors else None, over=module.over, takes=module.takes,
        out=module.out, tensors=module.tensors, children=children,
        why=((0, "", f"It is {owner} once more, the same weights: it adds nothing."),) if module.kind else (),
    )  # fmt: skip


def _shapes_of(modules: list[Module]) -> list[object]:
    """The shapes of everything under some modules, in order."""
    found: list[object] = []
    stack = modules[::-1]
    while stack:
        module = stack.pop()
        found += [t.shape for t in module.tensors]
        stack.extend(module.children[::-1])
    return found


def _freeze(module: Module) -> None:
    stack = [module]
    while stack:
        inner = stack.pop()
        for t in inner.tensors:
            t.trainable = False if t.role in PARAMETER_ROLES else None
        stack.extend(inner.children)


def settle_training(root: Module) -> None:
    """Where something is frozen, the rest is trained; where nothing is, nobody said."""
    tensors = [t for module in _walk(root) for t in module.tensors if t.role in PARAMETER_ROLES]
    if any(t.trainable is False for t in tensors):
        for t in tensors:
            t.trainable = t.trainable is not False


def _walk(root: Module) -> list[Module]:
    found, stack = [], [root]
    while stack:
        module = stack.pop()
        found.append(module)
        stack.extend(module.children)
    return found
