"""The tree of a layer list: every element read as a call, inputs as what flows in."""

from __future__ import annotations

import re

from nparams.errors import NotationError
from nparams.expr import product
from nparams.notation._stack.general import UNCOUNTED, Call
from nparams.notation._stack.input import input_flow
from nparams.notation._stack.text import Element, Group, cut
from nparams.notation._stack.tokens import tokens
from nparams.notation._stack.vocabulary import vocabulary
from nparams.notation._stack.words import PLACES, call_of, is_input, kind_at_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.flow import Flow

MAX_STEPS = 100_000
#: 4,096: one number, or two
THOUSANDS = re.compile(r"(?<![\w,(\[{])\d{1,3}(?:,\d{3})+(?![\w,])")


class Step:
    """What the list says at one place: a call, or (Branches) layers in brackets."""

    def __init__(self, place: int, told: str, name: str | None, times: Size, stem: str) -> None:
        self.place = place
        self.told = told
        self.name = name
        self.times = times
        #: what its name begins with
        self.stem = stem
        self.what: Call | None = None
        #: of an input: what flows from here on
        self.flow: Flow | None = None
        #: of a group: the shape that is said to flow in
        self.on: tuple[Size, ...] | None = None
        self.branches: list[list[Step]] = []
        self.join: str | None = None
        self.word = ""

    def __str__(self) -> str:
        return self.told


def steps_of(text: str) -> list[Step]:
    """The list as a tree of steps; NotationError with the place of what is not understood."""
    if (match := THOUSANDS.search(text)) is not None:
        one, several = match[0].replace(",", ""), match[0].replace(",", ", ")
        told = f"reads two ways: write {one} for one number, {several} for several"
        if re.search(r",0", match[0]):
            told = f"is written {one} here: a comma divides layers"
        raise NotationError(f"{match[0]}, at character {match.start() + 1}, {told}")
    known: dict[tuple[str, str], bool] = {}  # long lists repeat themselves

    def continues(before: str, text: str) -> bool:
        pair = (before, text)
        if pair not in known:
            known[pair] = _continues(before, text)
        return known[pair]

    nodes = cut(text, continues)
    if not nodes:
        raise NotationError("nothing was given: write layers, for example: input 784; dense 16; dense 10")
    return _Reader(len(nodes) > 1).steps(nodes)


def named_steps(lines: list[str]) -> list[Step]:
    """The steps of lines that each hold one layer or group, whatever name stands behind `as`.

    A layer's text is read once however often it occurs.
    """
    reader = _Reader(True)
    steps: list[Step] = []
    for line in lines:
        text, _, name = line.rpartition(" as ") if " as " in line else (line, "", "")
        nodes: list[Element | Group] = cut(text, _continues) if "(" in text else [Element(text, len(steps) + 1)]
        steps += reader.steps(nodes)
        steps[-1].name = name or steps[-1].name
    return steps


def _continues(before: str, text: str) -> bool:
    """Whether what follows a comma belongs to the layer before it: `conv 32, 3x3, stride 2`."""
    words = text.split()
    if not words:
        return True
    kind = kind_at_start(before)
    known = vocabulary(kind) if kind is not None else {}
    try:
        first, second = [*(t for t in tokens(text) if t.kind == "word"), None, None][:2]
    except NotationError:
        return False
    hidden = first is not None and first.word == "hidden" and kind is not None and kind.name != "Dense"
    if hidden and "hidden" in known and re.match(r"\s*hidden\s*[=:]", text, re.IGNORECASE):
        return True  # gru: input=32, hidden=32
    if hidden and second is not None and f"hidden{second.word}" in known:
        return True  # lstm 2 layers, hidden size 64
    if first is not None and first.word in PLACES:
        return False
    if kind is not None and first is not None and (first.word in known or first.word in ("linear", *UNCOUNTED)):
        return True
    return not is_input(text) and kind_at_start(text) is None and not _is_group(text) and _is_option(text)


def _is_group(text: str) -> bool:
    """A bracket with layers in it, after a count or a word."""
    match = re.match(r"\s*(?:\w+\s*(?:[x×*]\s*)?)?\(", text)
    return match is not None and any(c.isalpha() for c in text[match.end() :].replace("x", ""))


def _is_option(text: str) -> bool:
    """Nothing that names a layer: numbers, or words for arguments; an unknown word is refused there."""
    return re.match(r"\s*(?:reuse|shared|concat|add|goto)\b", text, re.IGNORECASE) is None


class _Reader:
    def __init__(self, several: bool) -> None:
        self.several = several
        self.first = True
        #: whether an input was given
        self.fed = False
        self.count = 0
        self.calls: dict[str, Call] = {}

    def steps(self, nodes: list[Element | Group]) -> list[Step]:
        return [self._step(node) for node in nodes]

    def _step(self, node: Element | Group) -> Step:
        self.count += 1
        if self.count > MAX_STEPS:
            raise NotationError(f"more than {MAX_STEPS:,} layers are written out; write copies as 12 x (...)")
        if isinstance(node, Group):
            return self._group(node)
        try:
            return self._element(node)
        except NotationError as error:
            raise NotationError(f"{node}: {error}") from None

    def _call(self, text: str) -> Call:
        """The call of an element; one that was written before is not read again."""
        if text not in self.calls:
            self.calls[text] = call_of(text)
        return self.calls[text].copy()

    def _group(self, node: Group) -> Step:
        from nparams.notation._stack.tokens import size_of

        self.first = False
        times = product([size_of(count) for count in node.times])
        step = Step(
            node.place, str(node), node.name, _positive(times, f"{node}: "), node.word if node.join else "block"
        )
        step.word, step.join = node.word, node.join or ("concat" if len(node.branches) > 1 else None)
        if step.join is not None and len(node.branches) == 1 and step.join != "add":
            raise NotationError(
                f"{node}: one branch only; divide branches with |: {node.word} (conv 64 1x1 | conv 96 3x3 same)"
            )
        if node.on is not None:
            step.on = next(t.value if t.kind == "shape" else (size_of(t.text),) for t in tokens(node.on))
        step.branches = [self.steps(branch) for branch in node.branches]
        return step

    def _element(self, node: Element) -> Step:
        bare = self.first and self.several and _is_bare(node.text)
        call = _bare_input(node.text) if bare else self._call(node.text)
        if call.word == "" and call.kind is not None and not self.fed:
            raise NotationError(
                f"it names no layer; write dense {node.text}, or begin with an input: 784 -> {node.text}"
            )
        self.first = False
        self.fed = self.fed or call.shape is not None
        step = Step(node.place, str(node), call.name, _positive(call.times), _stem(call))
        step.what = call
        if call.shape is not None:
            step.flow = input_flow(call.shape)
        return step


def _positive(times: Size, told: str = "") -> Size:
    if isinstance(times, int) and times < 1:
        raise NotationError(f"{told}{times} copies; write 1 or more")
    return times


def _is_bare(text: str) -> bool:
    return all(t.kind in ("size", "shape") for t in tokens(text))


def _bare_input(text: str) -> Call:
    call = Call(text)
    call.shape = tokens(text)
    return call


def _stem(call: Call) -> str:
    if call.kind is None:
        return call.start[0] if call.start else call.again or "input"
    kind = call.kind
    plain = set(kind.params) <= {"rate"}
    return call.word if plain and call.word else kind.words[0]
