"""Lists of layers as people write them: `input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10`.

Text is cut at `;` `,` `->` and new lines (_stack_text), each element becomes a call of a kind of layer (_stack_words),
and calls become modules while shapes flow from one to the next (_stack_build).  The kinds are the textbook's (layers/).
Nothing is guessed: a size that is not said stays a symbol, and a note says which.
"""

from __future__ import annotations

from nparams.errors import NotationError, UsageError, shown
from nparams.layers.flow import Flow
from nparams.layers.kind import CONVENTIONS, TITLES
from nparams.layers.layer import Setting
from nparams.network import Module, Network
from nparams.notation._stack_build import Builder, entering
from nparams.notation._stack_modules import settle_training
from nparams.notation._stack_parse import Step, steps_of
from nparams.notation._stack_print import canonical

BIASES = ("all", "hidden", "none")


def claims(text: str) -> bool:
    """Never before the file system was asked: any file may bear a layer's name."""
    return False


def may_be(text: str) -> bool:
    """Whether some element of `text` names a layer or an input."""
    from nparams.notation._stack_claim import is_list

    return is_list(text)


def read(text: str, *, bias: str = "all", convention: str | None = None) -> Network:
    """The network that the list of layers in `text` describes.

    `convention`: whose layer definitions hold: "textbook" (the default), "torch" or "keras"; with "all" the network is
    the textbook's and `also` holds the others' totals, as it does whenever they differ.  `bias`: "none" leaves all
    biases out that are not asked for, "hidden" those of the last layer.  Raises NotationError with the place of what is
    not understood and what to write instead; UsageError for another option.

    >>> read("input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10").total
    54410
    """
    if bias not in BIASES:
        raise UsageError(f"bias {shown(bias)}: choose one of {', '.join(BIASES)}")
    if convention not in (None, "all", *CONVENTIONS):
        raise UsageError(f"convention {shown(str(convention))}: choose one of {', '.join(CONVENTIONS)}, all")
    steps = steps_of(text)
    _leave_out_biases(steps, bias)
    chosen = convention if convention in CONVENTIONS else "textbook"
    read_as = canonical(steps)
    first = _network(text, steps, read_as, str(chosen))
    networks = dict.fromkeys((chosen, *(c for c in CONVENTIONS if c != chosen)), first)
    if first.setting.consulted:
        networks = {chosen: first, **_others(text, steps, read_as, str(chosen), first)}
    from nparams.notation._stack_notes import finished

    return finished(networks, convention)


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

    from nparams.notation._stack_tokens import SYMBOL

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


__all__ = ["claims", "may_be", "read"]
