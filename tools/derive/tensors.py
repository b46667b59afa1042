"""Which tensors there are, and of which shape: for every name a tree of questions that chooses among what was seen."""

from __future__ import annotations

import functools
import itertools
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from transformers.activations import ACT2CLS

from nparams.expr import Expr, add, free_symbols, mul
from nparams.expr.nodes import build
from tools.derive import choice
from tools.derive.compiled import bits, column
from tools.derive.counts import Counter
from tools.derive.errors import NoEntry
from tools.derive.indices import LETTERS, Indices, Mode, Site, Size, generalised, has_rounds, letter, modes, patterns
from tools.derive.observe import Item
from tools.derive.questions import Question, Row, answered, candidates, conjunction, further, of_activations, row
from tools.derive.templates import MARK, Templates, containers_of
from tools.derive.tracking import name_of

#: examples of one name at most (evenly taken)
MOST_ROWS = 3_000
#: examples that are read at first, to know what tensors of a name may be
MOST_READ = 120
#: expressions of the runs that a size whose symbol was lost is looked for among
MOST_POOL = 2_000
#: the classes of activations
ACTIVATIONS = {(kind[0] if isinstance(kind, tuple) else kind).__name__ for kind in ACT2CLS.values()}
#: sizes that one place of a shape may have under different conditions
MOST_SIZES = 4
#: sizes of tables that are computed and joined: halves of a size, for sines and cosines, and the like
TABLES: tuple[Callable[[Size], Size], ...] = (
    lambda n: mul(2, build("floordiv", (n, 2))), lambda n: mul(2, build("ceildiv", (n, 2))),
    lambda n: build("floordiv", (n, 2)), lambda n: build("ceildiv", (n, 2)),
    lambda n: add(n, 1), lambda n: add(n, 2), lambda n: add(n, -1),
    lambda n: add(mul(2, n), -1), lambda n: add(mul(2, n), 1),
    lambda n: mul(2, n), lambda n: mul(3, n), lambda n: mul(4, n), lambda n: mul(n, n),
)  # fmt: skip


class Form(NamedTuple):
    """What a tensor may be: everything of it but its indices."""

    dims: tuple[Size | None, ...]
    role: str
    dtype: str
    frozen: bool
    owner: str
    tied: str | None


class Cell(NamedTuple):
    """A tensor under one condition."""

    template: str
    over: tuple[tuple[str, str], ...]
    condition: str
    form: Form


class Example(NamedTuple):
    """A place where a tensor is, or could be."""

    row: Row
    indices: Indices
    item: Item | None


class NoTensor(NoEntry):
    """A name for which no rule was found."""

    def __init__(self, template: str, why: NoEntry) -> None:
        super().__init__(why.reason, why.kind)
        self.template = template


def flags_of(values: Iterable[Mapping[str, Any]]) -> list[str]:
    """The symbols of the fields that are true or false."""
    return list(dict.fromkeys(name_of(p) for held in values for p, v in held.items() if isinstance(v, bool)))


