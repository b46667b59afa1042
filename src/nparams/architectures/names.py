"""The tensors of a run by name, in the order in which the library registers them.

The entry tells groups of tensors, layer after layer within each; the library registers module after module.  So names
go into a tree of their parts: what stands in a module before the modules in it, numbered ones by their number, others
in the order in which the entry first speaks of them in any layer.
"""

from __future__ import annotations

from nparams.errors import InvariantError, UsageError
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.architectures.blocks import Group
    from nparams.architectures.program import Run
    from nparams.architectures.shapes import Sides
    from nparams.network.listed import Kind

    #: name, group, sides and number of entries
    Named = tuple[str, Group, Sides]
    #: name of a module as templates have it -> the parts in it, numbered
    Ranks = dict[str, dict[str, int]]

MAX_TENSORS = 1_000_000


class Expansion:
    """The names of a run, made once: `names`, and for each its `kinds` and `groups`."""

    def __init__(self, run: Run, dtype: str | None) -> None:
        self.run = run
        self.dtype = dtype
        self._tied: list[Tensor] | None = None
        self._groups: list[Group] = []
        self._spelt: tuple[list[str], list[Kind | Tensor]] | None = None

    def spell(self) -> tuple[list[str], list[Kind | Tensor]]:
        """All names in order, and what each is."""
        if self._spelt is None:
            if (count := self.count()) > MAX_TENSORS:
                raise UsageError(f"{count:,} tensors: too many to list one by one, at most {MAX_TENSORS:,}")
            tied = {t.name: t for t in self.tied()}
            known: dict[object, Kind] = {}
            program = self.run.program
            ordered = _in_order(self._members(program.groups), program.ranks())
            self._groups = [group for _, group, _ in ordered]
            kinds = [tied[name] if group.tied else self._kind(group, sides, known) for name, group, sides in ordered]
            self._spelt = [name for name, _, _ in ordered], kinds
        return self._spelt

    def groups(self) -> list[Group]:
        """The group of each name."""
        self.spell()
        return self._groups

    def count(self) -> int:
        """How many tensors there are."""
        return sum([found.count * len(found.block.groups) for found in self.run.found])

    def tied(self) -> list[Tensor]:
        """The tensors that are another one."""
        if self._tied is None:
            held = {found.block: found.count for found in self.run.found}
            groups = [group for group in self.run.program.tied if group.block in held]
            count = sum([held[group.block] for group in groups])
            if count > MAX_TENSORS:
                raise UsageError(f"{count:,} tied tensors: too many to list one by one, at most {MAX_TENSORS:,}")
            self._tied = [self._tensor(*each) for each in self._owned(groups)] if groups else []
        return self._tied

    def _tensor(self, name: str, group: Group, sides: Sides, owner: str) -> Tensor:
        dtype = group.dtype or self.dtype
        return Tensor(name, sides[0], dtype, group.role, group.trainable, owner, size=sides[1])

    def _kind(self, group: Group, sides: Sides, known: dict[object, Kind]) -> Kind:
        """What tensors of one group and shape have in common: one object, for all that are alike."""
        key = (sides[0], group.dtype, group.role, group.trainable)
        if key not in known:
            known[key] = (sides[0], group.dtype or self.dtype, group.role, None, sides[1], group.trainable)  # type: ignore[assignment]
        return known[key]

    def _owned(self, groups: list[Group]) -> list[tuple[str, Group, Sides, str]]:
        owners = [owner for _, owner in self._spelling(groups, "tied")]
        return [(*named, owner) for named, owner in zip(self._members(groups), owners, strict=True)]

    def _members(self, groups: list[Group]) -> list[Named]:
        """Every tensor of these groups, group after group."""
        s = self.run.resolved.slots
        made: list[Named] = []
        found = {each.block: each for each in self.run.found}
        for group in groups:
            if (block := found.get(group.block)) is None:
                continue
            form, order = spelling(group.name, block.block.letters)
            for values in block.members(s):
                sides = self.run.sides(group.shape, group.block)
                made.append((form % tuple([values[k] for k in order]), group, sides))
        return made

    def _spelling(self, groups: list[Group], what: str) -> list[tuple[Group, str]]:
        s = self.run.resolved.slots
        found = {each.block: each for each in self.run.found}
        made = []
        for group in groups:
            if (block := found.get(group.block)) is not None:
                form, order = spelling(str(getattr(group, what)), block.block.letters)
                made += [(group, form % tuple([values[k] for k in order])) for values in block.members(s)]
        return made


def spelling(name: str, letters: list[str]) -> tuple[str, list[int]]:
    """A template as what % takes, and which index goes where.

    >>> spelling("model.layers.{i}.w", ["i"])
    ('model.layers.%d.w', [0])
    """
    form, order = name.replace("%", "%%"), []
    parts = form.split("{")
    for k, part in enumerate(parts[1:], 1):
        letter, mark, rest = part.partition("}")
        if not mark or letter not in letters:
            raise InvariantError(f"{name}: no index {letter}")
        order.append(letters.index(letter))
        parts[k] = f"%d{rest}"
    return "".join(parts), order


class _Place:
    """A module in the tree of names: what stands in it, and the modules in it, each with its part of a template."""

    __slots__ = ("below", "form", "forms", "held")

    def __init__(self, form: str) -> None:
        #: its name in the templates, and the parts of those below it
        self.form = form
        self.forms: dict[str, str] = {}
        self.held: dict[str, Named] = {}
        self.below: dict[str, _Place] = {}

    def sorted(self, names: Iterable[str], ranks: Ranks) -> list[str]:
        """Names in it in order: by number where all of them are one, else as they stand in any configuration."""
        held = list(names)
        if len(held) < 2:
            return held
        if all(name.isdecimal() for name in held):
            return sorted(held, key=int)
        known = ranks.get(self.form, {})
        return sorted(held, key=lambda name: known.get(self.forms[name], len(known)))


def ranked(groups: Iterable[Group]) -> Ranks:
    """Which comes first of the parts of names that stand beside each other, whether a configuration has them or not."""
    found: Ranks = {}
    for group in groups:
        form = ""
        for part in group.name.split("."):
            known = found.setdefault(form, {})
            known.setdefault(part, len(known))
            form = f"{form}.{part}"
    return found


def _in_order(named: list[Named], ranks: Ranks) -> list[Named]:
    root = _Place("")
    for each in named:
        *above, leaf = each[0].split(".")
        forms = each[1].name.split(".")
        place = root
        for part, form in zip(above, forms, strict=False):
            inner = place.below.get(part)
            if inner is None:
                inner = place.below[part] = _Place(f"{place.form}.{form}")
                place.forms[part] = form
            place = inner
        if leaf in place.held:
            raise InvariantError(f"two tensors are called {each[0]}")
        place.held[leaf] = each
        place.forms[leaf] = forms[-1]
    found: list[Named] = []
    stack = [root]
    while stack:
        place = stack.pop()
        found += [place.held[leaf] for leaf in place.sorted(place.held, ranks)]
        stack += [place.below[part] for part in reversed(place.sorted(place.below, ranks))]
    return found
