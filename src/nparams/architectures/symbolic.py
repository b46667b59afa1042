"""A head as a Network in the names of its configuration's fields: copies as repeats, conditions as flags."""

from __future__ import annotations

from nparams.architectures.cases import cases, conditions
from nparams.architectures.refusals import TRY
from nparams.architectures.sight import Listed, seen
from nparams.architectures.slots import symbol_of
from nparams.errors import ExprError, UnsupportedError
from nparams.expr import Expr, add, free_symbols, mul
from nparams.expr.nodes import build
from nparams.expr.walk import LETTERS
from nparams.layers._torch.held import kind_name, named_as
from nparams.network import Module, Network, Over, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from nparams.architectures.blocks import Block, Group
    from nparams.architectures.entry import Entry
    from nparams.architectures.sight import Sight
    from nparams.expr import Size

    #: (name with its indices as letters, sides) -> (k, E): a token uses k of E equal experts in it
    Route = Callable[[str, tuple[Size, ...]], tuple[Size | None, Size] | None]

#: layers that differ and are written out one by one
MAX_WRITTEN = 2_000


def symbolic(
    entry: Entry,
    head: str,
    fixed: Mapping[str, Any] | None = None,
    free: Collection[str] | None = None,
    *,
    dtype: str | None = None,
    route: Route | None = None,
) -> Network:
    """The network of a class with fields as symbols (a dot in a path becomes two underscores).

    Those in `free` are symbols and all others have the value in `fixed`, or their default; without `free` every whole
    number and flag that `fixed` does not give is a symbol.
    """
    program = entry.program(head)
    sight = seen(entry, fixed, free)
    entry.heads[head].check(sight.values.__getitem__, lambda field: entry.value(fixed or {}, field))
    builder = _Builder(sight, dtype, route)
    root = Module("", tensors=[], children=[])
    try:
        for group in program.groups:
            builder.place(root, group)
        where = conditions(sight)
    except ExprError as error:
        raise UnsupportedError(f"{entry.type}: {error}; {TRY}") from None
    held = [held for held in sight.values.values() if isinstance(held, Listed)]
    lengths: dict[str, tuple[int, Size]] = {each.name: (0, each.length) for each in held}
    names = {name for block in program.blocks for size, _ in block.texts() for name in free_symbols(size)}
    made = Network(
        root, source=entry.type, form="config", read_as=f"{head} ({entry.type})", where=where, lengths=lengths,
        notes=cases(sight, names),
    )  # fmt: skip
    made.fields = entry.resolve(fixed or {}).numbers()
    made.aliases = entry.aliases
    return made


