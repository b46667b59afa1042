"""A list of layers as modules: what flows from one to the next, names, repeats, branches, layers that share weights."""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.expr import Expr, add
from nparams.layers.flow import Flow, flow_of
from nparams.layers.layer import Layer, Setting, made
from nparams.network import PARAMETER_ROLES, Module
from nparams.notation._stack.general import Call
from nparams.notation._stack.modules import (
    alike,
    freeze,
    join_module,
    names,
    over,
    renamed,
    shape,
    shapes_of,
    shared,
    together,
)
from nparams.notation._stack.vocabulary import written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._stack.parse import Step

    Made = tuple[list[Module], Flow]

MAX_LAYERS = 100_000
#: copies of one layer that are not alike
MAX_UNLIKE = 10_000
#: words of blocks with a short way past them
SHORT = ("residual", "skip", "shortcut")
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
        called = names(steps)
        modules: list[Module] = []
        for step, name in zip(steps, called, strict=True):
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
        began = flow
        while times != done:
            copies, sent = self._once(step, f"{name}[{self.setting.index}]", name, flow, first=done == 0)
            if sent == flow:
                return [*modules, *over(copies, self.setting.index, add(done, 1), times)], sent
            if isinstance(times, Expr) and done:
                raise NotationError(
                    f"{step}: {times} copies, and each changes the shape ({shape(began)} to {shape(flow)}); "
                    "give a number of copies"
                )
            if isinstance(times, int) and times > MAX_UNLIKE and done:
                raise NotationError(f"{step}: {times:,} copies that all differ; at most {MAX_UNLIKE:,} are written out")
            done += 1
            modules += [renamed(module, self.setting.index, str(done)) for module in copies]
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
            freeze(module)
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
        if any(isinstance(size, int) and size < 1 for size in said):
            raise NotationError(f"on {'x'.join(map(str, said))}: sizes are 1 or more")
        meant = flow_of(said) if len(said) > 1 else flow.but(channels=said[0])
        if flow.channels is None or isinstance(flow.channels, Expr) or meant.shape == flow.shape:
            return meant
        if len(said) > 1:
            told, came = f"{shape(meant)} is said to come in", shape(flow)
        else:
            told, came = f"{said[0]} values are said to come in", str(flow.channels)
        if flow is self.given:
            raise NotationError(f"{told}, but the input has {came}; leave the on out")
        self.setting.note(f"{name}: {told}, though {came} come from the layer before it")
        return meant.but(spread=False)

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
            found = next((o for o in free if o.role == t.role == "weight" and alike(o.shape, t.shape)), None)
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
        if shapes_of([layer.module()]) != shapes_of([owner.module()]):
            raise NotationError(
                f"{owner_name} takes {shape(owner.takes)}, but {shape(flow)} comes in: it cannot be used again here"
            )
        return [shared(layer.module(), name, owner.name)], layer.sends

    def _group_again(self, owner_name: str, name: str, flow: Flow) -> Made:
        step, owner, modules = self.made[owner_name]
        again, sent = self._branches(step, name, flow)
        self.made[owner_name] = (step, owner, modules)
        if shapes_of(again) != shapes_of(modules):
            raise NotationError(
                f"{owner_name} takes {shape(Flow(modules[0].takes))}, but {shape(flow)} comes in: it cannot be used "
                "again here"
            )
        return [shared(module, name, owner) for module in again], sent

    # -- branches -----------------------------------------------------------------------------------------------------

    def _branches(self, step: Step, name: str, flow: Flow) -> Made:
        """A group in brackets: one list, or branches that come together."""
        if step.join is None:
            inner, sent = self.run(step.branches[0], flow, f"{name}.")
            modules = [Module(name, children=inner, takes=flow.shape, out=sent.shape)]
            self.made[step.name or name] = (step, name, modules)
            return modules, sent
        branches = (
            step.branches if len(step.branches) > 1 or step.word not in (*SHORT, "add", "sum") else [*step.branches, []]
        )
        children, ends = [], []
        for k, branch in enumerate(branches):
            inner, sent = self.run(branch, flow, f"{name}.{chr(97 + k) if k < 26 else k}.")
            children += inner
            ends.append(sent)
        joined = together(step.join, ends, short=len(step.branches) == 1 or step.word in SHORT)
        children.append(join_module(step.join, f"{name}.{step.join}", ends, joined))
        modules = [Module(name, children=children, takes=flow.shape, out=joined.shape)]
        self.made[step.name or name] = (step, name, modules)
        return modules, joined

    def _joined(self, call: Call, name: str, flow: Flow) -> Made:
        """`concat c1`: what flows here together with an earlier output; `goto c1`: on from there."""
        word, *earlier = call.start
        for other in earlier:
            if other not in self.sent:
                known = ", ".join([*self.sent][:8]) or "none yet"
                raise NotationError(
                    f"no earlier layer is called {shown(other)} (name one with: conv 64 3x3 as {other}); so "
                    f"far: {known}"
                )
        ends = [self.sent[other] for other in earlier]
        if word not in JOIN_WORDS:
            if len(ends) > 1:
                raise NotationError("one place to go on from, not several")
            return [], ends[0]
        ends = [flow, *ends] if len(ends) == 1 else ends
        joined = together(JOIN_WORDS[word], ends)
        return [join_module(JOIN_WORDS[word], name, ends, joined)], joined


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
