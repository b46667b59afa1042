"""The tree of modules in HTML: a line each, those with something in them to be opened.

A page stays small whatever the network: so many lines are drawn, those near the root first, and what is left out is one
line with its sum.
"""

from __future__ import annotations

from html import escape

from nparams.errors import InvariantError
from nparams.expr import Expr, add, mul, render
from nparams.network import PARAMETER_ROLES
from nparams.network.rows import branches
from nparams.views.cells import cut
from nparams.views.look import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Network, Tensor
    from nparams.network.rows import Branch
    from nparams.views.look import Look

#: modules that are drawn, tensors that are drawn in them, and the lines that stand open at first
MOST_LINES, MOST_TENSORS, MOST_OPEN = 400, 600, 24


def math(size: Size | None) -> str:
    """A size as HTML: commas in a bare number, an expression with its indices set below.

    >>> from nparams.expr import parse
    >>> math(13002), math(parse("n_in*n_out"))
    ('13,002', '<i>n</i><sub>in</sub>·<i>n</i><sub>out</sub>')
    """
    if size is None:
        return "?"
    return f"{size:,}" if isinstance(size, int) else render(size, "html")


def percent(part: int, whole: int) -> str:
    """A share as people read it: neither nothing nor all is said of what is not.

    >>> percent(42, 13002), percent(1, 10**6), percent(10**6 - 1, 10**6)
    ('0.3%', '&lt; 0.1%', '&gt; 99.9%')
    """
    if 0 < 2000 * part < whole:
        return "&lt; 0.1%"
    return "&gt; 99.9%" if 0 < 2000 * (whole - part) < whole else f"{part / whole:.1%}"


