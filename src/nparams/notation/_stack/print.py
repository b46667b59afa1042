"""A layer list as it was understood, in one canonical form that reads back as the same network."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.notation._stack.vocabulary import COUNTED, usual_numbers, vocabulary, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.kind import Kind
    from nparams.notation._stack.general import Call
    from nparams.notation._stack.parse import Step


def canonical(steps: list[Step]) -> str:
    """The list in one line; equal neighbours are written once, x how often."""
    told = [_step(step) for step in steps]
    folded: list[tuple[str, int]] = []
    for text in told:
        if folded and folded[-1][0] == text and _may_fold(text):
            folded[-1] = (text, folded[-1][1] + 1)
        else:
            folded.append((text, 1))
    return "; ".join(text if count == 1 else f"{count} x {text}" for text, count in folded)


def _may_fold(text: str) -> bool:
    return " x " not in text and not text.startswith("input ") and " as " not in text


def _step(step: Step) -> str:
    times = "" if step.times == 1 else f"{written(step.times)} x "
    name = "" if step.name is None else f" as {step.name}"
    if step.what is None:
        inner = " | ".join(canonical(branch) for branch in step.branches)
        on = "" if step.on is None else f" on {written(step.on)}"
        word = {"add": "residual", None: ""}.get(step.join, step.join or "")
        if step.join == "add" and step.word not in ("residual", "skip", "shortcut") and len(step.branches) > 1:
            word = "add"
        return f"{times}{word}{' ' if word else ''}({inner}){on}{name}"
    if step.what.shape is not None:
        assert step.flow is not None
        return _input(step)
    return f"{times}{_call(step.what)}{name}"


def _input(step: Step) -> str:
    from nparams.layers.flow import flow_of

    flow = step.flow
    assert flow is not None
    if flow.channels is None:
        return f"input {written(flow.positions)} tokens"
    shape = flow.shape or ()
    told = f"input {written(shape)}"
    if flow_of(shape).first != flow.first:
        told += " channels first" if flow.first else " channels last"
    return told


def _call(call: Call) -> str:
    if call.start:
        return " ".join(call.start)
    if call.again is not None:
        return f"reuse {call.again}"
    assert call.kind is not None
    kind = call.kind
    given = dict(call.given)
    plain = set(kind.params) <= {"rate"}
    word = call.word if plain else kind.words[0]
    for name, preset in kind.presets.items():
        if preset.get("rank") is not None and preset.get("rank") == given.get("rank"):
            word = name
            break
    given.pop("rank", None)
    order = _order(kind, given)
    known = vocabulary(kind)
    if any(isinstance(given[letter], Expr) and str(given[letter]).lower() in known for letter in order):
        order = ()  # conv filters=k: a symbol that is also a word
    parts = [word, *(written(given.pop(letter)) for letter in order)]
    parts += [_argument(kind.params[letter].words, kind.params[letter].takes, value) for letter, value in given.items()]
    if call.on is not None:
        parts.append(f"on {written(call.on)}")
    if call.tied is not None:
        parts.append(f"tied to {call.tied}")
    parts += ["frozen"] * call.frozen
    return ("timedistributed " if call.each else "") + " ".join(part for part in parts if part)


def _order(kind: Kind, given: dict[str, object]) -> tuple[str, ...]:
    """The arguments to write without their words: as many as the kind's own example does."""
    usual = usual_numbers(kind)
    whole = [order for order in kind.orders if len(order) <= usual and all(letter in given for letter in order)]
    return max(whole, key=len, default=())


def _argument(words: list[str], takes: str, value: object) -> str:
    word = words[0] if words else ""
    if takes == "flag":
        return word if value else f"no {word}"
    if takes == "padding" and isinstance(value, str):
        return value
    sign = "=" if isinstance(value, Expr) or word.removesuffix("s") in COUNTED else " "
    return f"{word}{sign}{written(value)}"
