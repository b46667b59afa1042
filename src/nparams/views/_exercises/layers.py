"""Questions about one layer: what is told of it, its parts, and how its weights and biases are reckoned."""

from __future__ import annotations

from string import Formatter

from nparams.errors import InvariantError
from nparams.expr import Expr, free_symbols, mul, product
from nparams.network import PARAMETER_ROLES
from nparams.network.folding import depends
from nparams.views._exercises.facts import MOST_TENSORS, value
from nparams.views._exercises.parts import Name, Question, Say, Show, shape_slots
from nparams.views._exercises.texts import (
    ASK_COPIES,
    ASK_FAMILY,
    ASK_LAYER,
    ASK_UNBIASED,
    BESIDES,
    GIVEN,
    INPUTS,
    ORDER,
    RECURRENT,
    STATISTICS,
    UNBIASED,
)
from nparams.views.look import PLURALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Module, Tensor
    from nparams.network.rows import Row
    from nparams.views._exercises.facts import Facts
    from nparams.views._exercises.parts import Block, Slot

#: layers that a sheet asks about
MOST = 4


class Part:
    """Some of a layer's parameters: a sentence, what they are in letters and in numbers, and what it comes to."""

    __slots__ = ("letters", "numbers", "role", "sentence", "value")

    def __init__(self, sentence: Say | None, role: str, letters: Size | None, numbers: Size) -> None:
        from nparams.expr import evaluate

        self.sentence = sentence
        self.role = role
        self.letters = letters
        self.numbers = numbers
        #: None where it is symbolic
        self.value = numbers if isinstance(numbers, int) else None if free_symbols(numbers) else evaluate(numbers, {})

    def show(self) -> Show:
        """letters = numbers = value."""
        return Show([self.letters, self.numbers, self.value], noun(self.value, self.role))


def noun(count: int | None, role: str) -> str:
    """What is counted, in the right number.

    >>> noun(1, "bias"), noun(16, "bias"), noun(None, "weight")
    ('bias', 'biases', 'weights')
    """
    return role if count == 1 else role + PLURALS.get(role, "s")


def parts_of(row: Row) -> list[Part]:
    """The parts of one copy of a layer: as the textbook explains them, else one for each array."""
    from nparams.expr import replace_raw

    if not row.module.why:
        return [_array(t, row.module) for t in row.module.tensors if _counts(t)]
    args = row.module.args
    return [
        Part(Say(sentence, **args), role, part, replace_raw(part, args))
        for part, role, sentence in row.module.why if part != 0
    ]  # fmt: skip


def _counts(t: Tensor) -> bool:
    return t.role in PARAMETER_ROLES and t.tied_to is None and t.size is not None


def _array(t: Tensor, module: Module) -> Part:
    leaf = t.name[len(module.name) + 1 :] if module.name and t.name.startswith(f"{module.name}.") else t.name
    words, sides = shape_slots("side", t.shape)
    sentence = Say(f"{{name}} has the shape {words}." if words else "{name} is one number.", name=Name(leaf), **sides)
    shape = t.shape or ()
    return Part(sentence, t.role, None, Expr("mul", shape) if len(shape) > 1 else product(shape))


# -- what is told ------------------------------------------------------------------------------------------------------


def given(row: Row) -> Say:
    """What a student must know of a layer to reckon with it."""
    letters = _letters(row.module)
    for words in GIVEN.get(row.kind or "", ()):
        needed = [slot for _, slot, _, _ in Formatter().parse(words) if slot]
        if all(name in letters for name in needed):
            return Say(words + _directions(row) + _without(row), **{name: letters[name] for name in needed})
    symbols = free_symbols(row.formula) if isinstance(row.formula, Expr) else frozenset()
    told = [name for name in row.module.args if name in symbols]
    if not told:
        return _shapes(row)
    slots: dict[str, Slot] = {f"v{k}": row.module.args[name] for k, name in enumerate(told)}
    slots |= {f"s{k}": Expr("sym", (), name) for k, name in enumerate(told)}
    return Say(", ".join(f"{{s{k}}} = {{v{k}}}" for k in range(len(told))) + _without(row), **slots)


def _letters(module: Module) -> dict[str, Slot]:
    """The layer's letters, the sides of its filters as words (3×3), and its number of matrices."""
    letters: dict[str, Slot] = dict(module.args)
    sides = [size for name, size in module.args.items() if name.startswith("k_")]
    whole = [str(size) for size in sides if isinstance(size, int)]
    if whole and len(whole) == len(sides):
        letters["window"] = "×".join(whole)
    letters["matrices"] = sum(t.role == "weight" for t in module.tensors)
    return letters


def _directions(row: Row) -> str:
    """Whether a recurrent layer hands on twice as much as it has cells: each way a half."""
    both = row.kind in RECURRENT and row.out and row.out[-1] == mul(2, row.module.args.get("h", 0))
    return " in each of two directions" if both else ""


def _without(row: Row) -> str:
    return ", no bias" if row.biases == 0 and row.weights != 0 and row.kind not in UNBIASED else ""


def _shapes(row: Row) -> Say:
    held = [t for t in row.module.tensors if _counts(t)]
    if not held or len(held) > MOST_TENSORS:
        return Say("" if not held else "{n} arrays", n=len(held))
    slots: dict[str, Slot] = {}
    words = []
    for k, t in enumerate(held):
        slots[f"name{k}"] = t.name.rpartition(".")[2] or t.name
        sides, more = shape_slots(f"side{k}_", t.shape)
        slots |= more
        words.append(f"{{name{k}}}: {sides or 'one number'}")
    return Say(", ".join(words), **slots)