class Tree:
    """What is drawn of a network's tree, decided level by level before anything is written."""

    def __init__(self, network: Network, look: Look) -> None:
        self.look = look
        self.known = network.totals.known
        self.root = branches(network)
        #: how many of a branch's children are drawn
        self.drawn: dict[int, int] = {}
        self.opened: set[int] = set()
        self.tensors_left = MOST_TENSORS
        self._choose()

    def _choose(self) -> None:
        """Level by level: which children are drawn while there is room, and which branches stand open at first."""
        left, visible = MOST_LINES, 0
        level = [(self.root, True)]
        depth = 0
        while level:
            following: list[tuple[Branch, bool]] = []
            for branch, seen in level:
                count = min(len(branch.children), left)
                left -= count
                self.drawn[id(branch)] = count
                open_now = seen and self._opens(branch, depth, visible + count)
                if open_now:
                    visible += count
                    self.opened.add(id(branch))
                following += [(child, open_now) for child in branch.children[:count]]
            level, depth = following, depth + 1

    def _opens(self, branch: Branch, depth: int, visible: int) -> bool:
        if not branch.children:
            return False
        if self.look.depth is not None:
            return depth < self.look.depth
        return depth == 0 or len(branch.children) == 1 or visible <= MOST_OPEN

    # -- lines ----------------------------------------------------------------------------------------------------

    def lines(self) -> str:
        """Every line, without recursion: a network may be hundreds of levels deep."""
        out: list[str] = []
        stack: list[str | tuple[Branch, Size, bool]] = [(self.root, 1, True)]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                out.append(item)
                continue
            branch, times, is_root = item
            count = self.drawn[id(branch)]
            self._check(branch)
            inside: list[str | tuple[Branch, Size, bool]] = [self._own(branch)]
            inside += [(child, mul(times, branch.copies), False) for child in branch.children[:count]]
            if rest := branch.children[count:]:
                inside.append(_rest(rest))
            if is_root and branch.children:
                stack.extend(reversed(inside))
            elif inside == [""]:
                out.append(f'<div class="np-line np-leaf">{self._cells(branch, times)}</div>')
            else:
                is_open = " open" if id(branch) in self.opened else ""
                out.append(f'<details{is_open}><summary class="np-line">{self._cells(branch, times)}</summary>')
                out.append('<div class="np-in">')
                stack.extend(reversed([*inside, "</div></details>"]))
        return "\n".join(part for part in out if part)

    def _check(self, branch: Branch) -> None:
        """What is drawn under a branch sums to the line above it, or nothing is shown."""
        own = [t.size for t in branch.module.tensors if _adds(t) and t.size is not None]
        parts = [*own, *(child.total for child in branch.children)]
        if isinstance(branch.total, int) and not any(isinstance(p, Expr) for p in [*parts, branch.copies]):
            held = mul(branch.copies, add(*parts))
            if held != branch.total:
                raise InvariantError(f"{branch.name}: its lines sum to {held:,}, not to {branch.total:,}")

    def _cells(self, branch: Branch, times: Size) -> str:
        return self._what(branch) + self._how(branch) + numbers(branch, branch.unknown) + self._share(branch, times)

    def _what(self, branch: Branch) -> str:
        module, look = branch.module, self.look
        parts = [f'<span class="np-name">{_text(cut(look.name(branch.name or "network"), look))}</span>']
        if branch.copies != 1:
            parts.append(f'<span class="np-copies">×{math(branch.copies)}{_each(branch)}</span>')
        if module.kind:
            parts.append(f'<span class="np-kind">{_text(cut(look.name(module.kind), look))}</span>')
        if module.takes is not None or module.out is not None:
            ends = f"{sizes(module.takes) or '?'} → {sizes(module.out) or '?'}"
            parts.append(f'<span class="np-ends">{ends}</span>')
        parts += [f'<span class="np-tag">{_text(tag)}</span>' for tag in _tags(branch, look)]
        return f'<span class="np-what">{" ".join(parts)}</span> '

    def _how(self, branch: Branch) -> str:
        """The arithmetic of a layer in plain numbers."""
        from nparams.network.rows import numbers_of

        numbers = None if branch.children else numbers_of(branch.module)
        if not numbers or isinstance(self.known, Expr):
            return "" if isinstance(self.known, Expr) else '<span class="np-how"></span> '
        return f'<span class="np-how">{render(numbers, "html")}</span> '

    def _share(self, branch: Branch, times: Size) -> str:
        if isinstance(self.known, Expr):
            return ""
        held = mul(branch.total, times)
        if not isinstance(held, int) or not self.known or branch.unknown:
            return '<span class="np-share"></span>'
        share = held / self.known
        bar = f'<b aria-hidden="true"><b style="width:{100 * share:.2f}%"></b></b>' if held else ""
        return f'<span class="np-share">{bar}<span>{percent(held, self.known) if held else ""}</span></span>'

    # -- what a module itself holds -------------------------------------------------------------------------------

    def _own(self, branch: Branch) -> str:
        """The letters of a layer's formula, and its tensors."""
        module, parts = branch.module, []
        if module.formula is not None and module.args and isinstance(module.formula, Expr):
            letters = ", ".join(f"{_letter(name)} = {math(size)}" for name, size in module.args.items())
            parts.append(f'<div class="np-more">{math(module.formula)}&ensp;with {letters}</div>')
        if branch.children and branch.copies != 1:
            parts.append(f'<div class="np-more">each of the {_copies(branch)}:</div>')
        shown = module.tensors[: max(0, self.tensors_left)]
        self.tensors_left -= len(shown)
        parts += [self._tensor(t, module.name) for t in shown]
        if len(shown) < len(module.tensors):
            parts.append(f'<div class="np-more">… and {len(module.tensors) - len(shown):,} tensors</div>')
        return "\n".join(parts)

    def _tensor(self, t: Tensor, owner: str) -> str:
        look = self.look
        short = t.name[len(owner) + 1 :] if owner and t.name.startswith(owner) else t.name
        size = sizes(t.shape) if t.shape else ("not created yet" if t.shape is None else "one number")
        facts = [size, _text(t.dtype or "")]
        spans = [f'<span class="np-dim">{fact}</span>' for fact in facts if fact]
        spans += [f'<span class="np-tag">{_text(cut(tag, look))}</span>' for tag in _told(t, look)]
        spans += [f'<span class="np-dim">{_text(cut(look.name(t.note), look))}</span>'] if t.note else []
        return (
            f'<div class="np-line np-leaf np-tensor"><span class="np-what"><span class="np-name">'
            f"{_text(cut(look.name(short or t.name), look))}</span> {' '.join(spans)}</span> {_numbers_of(t)}</div>"
        )


