"""Why did I get another number?  Mistakes in counting that give exactly it, one or two at a time, most common first.

Each mistake of the table (_mistakes.py) is an edit of the network; all single ones are counted again, then pairs of
common ones where no single one explains the number.  No more pairs are tried than make a coincidence unlikely.
"""

from __future__ import annotations

from nparams.analyses._edits import placed, reached
from nparams.analyses._formula import Formula, against, formula_of
from nparams.analyses._mistakes import edits, rank
from nparams.analyses._terms import Case
from nparams.analyses._text import Style, called, changes, listed
from nparams.errors import ExprError, UsageError, uncounted
from nparams.expr import Expr, add, equal, mul
from nparams.expr.poly import Canonical
from nparams.network.closed import tidy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.analyses._edits import Edit
    from nparams.analyses._terms import Unit
    from nparams.expr import Size
    from nparams.network import Network

    #: one mistake, or two together
    Hit = tuple[Edit, ...]

#: edits that are tried in pairs, and how uncommon they may be
PAIRED, COMMON = 150, 3.6
#: pairs: at most so many, and at most one for so many numbers below the total
MAX_PAIRS, SPARSE = 20_000, 10
#: layers that are changed again for pairs that touch the same layer
MAX_WORK = 50_000
#: mistakes that are compared in symbols
SYMBOLIC = 250
#: how much less common than the best explanation another may be
RARER = 3.2
#: totals by other conventions are each an answer; of other equal totals of the whole the first is one
TITLED = "by the definitions of"


class Answer:
    """One or two mistakes that give the number: a sentence, the sum, and each layer before and after."""

    __slots__ = ("layers", "mistakes", "says", "sum")

    def __init__(self, mistakes: list[str], says: str, total: str, layers: list[tuple[str, str, str]]) -> None:
        self.mistakes = mistakes
        self.says = says
        self.sum = total
        self.layers = layers


class Why:
    """What `why` found: whether the number is the total, and what explains it if it is not.

    >>> import nparams
    >>> found = nparams.why("784-16-16-10", 12960)
    >>> found.explained, found.answers[0].says
    (True, 'You left out the 42 biases')
    """

    __slots__ = ("answers", "asked", "equal", "formula", "network", "style", "tried")

    def __init__(self, network: Network, asked: Size, style: Style) -> None:
        self.network = network
        self.asked = asked
        total = network.totals.known
        #: whether the number is the total
        self.equal = asked == total or (isinstance(total, Expr) and equal(asked, total, network.lower))
        self.style = style
        self.answers: list[Answer] = []
        #: how many single mistakes and how many pairs were tried
        self.tried = (0, 0)
        #: how a formula compares with the network's, term by term
        self.formula: Formula | None = None

    @property
    def explained(self) -> bool:
        """Whether it is the total, or something gives it."""
        return self.equal or bool(self.answers) or (self.formula is not None and self.formula.differs)

    def __str__(self) -> str:
        from nparams.analyses._why_text import text

        return text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook shows: the same text."""
        printer.text(str(self))


def why(network: Network, number: int | str | Expr, *, unicode: bool = True) -> Why:
    """The mistakes that give `number` where `network` has another total; `number` may be a formula.

    Raises UsageError where the network has no total, or is in symbols and the number is not.

    >>> from nparams.layers.dense import dense
    >>> from nparams.network import Module, Network
    >>> print(why(Network(Module(children=[dense("fc1", 3, 2)]), read_as="3-2"), 6, unicode=False))
    3-2 has 8 parameters, 2 more than 6.
    You left out the 2 biases of fc1: 8 - 2 = 6.
      fc1: 3*2 + 2 = 8; you have 3*2 = 6
    """
    style = Style(unicode)
    if network.total is None:
        raise UsageError(f"{uncounted(network.totals.unknown)}, so there is no total to compare with")
    asked = formula_of(number, network)
    found = Why(network, asked, style)
    if found.equal:
        return found
    case = Case(network)
    if isinstance(asked, Expr) or isinstance(case.total, Expr):
        found.tried = _in_symbols(case, found)
    else:
        found.tried = _search(case, asked, found)
    if isinstance(number, (str, Expr)):
        found.formula = against(case, number, style)
    return found


# -- the search --------------------------------------------------------------------------------------------------------


def _search(case: Case, asked: int, found: Why) -> tuple[int, int]:
    """Single mistakes; pairs where none of them gives the number."""
    singles = [(edit, _total(case, edit)) for edit in edits(case)]
    tried = [(edit, total) for edit, total in singles if total != case.total]
    hits: list[Hit] = [(edit,) for edit, total in tried if total == asked]
    pairs = 0
    if not hits:
        hits, pairs = _pairs(case, tried, asked)
    found.answers = _answers(case, hits, found)
    return len(tried), pairs


def _total(case: Case, edit: Edit) -> Size:
    return edit.total if edit.total is not None else reached(case, edit.units(case))


def _tidied(size: Size) -> Size:
    return size if isinstance(size, int) else tidy(size)


def _pairs(case: Case, tried: list[tuple[Edit, Size]], asked: int) -> tuple[list[Hit], int]:
    """Two common mistakes that give the number together, and how many pairs were tried."""
    common = [(e, t) for e, t in tried if e.total is None and rank(e) <= COMMON][:PAIRED]
    odds = [rank(edit) for edit, _ in common]
    order = sorted((odds[i] + odds[k], i, k) for i in range(len(common)) for k in range(i + 1, len(common)))
    assert isinstance(case.total, int)
    budget = min(MAX_PAIRS, max(SPARSE, max(case.total, asked) // SPARSE))
    hits: list[Hit] = []
    together = _Together(case)
    for count, (_, i, k) in enumerate(order[:budget]):
        (one, t1), (two, t2) = common[i], common[k]
        if together.work < 0:
            return hits, count
        total = t1 + t2 - case.total + together.beyond(one, two)
        if total == asked and total not in (t1, t2):
            hits.append((one, two))
    return hits, min(budget, len(order))


class _Together:
    """What two edits of one layer come to beyond the sum of both; each layer is changed once for each edit."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.work = MAX_WORK
        self.changed: dict[int, dict[int, Unit]] = {}

    def of(self, edit: Edit) -> dict[int, Unit]:
        """The layers as the edit alone leaves them."""
        if id(edit) not in self.changed:
            self.work -= len(edit.at)
            self.changed[id(edit)] = edit.units(self.case)
        return self.changed[id(edit)]

    def beyond(self, one: Edit, two: Edit) -> Size:
        """The total of both, one after the other, less what each adds by itself."""
        both = set(one.at) & set(two.at)
        if not both or two.change is None:
            return 0
        self.work -= len(both)
        first, second = self.of(one), self.of(two)
        beyond: Size = 0
        for i in both:
            before = self.case.units[i]
            after = first.get(i, before)
            last = two.change(after) or after
            beyond += last.size - after.size - second.get(i, before).size + before.size
        return beyond