class _Builder:
    """Puts groups into a tree: parts of names, repeats where an index is bound, a part for each condition."""

    def __init__(self, sight: Sight, dtype: str | None, route: Route | None) -> None:
        self.sight = sight
        self.dtype = dtype
        self.route = route
        taken = {symbol_of(field) for field in sight.entry.fields}
        self.flag = next(c for c in reversed(LETTERS) if c not in taken)
        self.made: dict[object, Module] = {}

    def place(self, root: Module, group: Group) -> None:
        """Put a group where its name says."""
        for bound in self._bindings(group.block, 0, {}):
            condition = self.sight.holds(group.block.condition, bound)
            if (pinned := pinned_by(condition, bound)) is not None:
                letter, value = pinned
                within = self._within(group.block, letter, value, bound)
                bound = {**bound, letter: value}
                condition = mul(within, self.sight.holds(group.block.condition, bound))
            condition, ends = self._limited(group.block, condition, bound)
            if condition != 0 and not self._is_empty(group.block, bound, ends):
                _Way(self, group, bound, condition, ends).lead(root)

    def _limited(
        self, block: Block, condition: Size, bound: Mapping[str, Size]
    ) -> tuple[Size, dict[str, tuple[Size, Size]]]:
        """The condition without comparisons that only say where an index from 0 on begins or ends; and these ends."""
        rest: list[Size] = []
        ends: dict[str, tuple[Size, Size]] = {}
        spans = {span.letter: span for span in block.spans if isinstance(bound[span.letter], Expr)}
        for part in condition.args if isinstance(condition, Expr) and condition.op == "mul" else (condition,):
            found = limit_of(part, spans)
            if found is None or found[0] in ends or self.sight.put(spans[found[0]].first_size, bound) != 0:
                rest.append(part)
                continue
            letter, is_first, size = found
            count = self.sight.put(spans[letter].count_size, bound)
            met = min(size, count) if isinstance(size, int) and isinstance(count, int) else build("min", (size, count))
            ends[letter] = (met, add(count, -1)) if is_first else (0, add(met, -1))
        return mul(*rest) if rest else 1, ends

    def _is_empty(self, block: Block, bound: dict[str, Size], ends: Mapping[str, tuple[Size, Size]]) -> bool:
        """Whether an index has no values there, so that sizes need have none either."""
        counts = [
            self.sight.put(span.count_size, bound) for span in block.spans if isinstance(bound[span.letter], Expr)
        ]
        counts += [add(last, mul(-1, first), 1) for first, last in ends.values()]
        return any(count < 1 if isinstance(count, int) else "no number" in free_symbols(count) for count in counts)

    def _within(self, block: Block, letter: str, value: int, bound: dict[str, Size]) -> Size:
        """Whether an index takes that value at all: 1, 0 or a flag."""
        span = next(span for span in block.spans if span.letter == letter)
        first, count = self.sight.put(span.first_size, bound), self.sight.put(span.count_size, bound)
        below = build("lt", (value, add(first, count)))
        return mul(build("le", (first, value)), below)

    def _bindings(self, block: Block, k: int, bound: dict[str, Size]) -> list[dict[str, Size]]:
        """The indices of a block: as they are, or as numbers where members of a known number differ."""
        if k == len(block.spans):
            return [bound]
        span = block.spans[k]
        count, first = self.sight.put(span.count_size, bound), self.sight.put(span.first_size, bound)
        if not (span.looped and isinstance(count, int) and isinstance(first, int) and count <= MAX_WRITTEN):
            letter: Size = Expr("sym", (), span.letter)
            return self._bindings(block, k + 1, {**bound, span.letter: letter})
        values = range(first, first + count)
        return [each for value in values for each in self._bindings(block, k + 1, {**bound, span.letter: value})]

    def child(self, parent: Module, key: object, name: str, over: Over | None = None) -> Module:
        """The module of that name in another, made on first use."""
        whole = (id(parent), key)
        if whole not in self.made:
            self.made[whole] = Module(name, over=over, tensors=[], children=[])
            parent.children.append(self.made[whole])  # type: ignore[attr-defined]
        return self.made[whole]


def pinned_by(condition: Size, bound: Mapping[str, Size]) -> tuple[str, int] | None:
    """The index for which a condition holds at one number only, and that number.

    >>> from nparams.expr import parse
    >>> pinned_by(parse("bias*[i == 0]"), {"i": parse("i")})
    ('i', 0)
    """
    parts = condition.args if isinstance(condition, Expr) and condition.op == "mul" else (condition,)
    for part in parts:
        if isinstance(part, Expr) and part.op == "eq":
            for one, other in (part.args, part.args[::-1]):
                name = str(one.label) if isinstance(one, Expr) and one.op == "sym" else ""
                if bound.get(name) == one and isinstance(other, int):
                    return name, other
    return None


def limit_of(part: Size, letters: Collection[str]) -> tuple[str, bool, Size] | None:
    """(index, whether it begins there, where) of a comparison of an index with what is no index and 0 or more.

    >>> from nparams.expr import parse
    >>> limit_of(parse("[i < k]"), ["i"]), limit_of(parse("[k <= i]"), ["i"]), limit_of(parse("[i < k - 1]"), ["i"])
    (('i', False, Expr('k')), ('i', True, Expr('k')), None)
    """
    if not isinstance(part, Expr) or part.op not in ("lt", "le"):
        return None
    for k, side in enumerate(part.args):
        other, name = part.args[1 - k], str(side.label) if isinstance(side, Expr) and side.op == "sym" else ""
        plain = other >= 0 if isinstance(other, int) else other.op == "sym" and str(other.label) not in letters
        if name in letters and plain:
            more = 1 if (part.op == "le") == (k == 0) else 0  # [i <= k] ends after k, [k < i] begins after it
            return name, k == 1, add(other, more)
    return None