def sizes(sides: tuple[Size, ...] | None) -> str:
    """A shape as HTML: 28×28×1."""
    return "" if sides is None else "×".join(render(side, "html") for side in sides)


def _letter(name: str) -> str:
    return render(Expr("sym", (), name), "html")


def _text(words: str) -> str:
    """Text of a stranger's as HTML shows it, and nothing acts on it."""
    from nparams.errors import escaped

    return escape(escaped(words))


def _adds(t: Tensor) -> bool:
    return t.role in PARAMETER_ROLES and t.tied_to is None


def _each(branch: Branch) -> str:
    """What one of several copies holds: the lines below are for one."""
    if not isinstance(branch.total, int) or not isinstance(branch.copies, int) or not branch.copies:
        return ""
    return f" of {branch.total // branch.copies:,}" if branch.total else ""


def _copies(branch: Branch) -> str:
    return math(branch.copies) if isinstance(branch.copies, int) else "copies"


def _tags(branch: Branch, look: Look) -> list[str]:
    """What a reader must see of a line although it stands closed."""
    module = branch.module
    own = list(module.tensors)
    tags = [cut(f"tied to {look.name(t.tied_to)}", look) for t in own if t.tied_to is not None][:3]
    apart: dict[str, Size] = {}
    for t in own:
        if t.role not in PARAMETER_ROLES and t.size is not None and t.tied_to is None:
            apart[t.role] = add(apart.get(t.role, 0), t.size)
    tags += [f"+ {counted(mul(size, branch.copies), role, look)}" for role, size in apart.items()]
    trained = {t.trainable for t in own if _adds(t)}
    if trained == {False}:
        tags.append("frozen")
    if module.routed is not None:
        used, experts = module.routed
        tags.append(f"a token uses {'?' if used is None else look.number(used)} of {look.number(experts)}")
    return tags


def _told(t: Tensor, look: Look) -> list[str]:
    """What is to be said of one tensor besides its shape."""
    told = [] if t.role in PARAMETER_ROLES else [f"{t.role}, not counted"]
    told += [] if t.tied_to is None else [f"tied to {look.name(t.tied_to)}, counted there"]
    told += [] if t.stored is None else [f"stored as {t.stored[0]:,} elements, {t.stored[1]:,} bytes"]
    return [*told, *(["frozen"] if t.trainable is False and t.role in PARAMETER_ROLES else [])]


def _numbers_of(t: Tensor) -> str:
    """The cells of a tensor: in the column of its role."""
    size = math(t.size) if _adds(t) else ""
    held = {"weight": "", "bias": ""} | ({t.role: size} if size else {})
    two = _cell(held["weight"], "weights") + _cell(held["bias"], "biases")
    return f'<span class="np-two">{two}</span>{_cell(size, "", "np-all")}'


def numbers(branch: Branch, unknown: bool = False) -> str:
    """The cells of a line: weights, biases, total."""
    more = " + ?" if unknown else ""
    total = f"{math(branch.total)}{more}" if branch.total != 0 or not unknown else "?"
    two = _cell(math(branch.weights), "weights", "np-none" if branch.weights == 0 else "") + _cell(
        math(branch.biases), "biases", "np-none" if branch.biases == 0 else ""
    )
    none = " np-none" if branch.total == 0 and not unknown else ""
    return f'<span class="np-two">{two}</span>{_cell(total, "", f"np-all{none}")}'


def _cell(content: str, unit: str, kind: str = "") -> str:
    told = f'<span class="np-unit"> {unit}</span>' if unit and content else ""
    shut = "" if content else " np-none"
    return f'<span class="np-num{f" {kind}" if kind else ""}{shut}">{content}{told}</span> '


def _rest(rest: Sequence[Branch]) -> str:
    total = add(*(branch.total for branch in rest))
    held = f": {math(total)} parameters" if isinstance(total, int) else ""
    return f'<div class="np-more">… and {len(rest):,} more{held}</div>'
