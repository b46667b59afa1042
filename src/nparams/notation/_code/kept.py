"""The code of a text without its other lines, and a sentence that says which these are."""

from __future__ import annotations

from nparams.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.notation._code.prose import Line


def kept(text: str, found: list[Line]) -> str:
    """The text with what is no code left empty, so that line numbers hold."""
    lines = text.split("\n")
    for line in found:
        if not line.code:
            lines[line.first : line.last + 1] = [""] * (line.last + 1 - line.first)
    return "\n".join(lines)


def bodied(text: str) -> str:
    """The text with a body for each head that has only a remark in it, or at which the paste ends.

    >>> bodied("def f(x):\\n    # to do\\ny = 1")
    'def f(x): pass\\n    # to do\\ny = 1'
    """
    lines = text.split("\n")
    for k, line in enumerate(lines):
        if not line.rstrip().endswith(":"):
            continue
        depth, remark = _depth(line), False
        below = next((n for n in range(k + 1, len(lines)) if lines[n].strip() and not _remark(lines[n])), len(lines))
        remark = any(_remark(lines[n]) and _depth(lines[n]) > depth for n in range(k + 1, below))
        if below == len(lines) or (_depth(lines[below]) <= depth and (remark or _depth(lines[below]) < depth)):
            lines[k] = f"{line.rstrip()} pass"
    return "\n".join(lines)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _remark(line: str) -> bool:
    return line.lstrip().startswith("#")


def parts(text: str, found: list[Line]) -> str:
    """The same, each run of code with its own indentation taken off."""
    lines = kept(text, found).split("\n")
    breaks = {k for line in found if not line.code for k in range(line.first, line.last + 1)}
    run: list[int] = []
    for k in range(len(lines) + 1):
        if k < len(lines) and k not in breaks:
            run.append(k)
            continue
        depth = min((_depth(lines[n]) for n in run if lines[n].strip()), default=0)
        for n in run:
            lines[n] = lines[n][depth:]
        run = []
    return "\n".join(lines)


def told(text: str, found: list[Line]) -> str:
    """Which lines were passed over, in a sentence."""
    lines = text.split("\n")
    spans: list[list[int]] = []
    for line in found:
        if line.code:
            spans.append([])
        elif spans and spans[-1]:
            spans[-1][1] = line.last
        else:
            spans.append([line.first, line.last])
    words = [_span(lines, *span) for span in spans if span]
    more = f" and {len(words) - 4} more places" if len(words) > 4 else ""
    return f"passed over, for it is no Python: {', '.join(words[:4])}{more}"


def _span(lines: list[str], first: int, last: int) -> str:
    where = f"line {first + 1}" if first == last else f"lines {first + 1} to {last + 1}"
    return f"{where} ({shown(lines[first].strip())})"