class _Way:
    """One group on its way down the tree."""

    def __init__(
        self, builder: _Builder, group: Group, bound: dict[str, Size], condition: Size,
        ends: Mapping[str, tuple[Size, Size]],
    ) -> None:  # fmt: skip
        self.builder = builder
        self.group = group
        self.bound = bound
        self.condition = condition
        #: the first and the last of indices that a condition limits
        self.ends = ends
        #: the repeats that are still to come
        self.spans = {s.letter: s for s in group.block.spans if isinstance(bound[s.letter], Expr)}

    def lead(self, root: Module) -> None:
        """Go down by the parts of the name, and leave the tensor there."""
        *above, leaf = self.group.name.split(".")
        module, prefix = self._flagged(root), ""
        for part in above:
            module, prefix = self._down(module, prefix, part)
            prefix += "."
        if any(f"{{{letter}}}" in leaf for letter in self.spans):
            module, _ = self._down(module, prefix, leaf)
        tensor = self._tensor()
        self._hold(module, tensor)

    def _down(self, module: Module, prefix: str, part: str) -> tuple[Module, str]:
        """The module that the next part of the name says, with a repeat for each index in it."""
        builder, name = self.builder, prefix + self._named(part)
        overs = []
        for letter in self._letters_in(part):
            overs.append(self._over(letter))
            del self.spans[letter]
        if not overs:
            return builder.child(module, part if part == name else name, name), name
        for over in overs:
            module = builder.child(module, (name, str(over.first), str(over.last)), name, over)
        return self._flagged(module), name

    def _letters_in(self, part: str) -> list[str]:
        """The indices in a part of the name, each behind those that stand in no name and that it is computed from."""
        found: list[str] = []
        for letter in [letter for letter in self.spans if f"{{{letter}}}" in part]:
            unnamed = self.spans[letter].symbols() - set(found)
            found += [other for other in self.spans if other in unnamed and f"{{{other}}}" not in self.group.name]
            found.append(letter)
        return found

    def _over(self, letter: str) -> Over:
        if letter in self.ends:
            return Over(letter, *self.ends[letter])
        span = self.spans[letter]
        put = self.builder.sight.put
        first, count = put(span.first_size, self.bound), put(span.count_size, self.bound)
        return Over(letter, first, add(first, count, -1))

    def _flagged(self, module: Module) -> Module:
        """The part of a module for what stands there under a condition, once all its indices are bound."""
        if self.condition == 1 or self.spans:
            return module
        over = Over(self.builder.flag, 1, self.condition)
        return self.builder.child(module, ("if", str(self.condition)), module.name, over)

    def _named(self, text: str) -> str:
        for letter, value in self.bound.items():
            text = text.replace(f"{{{letter}}}", str(value) if isinstance(value, int) else f"[{letter}]")
        return text

    def _tensor(self) -> Tensor:
        group, builder = self.group, self.builder
        sides = tuple(builder.sight.put(side, self.bound) for side in group.shape.sizes)
        if missing := [str(s) for s, t in zip(sides, group.shape.sizes, strict=True) if "no number" in free_symbols(s)]:
            raise UnsupportedError(f"{group.name} of {builder.sight.entry.type} has no size here: {missing[0]}; {TRY}")
        tied = None if group.tied is None else self._named(group.tied)
        dtype = group.dtype or builder.dtype
        return Tensor(self._named(group.name), sides, dtype, group.role, group.trainable, tied)

    def _hold(self, module: Module, tensor: Tensor) -> None:
        route = self.builder.route and self.builder.route(self.group.name, tensor.shape or ())
        if route:
            module = self.builder.child(module, ("routed", *map(str, route)), module.name)
            module.routed = route
        module.tensors.append(tensor)  # type: ignore[attr-defined]
        word = self.group.word
        cls = named_as(word, {t.name.rpartition(".")[2]: t.shape or () for t in module.tensors})
        module.kind = word if cls is None else kind_name(cls)
