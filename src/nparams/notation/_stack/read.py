"""A list of layers as a Network: by one convention, and by the others where they differ."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers.flow import Flow
from nparams.layers.kind import CONVENTIONS, TITLES
from nparams.layers.layer import Setting
from nparams.network import Module, Network
from nparams.notation._stack.build import Builder, entering
from nparams.notation._stack.modules import settle_training
from nparams.notation._stack.notes import finished
from nparams.notation._stack.parse import Step, steps_of
from nparams.notation._stack.print import canonical


def network_of(text: str, bias: str, convention: str | None) -> Network:
    """The network of a list of layers, or of a sentence that stands for one; see stack.read."""
    try:
        return _listed(text, bias, convention)
    except NotationError as error:
        from nparams.notation._stack.prose import listed

        for words in listed(text):
            try:
                network = _listed(words, bias, convention)
            except NotationError:
                continue
            network.source = text
            return network
        raise error from None


def _listed(text: str, bias: str, convention: str | None) -> Network:
    steps = _input_first(steps_of(text))
    _leave_out_biases(steps, bias)
    chosen = convention if convention in CONVENTIONS else "textbook"
    read_as = canonical(steps)
    first = _network(text, steps, read_as, str(chosen))
    networks = dict.fromkeys((chosen, *(c for c in CONVENTIONS if c != chosen)), first)
    if first.setting.consulted:
        networks = {chosen: first, **_others(text, steps, read_as, str(chosen), first)}
    return finished(networks, convention)


def _input_first(steps: list[Step]) -> list[Step]:
    """An input that is told only at the end comes first all the same: `conv 32 3x3; flatten; input 28x28x1`."""
    if len(steps) > 1 and steps[-1].flow is not None and all(step.flow is None for step in steps[:-1]):
        return [steps[-1], *steps[:-1]]
    return steps


def _others(text: str, steps: list[Step], read_as: str, chosen: str, first: Built) -> dict[str, Built]:
    """The same list by the other conventions; one that makes no network of it is a note."""
    found = {}
    for name in CONVENTIONS:
        if name != chosen:
            try:
                found[name] = _network(text, steps, read_as, name)
            except NotationError as error:
                first.notes.append(f"by the definitions of {TITLES[name]} it is no network: {error}")
    return found


class Built(Network):
    """A network with what was noticed while it was made."""

    def __init__(self, root: Module, setting: Setting, builder: Builder, **rest: object) -> None:
        super().__init__(root, **rest)  # type: ignore[arg-type]
        self.setting = setting
        self.builder = builder


def _network(text: str, steps: list[Step], read_as: str, convention: str) -> Built:
    from re import findall

    from nparams.notation._stack.tokens import SYMBOL

    setting = Setting(convention, set(findall(rf"(?<!\w){SYMBOL}(?!\w)", text)))
    builder, start = Builder(setting), _start(steps)
    modules, _ = builder.run(steps, start)
    if start.channels is None and start.positions is None and (channels := entering(modules)) is not None:
        builder = Builder(setting)  # the first layer itself said what comes in
        modules, _ = builder.run(steps, Flow(None, channels))
    if not modules:
        raise NotationError("an input alone has no layers: input 784; dense 10")
    root = Module(children=modules)
    settle_training(root)
    return Built(
        root, setting, builder, source=text, form="stack", read_as=read_as,
        notes=[*setting.notes, *setting.missing.values()],
    )  # fmt: skip


def _start(steps: list[Step]) -> Flow:
    return steps[0].flow or Flow()


def _leave_out_biases(steps: list[Step], bias: str) -> None:
    """--bias none or hidden, for layers that do not say themselves."""
    calls = [call for call in _calls(steps) if call.kind is not None and "bias" in call.kind.params]
    for call in calls if bias == "none" else calls[-1:] if bias == "hidden" else []:
        call.given.setdefault("bias", False)


def _calls(steps: list[Step]) -> list:  # type: ignore[type-arg]
    found = []
    for step in steps:
        found += [step.what] if step.what is not None else [c for branch in step.branches for c in _calls(branch)]
    return found
