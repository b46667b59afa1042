"""The tree of modules with the parameters under each, equal siblings folded."""

from __future__ import annotations

from nparams.network.rows import branches
from nparams.views.look import Look, asides, heading, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.network.rows import Branch

UNICODE, ASCII = ("├─ ", "└─ ", "│  "), ("|- ", "`- ", "|  ")


def render(network: Network, look: Look | None = None) -> str:
    """One line a module: its name, copies, and how many parameters it and everything in it hold."""
    look = look or Look()
    lines = [(_label(branch, prefix, look), _count(branch, look)) for branch, prefix in _laid_out(network, look)]
    wide = max(len(label) for label, _ in lines)
    right = max(len(count) for _, count in lines)
    body = [f"{label.ljust(wide)}  {count.rjust(right)}".rstrip() for label, count in lines]
    if look.rich:
        body = [
            f"\x1b[2m{line[: -len(count)]}\x1b[0m{count}" if look.colour and count else line
            for line, (_, count) in zip(body, lines, strict=True)
        ]
    return "\n".join([heading(network, look), "", *body, "", summary(network, look), *asides(network, look)])


def _laid_out(network: Network, look: Look) -> list[tuple[Branch, str]]:
    """Every branch with the guides that stand before it, top down, as deep as the look says."""
    through, last, space = UNICODE if look.unicode else ASCII
    found: list[tuple[Branch, str]] = []
    stack: list[tuple[Branch, str, str, int]] = [(branches(network), "", "", 0)]
    while stack:
        branch, prefix, below, depth = stack.pop()
        found.append((branch, prefix))
        if look.depth is not None and depth >= look.depth:
            continue
        pending = []
        for k, child in enumerate(branch.children):
            end = k == len(branch.children) - 1
            guide, gap = (last, "   ") if end else (through, space)
            pending.append((child, below + guide, below + gap, depth + 1))
        stack.extend(reversed(pending))
    return found


def _label(branch: Branch, prefix: str, look: Look) -> str:
    copies = "" if branch.copies == 1 else f"  {look.times()}{look.number(branch.copies)}{_each(branch, look)}"
    kind = f"  {look.name(branch.module.kind)}" if branch.module.kind else ""
    return f"{prefix}{look.name(branch.name or 'network')}{kind}{copies}"


def _each(branch: Branch, look: Look) -> str:
    """What one of several copies holds: the lines below it are for one."""
    if not branch.children or not isinstance(branch.total, int) or not isinstance(branch.copies, int):
        return ""
    return f" of {look.number(branch.total // branch.copies)}"


def _count(branch: Branch, look: Look) -> str:
    return look.number(branch.total)