# -- what is asked -----------------------------------------------------------------------------------------------------


def chosen(facts: Facts) -> list[Row]:
    """The layers that are asked about: one of each kind, the most instructive kinds first, in the network's order."""
    firsts: dict[str | None, Row] = {}
    for row in facts.holding:
        fits = not row.unknown and 0 < len(row.module.tensors) <= MOST_TENSORS
        if fits and (row.kind not in firsts or firsts[row.kind].module.args.get("c_in") == 1):  # that teaches less
            firsts[row.kind] = row
    size = {id(row): value(row.total) or 0 for row in firsts.values()}
    ranked = sorted(firsts.values(), key=lambda r: (ORDER.index(r.kind) if r.kind in ORDER else 99, -size[id(r)]))
    picked = {id(row) for row in ranked[:MOST]}
    return [row for row in facts.holding if id(row) in picked]


def question(row: Row, facts: Facts) -> Question:
    """How many weights and biases a layer has."""
    parts = parts_of(row)
    asked, solved = _asked(row), _reckoned(row, parts)
    for more, answer in _besides(row, facts):
        asked.append(more)
        solved.append(answer)
    return Question(asked, solved)


def _asked(row: Row) -> list[Block]:
    name, over = Name(row.name or "the network"), row.module.over
    if over is not None and depends(row.module, over.index):
        index = Expr("sym", (), over.index)
        return [Say(ASK_FAMILY, name=name, index=index, first=over.first, last=over.last)]
    words = ASK_COPIES if row.copies != 1 else ASK_UNBIASED if row.kind in UNBIASED else ASK_LAYER
    asked: list[Block] = [Say(words, name=name, copies=row.copies, every=every(row.copies))]
    if row.kind in RECURRENT:  # definitions differ: one vector of biases or two
        asked += [part.sentence for part in parts_of(row) if part.role == "bias" and part.sentence is not None]
    return asked


def _reckoned(row: Row, parts: list[Part]) -> list[Block]:
    steps: list[Block] = [*_opening(row)]
    for part in parts:
        steps += [part.sentence, part.show()] if part.sentence is not None else [part.show()]
    if row.kind not in UNBIASED and not any(part.role == "bias" for part in parts):
        steps.append(Say("It has no biases."))
    over = row.module.over
    if over is not None and depends(row.module, over.index):
        return [*steps, Say("All these layers together:"), Show([row.total], "parameters")]
    values = [part.value for part in parts]
    if None in values or not isinstance(row.copies, int):
        return [*steps, *_all(row)]
    lines = [*_sums(parts), *_copies(row, sum(value for value in values if value is not None))]
    return [*steps, Say("Together:"), *lines] if lines else steps


def _opening(row: Row) -> list[Say]:
    """What the textbook says of a layer before it counts."""
    found: list[Say] = []
    for part, _, sentence in row.module.why:
        if part != 0:
            return found
        found.append(Say(sentence, **row.module.args))
    return []


def _all(row: Row) -> list[Block]:
    """What all copies hold, where it is symbolic."""
    if row.copies == 1:
        return []
    return [Say("Together:"), Show([row.total], "parameters")]


def _sums(parts: list[Part]) -> list[Show]:
    """The weights of one layer, its biases, and both."""
    lines, sums = [], []
    for role in ("weight", "bias"):
        values = [part.value or 0 for part in parts if part.role == role]
        sums += [sum(values)] if values else []
        if len(values) > 1:
            lines.append(Show([Expr("add", tuple(values)), sum(values)], noun(sum(values), role)))
    return [*lines, Show([Expr("add", tuple(sums)), sum(sums)], "parameters")] if len(sums) > 1 else lines


def _copies(row: Row, one: int) -> list[Show]:
    """All copies of a layer, checked against its row."""
    if mul(one, row.copies) != row.total:
        raise InvariantError(f"{row.name}: {row.copies} layers of {one:,} are not the {row.total} of the row")
    return [] if row.copies == 1 else [Show([Expr("mul", (row.copies, one)), row.total], "parameters")]


def _besides(row: Row, facts: Facts) -> list[tuple[Say, Say]]:
    """The questions why that belong to a layer."""
    found: list[tuple[Say, Say]] = []
    letters = _letters(row.module)
    needed, asked, answer = BESIDES.get(row.kind or "", (("",), "", ""))
    plain = row.kind != "Conv" or letters.get("c_in") != 1
    if plain and all(name in letters for name in needed):
        slots = {name: letters[name] for name in needed}
        found.append((Say(asked, **slots), Say(answer, **slots)))
    if facts.inputs is not None and row is facts.rows[0]:
        found.append((Say(INPUTS[0]), Say(INPUTS[1], name=Name(row.name))))
    if row.copies == 1 and (kept := statistics(row)):
        counter = "" if kept % 2 == 0 else ", and a count of the batches"
        found.append((Say(STATISTICS[0], n=kept), Say(STATISTICS[1], n=kept, counter=counter)))
    return found


def statistics(row: Row) -> int:
    """The numbers that a normalisation measures: two for each channel and, in PyTorch, how many batches it saw."""
    kept, channels = value(row.apart.get("buffer", 0)), value(mul(2, mul(row.copies, row.module.args.get("c", 0))))
    if row.kind != "BatchNorm" or kept is None or channels is None or not isinstance(row.copies, int):
        return 0
    return kept if kept - channels in (0, row.copies) else 0


def every(copies: Size) -> Slot:
    """All copies in words.

    >>> every(2), every(12)
    ('both', 'all 12')
    """
    return "both" if copies == 2 else f"all {copies:,}" if isinstance(copies, int) else "all of them"
