"""Cells as the tree of a Network: repeated blocks with their index, optional ones over 1..flag, torch's own names."""

from __future__ import annotations

from nparams.expr import Expr, add, evaluate, free_symbols, mul, substitute
from nparams.expr.walk import LETTERS
from nparams.frameworks._trace.cells import Level
from nparams.frameworks._trace.groups import MARK, canonical
from nparams.network import Module, Over, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.expr import Size
    from nparams.frameworks._trace.cells import Cell

    #: one part of a name: its text with marks, and what stands at each
    Part = tuple[str, tuple[int | Level, ...]]
    #: first, number, step
    Range = tuple[Size, Size, int]


class Placed:
    """A cell on its way into the tree: the parts of its name that are still to come, and what its index became."""

    __slots__ = ("cell", "flags", "index", "parts")

    def __init__(self, cell: Cell, parts: list[Part], flags: Size, index: Mapping[str, Size]) -> None:
        self.cell = cell
        self.parts = parts
        self.flags = flags
        self.index = dict(index)

    def with_word(self, word: int | Level) -> Placed:
        """The same with another word at the one mark of the next part."""
        return Placed(self.cell, [(self.parts[0][0], (word,)), *self.parts[1:]], self.flags, self.index)


def tree_of(cells: Sequence[Cell], values: Mapping[str, object]) -> Module:
    """The tree; `values` are those of the symbols at some point, which tells what comes first."""
    taken = {name for cell in cells for size in (*cell.dims, cell.flags) for name in _names(size)} | set(values)
    letters = [c for c in LETTERS if c not in taken] + [c + c for c in LETTERS]
    root = Module("", tensors=[], children=[])
    _Builder(letters, values).fill(root, [Placed(c, _parts(c), c.flags, {}) for c in cells], "", 0)
    return root


def _names(size: Size) -> frozenset[str]:
    return free_symbols(size) if isinstance(size, Expr) else frozenset()


def _parts(cell: Cell) -> list[Part]:
    words = iter(cell.words)
    return [(piece, tuple(next(words) for _ in range(piece.count(MARK)))) for piece in cell.key.pattern.split(".")]