def _in_symbols(case: Case, found: Why) -> tuple[int, int]:
    """Single mistakes, compared as polynomials; in a long network only those made everywhere."""
    every = [e for e in edits(case) if len(case.units) <= 60 or not e.where][:SYMBOLIC]
    lower = case.network.lower
    try:
        asked = Canonical(lower).canonical(found.asked)
        hits: list[Hit] = [(e,) for e in every if Canonical(lower).canonical(_total(case, e)) == asked]
    except ExprError:  # too much to multiply out
        return 0, 0
    found.answers = _answers(case, hits, found)
    return len(every), 0


# -- answers -----------------------------------------------------------------------------------------------------------


def _answers(case: Case, hits: list[Hit], found: Why) -> list[Answer]:
    """The hits as answers: what comes to the same once, the same mistake in one layer or another together."""
    seen: set[object] = set()
    least = min((_odds(hit) for hit in hits), default=0)
    hits = [hit for hit in hits if _odds(hit) <= least + RARER]
    groups: dict[object, list[Hit]] = {}
    for hit in hits:
        made = _made(case, hit)
        key = (
            frozenset((i, unit.terms, unit.copies) for i, unit in made.items())
            if made
            else (hit[0].mistake, TITLED in hit[0].says and hit[0].says)
        )
        if key in seen:
            continue
        seen.add(key)
        groups.setdefault(tuple(e.stem or e.says for e in hit), []).append(hit)
    return [_answer(case, group, found) for group in groups.values()]


def _odds(hit: Hit) -> float:
    return sum(rank(edit) for edit in hit)


def _made(case: Case, hit: Hit) -> dict[int, Unit]:
    made: dict[int, Unit] = {}
    for edit in hit:
        made = edit.units(case, made)
    return made


def _answer(case: Case, group: list[Hit], found: Why) -> Answer:
    """One answer; `group` holds the same mistakes in one layer or another."""
    style, first = found.style, group[0]
    steps = [case.total, *(_tidied(_reached(case, first[: k + 1])) for k in range(len(first)))]
    sentences = [_sentence([hit[k] for hit in group], steps[k], steps[k + 1], style) for k in range(len(first))]
    made = _made(case, group[0]) if len(group) == 1 else {}
    layers = [(case.units[i].called, style.unit(case.units[i]), style.unit(unit)) for i, unit in sorted(made.items())]
    says = " and ".join([sentences[0], *(s[0].lower() + s[1:] for s in sentences[1:])])
    return Answer([e.mistake for e in first], says, changes(steps, style), layers)


def _reached(case: Case, hit: Hit) -> Size:
    return _total(case, hit[0]) if len(hit) == 1 else reached(case, _made(case, hit))


def _sentence(alike: list[Edit], before: Size, after: Size, style: Style) -> str:
    edit = alike[0]
    says = edit.says
    names = list(dict.fromkeys(e.where for e in alike))
    if len(names) > 1 and edit.stem:
        says = placed(edit.stem, listed([called(name) for name in names], "or"))
    difference = add(after, mul(-1, before))
    if isinstance(difference, int):
        if abs(difference) == 1:
            says = says.replace("{n} biases", "1 bias").replace("parameters", "parameter").replace("inputs", "input")
        return says.replace("{n}", style.number(abs(difference)))
    return says.replace("the {n} ", "the ").replace("{n} ", "")
