"""Cells as the tree of a Network: repeated blocks with their index, optional ones over 1..flag, names as torch has them."""

from __future__ import annotations

from nparams.expr import Expr, add
from nparams.expr.walk import LETTERS
from nparams.frameworks._trace.cells import Level
from nparams.frameworks._trace.groups import MARK
from nparams.network import Module, Over, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.frameworks._trace.cells import Cell

    #: a part of a name: as it is, and the levels that vary in it
    Part = tuple[str, tuple[Level, ...]]


class Placed:
    """A cell on its way into the tree: the parts of its name that are still to come."""

    __slots__ = ("cell", "flags", "parts")

    def __init__(self, cell: Cell, parts: list[Part], flags: Size) -> None:
        self.cell = cell
        self.parts = parts
        self.flags = flags


def tree_of(cells: Sequence[Cell], taken: set[str]) -> Module:
    """The tree; `taken` are names that no index may have."""
    letters = [c for c in LETTERS if c not in taken] + [c + c for c in LETTERS]
    names = Names(letters)
    placed = [Placed(cell, list(_parts(cell)), cell.flags) for cell in cells]
    root = Module("", tensors=[], children=[])
    names.fill(root, placed, "", 0)
    return root


def _parts(cell: Cell) -> list[Part]:
    found: list[Part] = []
    words = iter(cell.words)
    for piece in cell.key.pattern.split("."):
        text, levels = "", []
        for k, plain in enumerate(piece.split(MARK)):
            if k:
                word = next(words)
                if isinstance(word, Level):
                    levels.append(word)
                    text += MARK
                else:
                    text += str(word)
            text += plain
        found.append((text, tuple(levels)))
    return found


class Names:
    """Fills modules, choosing letters for indices; remembers how each template reads, for what is tied."""

    def __init__(self, letters: list[str]) -> None:
        self.letters = letters
        self.owners: dict[str, str] = {}

    def fill(self, module: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        """Put the cells into a module: those always there first, then each optional part."""
        options: dict[str, list[Placed]] = {}
        for p in placed:
            options.setdefault(str(p.flags), []).append(p)
        for text, held in options.items():
            if text == "1":
                self._inside(module, held, prefix, depth)
        for text, held in options.items():
            if text != "1":
                flags = held[0].flags
                part = Module(module.name, over=Over(self.letters[depth], 1, flags), tensors=[], children=[])
                for p in held:
                    p.flags = 1
                self._inside(part, held, prefix, depth + 1)
                module.children.append(part)  # type: ignore[attr-defined]

    def _inside(self, module: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        branches: dict[tuple[object, ...], list[Placed]] = {}
        for p in placed:
            text, levels = p.parts[0]
            if len(p.parts) == 1 and not levels:
                module.tensors.append(self._tensor(p, f"{prefix}{text}"))  # type: ignore[attr-defined]
                continue
            key = (text, *((str(level.count), str(level.first)) for level in levels))
            branches.setdefault(key, []).append(p)
        for held in branches.values():
            self._branch(module, held, prefix, depth)

    def _branch(self, parent: Module, placed: list[Placed], prefix: str, depth: int) -> None:
        """The module, or the numbered tensors, that the next part of the names says."""
        text, levels = placed[0].parts[0]
        over = None
        for level in levels:
            if level.count == 1:
                text = text.replace(MARK, "[?]" if level.first is None else f"[{level.first}]", 1)
                continue
            if over is not None:  # two indices in one part of a name: a module around the module
                outer = Module(f"{prefix}{text}", over=over, tensors=[], children=[])
                parent.children.append(outer)  # type: ignore[attr-defined]
                parent = outer
            index, depth = self.letters[depth], depth + 1
            text = text.replace(MARK, f"[{index}]", 1)
            over = _over(index, level)
        module = Module(f"{prefix}{text}", over=over, tensors=[], children=[])
        parent.children.append(module)  # type: ignore[attr-defined]
        leaves = [p for p in placed if len(p.parts) == 1]
        for p in leaves:
            module.tensors.append(self._tensor(p, f"{prefix}{text}"))  # type: ignore[attr-defined]
        inner = [p for p in placed if len(p.parts) > 1]
        for p in inner:
            p.parts = p.parts[1:]
        if inner:
            self.fill(module, inner, f"{prefix}{text}.", depth)

    def _tensor(self, p: Placed, name: str) -> Tensor:
        key = p.cell.key
        self.owners.setdefault(key.pattern, name)
        tied = None if key.tied is None else self.owners.get(key.tied, key.tied)
        return Tensor(name, key.dims, key.dtype, key.role, key.trainable, tied)


def _over(index: str, level: Level) -> Over:
    if level.first is None:
        return Over(index, 1, level.count)
    last = add(level.first, level.count, -1)
    return Over(index, level.first, last)


def symbols_in(cells: Sequence[Cell]) -> set[str]:
    """Names that stand in the sizes."""
    from nparams.expr import free_symbols

    sizes: list[Size] = [d for cell in cells for d in (*cell.key.dims, cell.copies)]
    return {name for size in sizes if isinstance(size, Expr) for name in free_symbols(size)}