class _Builder:
    """Fills modules, choosing letters for indices; remembers how each template reads, for what is tied."""

    def __init__(self, letters: list[str], values: Mapping[str, object]) -> None:
        self.letters = letters
        self.values = values
        self.owners: dict[str, str] = {}

    def fill(self, module: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        """Put the cells into a module: those always there first, then each optional part."""
        options: dict[str, list[Placed]] = {}
        for p in placed:
            options.setdefault(str(p.flags), []).append(p)
        self._inside(module, options.pop("1", []), prefix, depth)
        for held in options.values():
            over = Over(self.letters[depth], 1, held[0].flags)
            part = Module(module.name, over=over, tensors=[], children=[])
            for p in held:
                p.flags = 1
            self._inside(part, held, prefix, depth + 1)
            module.children.append(part)  # type: ignore[attr-defined]

    def _inside(self, module: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        branches: dict[object, list[Placed]] = {}
        for p in self._cut(placed):
            text, words = p.parts[0]
            leaf = len(p.parts) == 1
            if leaf and all(isinstance(w, int) or w.count == 1 for w in words):
                _settle(p)
                module.tensors.append(self._tensor(p, prefix + _named(text, words, [])))  # type: ignore[attr-defined]
                continue
            key = ("" if leaf and len(words) == 1 else text, leaf, *map(_key, words))
            branches.setdefault(key, []).append(p)
        for held in branches.values():
            if len(held[0].parts) == 1 and len(held[0].parts[0][1]) == 1:
                self._leaves(module, held, prefix, depth)
            else:
                self._branch(module, held, prefix, depth)

    def _leaves(self, module: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        """Numbered tensors that stand in one module, such as weight_ih_l[i]: together for each i."""
        level = placed[0].parts[0][1][0]
        assert isinstance(level, Level)
        over, word = _over(self.letters[depth], level)
        made = Module(f"{prefix}[{word}]", over=over, tensors=[], children=[])
        module.children.append(made)  # type: ignore[attr-defined]
        for p in placed:
            p.index[_mark(p.parts[0][1][0])] = word
            name = prefix + _named(p.parts[0][0], p.parts[0][1], [word])
            made.tensors.append(self._tensor(p, name))  # type: ignore[attr-defined]

    def _branch(self, parent: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        """The module that the next part of the names says; around it one more for each index but the last."""
        text, words = placed[0].parts[0]
        overs, indices = [], []
        for k, word in enumerate(words):
            if isinstance(word, Level) and word.count != 1:
                over, index = _over(self.letters[depth], word)
                depth += 1
                overs.append(over)
                indices.append(index)
                for p in placed:
                    p.index[_mark(p.parts[0][1][k])] = index
        for p in placed:
            _settle(p)
        name = prefix + _named(text, words, indices)
        for over in overs[:-1]:
            outer = Module(name, over=over, tensors=[], children=[])
            parent.children.append(outer)  # type: ignore[attr-defined]
            parent = outer
        module = Module(name, over=overs[-1] if overs else None, tensors=[], children=[])
        parent.children.append(module)  # type: ignore[attr-defined]
        for p in placed:
            if len(p.parts) == 1:
                module.tensors.append(self._tensor(p, name))  # type: ignore[attr-defined]
        inner = [p for p in placed if len(p.parts) > 1]
        for p in inner:
            p.parts = p.parts[1:]
        if inner:
            self.fill(module, inner, f"{name}.", depth)

    def _tensor(self, p: Placed, name: str) -> Tensor:
        key = p.cell.key
        self.owners.setdefault(key.pattern, name)
        tied = None if key.tied is None else self.owners.get(key.tied, key.tied)
        dims = tuple(substitute(d, p.index) if p.index else d for d in p.cell.dims)
        return Tensor(name, dims, key.dtype, key.role, key.trainable, tied)

    # -- ranges that follow each other -----------------------------------------------------------------------------

    def _cut(self, placed: list[Placed]) -> list[Placed]:
        """Ranges cut where others of the same name begin or end, so that a block is whole: 0, then 1 to n - 1."""
        groups: dict[object, list[Placed]] = {}
        for p in placed:
            text, words = p.parts[0]
            groups.setdefault((len(p.parts) == 1 or text) if len(words) == 1 else id(p), []).append(p)
        found: list[Placed] = []
        for group in groups.values():
            found += self._cut_group(group) if len(group) > 1 and len(group[0].parts[0][1]) == 1 else group
        return found

    def _cut_group(self, group: list[Placed]) -> list[Placed]:
        steps = {w.step for p in group if isinstance(w := p.parts[0][1][0], Level) and w.count != 1}
        if len(steps) != 1 or any(isinstance(w := p.parts[0][1][0], Level) and w.first is None for p in group):
            return group
        step = steps.pop()
        ranges = {_key(p.parts[0][1][0]): _range(p.parts[0][1][0], step) for p in group}
        found = []
        for p in group:
            word = p.parts[0][1][0]
            pieces = _chain(_range(word, step), list(ranges.values()))
            found += [p.with_word(_piece(each, word)) for each in pieces] if len(pieces) > 1 else [p]
        return sorted(found, key=lambda p: self._place(p.parts[0][1][0]))

    def _place(self, word: int | Level) -> int:
        return word if isinstance(word, int) else evaluate(word.first or 0, self.values)


def _settle(p: Placed) -> None:
    """An index that is one number is put into the sizes that speak of it."""
    for word in p.parts[0][1]:
        if isinstance(word, Level) and word.count == 1 and word.mark and word.first is not None:
            p.index[word.mark] = word.first


def _piece(part: Range, word: int | Level) -> Level:
    first, count, step = part
    return Level(count, first, step, _mark(word))


def _mark(word: int | Level) -> str:
    return word.mark if isinstance(word, Level) else ""


def _key(word: int | Level) -> tuple[object, ...]:
    """What is equal for equal ranges: one number has no step."""
    if isinstance(word, int):
        return str(word), "1"
    return (str(word.first), "1") if word.count == 1 else (str(word.first), str(word.count), word.step)


def _range(word: int | Level, step: int) -> Range:
    return (word, 1, step) if isinstance(word, int) else (word.first or 0, word.count, step)


def _end(part: Range) -> Size:
    first, count, step = part
    end = add(first, mul(step, count))
    return canonical(end) if isinstance(end, Expr) else end


def _chain(whole: Range, ranges: list[Range]) -> list[Range]:
    """Ranges that together are the whole one, each beginning where the one before ends; the whole where none are."""
    others = [r for r in ranges if (str(r[0]), str(r[1])) != (str(whole[0]), str(whole[1]))]
    paths: list[list[Range]] = [[r] for r in others if str(r[0]) == str(whole[0])]
    end, best = str(_end(whole)), [whole]
    while paths:
        path = paths.pop()
        if str(_end(path[-1])) == end:
            best = path if len(path) > len(best) else best
        elif len(path) < 8:
            paths += [[*path, r] for r in others if str(r[0]) == str(_end(path[-1])) and r not in path]
    return best


def _over(letter: str, level: Level) -> tuple[Over, Expr]:
    """The repeat, and what its index is in the name."""
    index = Expr("sym", (), letter)
    if level.first is None:
        return Over(letter, 1, level.count), index
    if level.step != 1:
        word = add(mul(level.step, index), level.first)
        assert isinstance(word, Expr)
        return Over(letter, 0, add(level.count, -1)), word
    return Over(letter, level.first, canonical_sum(level.first, level.count)), index


def canonical_sum(first: Size, count: Size) -> Size:
    """The last of a range."""
    last = add(first, count, -1)
    return canonical(last) if isinstance(last, Expr) else last


def _named(text: str, words: Sequence[int | Level], indices: Sequence[Size]) -> str:
    """The part of a name: a number as it is, an index in brackets."""
    rest = iter(indices)
    parts = text.split(MARK)
    for k, word in enumerate(words):
        if isinstance(word, int):
            told = str(word)
        elif word.count == 1:
            told = str(word.first) if isinstance(word.first, int) else f"[{'?' if word.first is None else word.first}]"
        else:
            told = f"[{next(rest)}]"
        parts[k] += told
    return "".join(parts)