class Learner:
    """All names of one head, one after another."""

    def __init__(self, templates: Templates, envs: Sequence[dict[str, Any]], tests: Any, flags: Sequence[str]) -> None:
        self.templates = templates
        self.envs = envs
        self.tests = tests
        self.flags = flags
        self.counter = Counter(templates, envs, tests, flags)
        self.lengths = [{n: len(v) for n, v in env.items() if isinstance(v, list)} for env in envs]
        self.asked: dict[tuple[Any, ...], list[Question]] = {}
        self.items: dict[str, dict[tuple[int, Indices], Item]] = {}
        for k, o in enumerate(templates.observations):
            for item in o.items:
                template, indices = templates.of(item.name, o)
                self.items.setdefault(template, {})[k, indices] = item

    def cells(self, known: Collection[str] = ()) -> Iterator[Cell | str]:
        """Every tensor with its condition, in the order of registration; the name alone of those that are known."""
        names = [[self.templates.of(i.name, o)[0] for i in o.items] for o in self.templates.observations]
        for template in ordered(names):
            if template in known:
                yield template
            else:
                try:
                    yield from self.of(template)
                except NoEntry as error:
                    raise NoTensor(template, error) from None

    def of(self, template: str) -> Iterator[Cell]:
        """The cells of one name; NoEntry where no rule is found."""
        marks = template.count(MARK)
        counts = [self.counter.of(c) for c in containers_of(template)]
        over = tuple((LETTERS[p], c.text) for p, c in enumerate(counts))
        examples = list(self._examples(template, counts))
        forms = self._forms(template, examples, marks)
        everywhere = (1 << len(examples)) - 1
        absent = sum(1 << k for k, e in enumerate(examples) if e.item is None)
        options: list[Form | None] = [None, *forms]
        masks = [absent, *(self._right(form, examples) for form in forms)]
        paths = choice.paths(masks, [], everywhere)
        questions: list[Question] = []
        for more in (False, True) if marks else (False,):
            if paths is None:
                questions = self._fitting(self._questions(counts, examples, more), examples)
                paths = choice.paths(masks, [q.mask for q in questions], everywhere)
        if paths is None:
            raise NoEntry(
                f"when there is a {template.replace(MARK, '*')}, and of which shape, follows no rule that was found"
            )
        for option, path in paths:
            form = options[option]
            if form is not None:
                yield Cell(template, over, "*".join(conjunction(questions, path)) or "1", form)

    def _fitting(self, questions: list[Question], examples: Sequence[Example]) -> list[Question]:
        """Without what is asked about activations, unless the tensors are an activation's own."""
        if any(e.item is not None and e.item.owner in ACTIVATIONS for e in examples):
            return questions
        names = of_activations(self.tests, ACT2CLS)
        return [question for question in questions if names.isdisjoint(free_symbols(question.expr))]

    def _questions(self, counts: Sequence[Any], examples: Sequence[Example], more: bool) -> list[Question]:
        """What tells places from others; asked once for all names that may stand in the same places."""
        marks, rows = len(counts), [e.row for e in examples]
        key = more, *(c.text for c in counts), *((e.row.observation, e.indices) for e in examples)
        if key not in self.asked:
            exprs = [*candidates(self.counter.atoms, self.tests, self.flags, marks), *self._ends(counts, marks)]
            self.asked[key] = answered([*exprs, *further(rows, marks)] if more else exprs, rows)
        return self.asked[key]

    def _ends(self, counts: Sequence[Any], marks: int) -> Iterator[Expr]:
        """Whether an index is the last one."""
        for p in range(marks):
            for size in dict.fromkeys(size for _, size in counts[p].cases):
                yield Expr("eq", (letter(p), add(size, -1)))
                yield Expr("lt", (letter(p), add(size, -1)))

    def _examples(self, template: str, counts: Sequence[Any]) -> Iterator[Example]:
        """Every place in every observation, with the tensor there if there is one."""
        found = self.items[template]
        places: list[tuple[int, Indices]] = []
        for k, env in enumerate(self.envs):
            inside = list(_places(counts, env))
            here = {indices for o, indices in found if o == k}
            places += [(k, indices) for indices in dict.fromkeys([*inside, *sorted(here)])] or [(k, ())]
        for k, indices in places[:: max(1, len(places) // MOST_ROWS)]:
            yield Example(row(k, self.envs[k], indices), indices, found.get((k, indices)))

    # -- forms --

    def _forms(self, template: str, examples: Sequence[Example], marks: int) -> list[Form]:
        """What the tensors of a name may be, the most frequent first, as some of them say that explain all others."""
        here = [e for e in examples if e.item is not None]
        some = here[:: max(1, len(here) // MOST_READ)]
        while True:
            forms = self._read(some, marks)
            right = functools.reduce(int.__or__, (self._right(form, here) for form in forms), 0)
            read = set(map(id, some))
            left = [e for k, e in enumerate(here) if not right >> k & 1 and id(e) not in read]
            if not left:
                return forms
            some += left[:: max(1, len(left) // MOST_READ)]

    def _read(self, here: Sequence[Example], marks: int) -> list[Form]:
        """What these tensors may be, by the reading of indices that gives the fewest."""
        best: list[Form] | None = None
        inside = any(has_rounds(d) for e in here if e.item is not None for d in e.item.dims if d is not None)
        for mode in modes(marks if inside else 0):
            tally = Tally(self._form(e, mode) for e in here)
            forms = [form for form, _ in tally.most_common()]
            if best is None or len(forms) < len(best):
                best = forms
        return self._completed(best or [], here, marks)

    def _form(self, e: Example, mode: Mode) -> Form:
        item = e.item
        assert item is not None
        site = Site(e.indices, self.lengths[e.row.observation])
        dims = tuple(generalised(d, site, mode) for d in item.dims)
        tied = None if item.tied is None else self._tied(item.tied, e)
        return Form(dims, item.role, item.dtype, item.frozen, item.owner, tied)

    def _tied(self, owner: str, e: Example) -> str:
        """The owner's name under this tensor's letters: its indices are this tensor's, or plain numbers."""
        template, indices = self.templates.of(owner, self.templates.observations[e.row.observation])
        parts = template.split(MARK)
        words = [LETTERS[k] if k < len(e.indices) and e.indices[k] == n else str(n) for k, n in enumerate(indices)]
        marked = [f"{{{w}}}" if w in LETTERS else w for w in words]
        return parts[0] + "".join(w + rest for w, rest in zip(marked, parts[1:], strict=True))

    def _right(self, form: Form, examples: Sequence[Example]) -> int:
        """The examples in which a form is what is there."""
        alike = [k for k, e in enumerate(examples) if e.item is not None and self._alike(form, e, e.item)]
        for d, size in enumerate(form.dims):
            if size is None:
                return 0
            numbers = column(size, [examples[k].row.env for k in alike])
            alike = [k for k, n in zip(alike, numbers, strict=True) if examples[k].item.shape[d] == n]  # type: ignore[union-attr]
        return sum(1 << k for k in alike)

    def _alike(self, form: Form, e: Example, item: Item) -> bool:
        """Whether all but the sizes are as the form says."""
        same = (form.role, form.dtype, form.frozen, form.owner) == (item.role, item.dtype, item.frozen, item.owner)
        if not same or len(form.dims) != len(item.shape) or (form.tied is None) != (item.tied is None):
            return False
        return item.tied is None or form.tied == self._tied(item.tied, e)

    # -- sizes whose symbol was lost --

    def _completed(self, forms: list[Form], here: Sequence[Example], marks: int) -> list[Form]:
        """Forms without unknown sizes: numbers that vary, and unknowns, are looked for among what came up."""
        made: dict[Form, None] = {}
        for form in forms:
            if None not in form.dims and not self._varies(form, forms):
                made.setdefault(form)
        if len(made) == len(forms):
            return list(made)
        open_forms = {f._replace(dims=tuple(None for _ in f.dims)) for f in forms if f not in made}
        for bare in open_forms:
            alike = [e for e in here if e.item is not None and _bare(e.item) == bare._replace(tied=None)]
            for dims in self._found(alike, forms, marks):
                made.setdefault(bare._replace(dims=dims))
        made.update(dict.fromkeys(f for f in forms if None not in f.dims))
        return list(made)

    def _varies(self, form: Form, forms: Sequence[Form]) -> bool:
        """Whether it has a plain number where others of the same kind have another plain number."""
        for k, d in enumerate(form.dims):
            numbers = {f.dims[k] for f in forms if len(f.dims) > k and isinstance(f.dims[k], int)}
            if isinstance(d, int) and len(numbers) > 2:
                return True
        return False

    def _found(self, alike: Sequence[Example], forms: Sequence[Form], marks: int) -> Iterator[tuple[Size, ...]]:
        """Shapes whose every size is an expression that is right in many of the examples."""
        if not alike:
            return
        assert alike[0].item is not None
        slots = []
        for k in range(len(alike[0].item.shape)):
            known = [f.dims[k] for f in forms if len(f.dims) > k and f.dims[k] is not None]
            slots.append(self._slot(alike, k, known, marks))
        yield from itertools.islice(itertools.product(*slots), 24)

    def _slot(self, alike: Sequence[Example], k: int, known: Sequence[Any], marks: int) -> list[Size]:
        """Sizes that together are right in all examples; plain numbers where nothing else is."""
        numbers = [e.item.shape[k] for e in alike if e.item is not None]
        if len(set(numbers)) == 1:
            return [numbers[0]]
        envs = [e.row.env for e in alike]
        left = (1 << len(alike)) - 1
        scored: list[tuple[int, Size]] = []
        for size in self._pool(known, marks):
            right = bits(found == n for found, n in zip(column(size, envs), numbers, strict=True))
            if right == left:
                return [size]
            scored += [(right, size)] if right.bit_count() > 1 else []
        scored += [(bits(n == number for n in numbers), number) for number in dict.fromkeys(numbers)]
        return self._covering(scored, left)

    def _covering(self, scored: Sequence[tuple[int, Size]], left: int) -> list[Size]:
        found: list[Size] = []
        while left and scored and len(found) < MOST_SIZES:
            right, size = max(scored, key=lambda pair: (pair[0] & left).bit_count())
            found.append(size)
            left &= ~right
        return found

    def _pool(self, known: Sequence[Any], marks: int) -> Iterator[Size]:
        yield from dict.fromkeys(known)
        yield from self.symbols(marks)
        made = dict.fromkeys(e for o in self.templates.observations[:8] for e in list(o.pool)[:MOST_POOL])
        yield from dict.fromkeys(g for e in made for g in patterns(e, marks))
        for size in dict.fromkeys([*known, *self.symbols(marks)]):
            yield from (made_of(size) for made_of in TABLES)

    def symbols(self, marks: int) -> list[Size]:
        """Every field that is a number, and every entry at an index."""
        names = dict.fromkeys(n for env in self.envs for n, v in env.items() if type(v) is int)
        lists = dict.fromkeys(n for env in self.envs for n, v in env.items() if isinstance(v, list))
        entries = [Expr("idx", (add(letter(p), off),), n) for n in lists for p in range(marks) for off in (0, -1, 1)]
        return [*(Expr("sym", (), n) for n in names), *entries]


def _bare(item: Item) -> Form:
    return Form(tuple(None for _ in item.shape), item.role, item.dtype, item.frozen, item.owner, None)


def _places(counts: Sequence[Any], env: dict[str, Any]) -> Iterator[Indices]:
    """Every tuple of indices that the counts allow."""
    if not counts:
        yield ()
        return
    stack: list[Indices] = [()]
    while stack:
        indices = stack.pop()
        if len(indices) == len(counts):
            yield indices
            continue
        count = counts[len(indices)].at({**env, **dict(zip(LETTERS, indices, strict=False))})
        stack += [(*indices, n) for n in reversed(range(min(count or 0, 1000)))]


def ordered(sequences: Sequence[Sequence[str]]) -> list[str]:
    """One order of all names that agrees with each sequence as far as they agree: a new name goes behind the one
    before it."""
    order: list[str] = []
    known: set[str] = set()
    for sequence in sequences:
        at = 0
        for name in dict.fromkeys(sequence):
            if name in known:
                at = order.index(name) + 1
            else:
                order.insert(at, name)
                known.add(name)
                at += 1
    return order
