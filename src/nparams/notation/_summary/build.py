"""A summary as a Network: its tree, what each row counts for itself, the totals against those that are printed."""

from __future__ import annotations

import re

from nparams.errors import NotationError, escaped, shown
from nparams.network import Module, Network, Tensor
from nparams.notation._summary.explain import Explainer, held
from nparams.notation._summary.notes import notes_of
from nparams.notation._summary.text import Row, Summary, cleaned, suffixed
from nparams.notation._summary.training import settle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

READ_AS = 200
#: the lines that stand under a printed total
UNDER = re.compile(
    r"(?:\s*(?:[^\n]{0,8}(?:Trainable|Non-trainable|Optimizer) params|Total mult|Input size|Forward|Params size"
    r"|Estimated|[_=\-━─]{3,})[^\n]*)*"
)
MAX_DEPTH = 100
EXACT = "sum(p.numel() for p in model.parameters())"


def network_of(text: str, which: str | None) -> Network:
    """The network of a pasted summary; see summary.read."""
    summary = summary_of(chosen(cleaned(text), which))
    _own(summary)
    _refuse_rounded(summary)
    modules, explainer = _modules(summary)
    if summary.flows is True and explainer.found.misfits > max(1, explainer.found.fits // 3):
        summary.flows = None  # rows that do not follow each other: a class of one's own lists its layers as it likes
        modules, explainer = _modules(summary)
    rest = _rest(summary, modules)
    if rest is not None:
        modules.append(rest)
    root = Module(children=modules)
    told = escaped(read_as(summary))
    network = Network(root, source=text, form="summary", read_as=told, described=_described(summary))
    settle(summary, explainer, root)
    _refuse_nothing(summary, network)
    network.also.update(_also(summary, explainer.found.statistics))
    network.notes += map(escaped, notes_of(summary, explainer.found, network))
    return network


def _refuse_nothing(summary: Summary, network: Network) -> None:
    """Rows without any count, though the text has a total."""
    printed = summary.printed.total
    if printed and network.totals.elements == 0:
        raise NotationError(
            f"no row with a count is found, though the text's total is {printed:,}; paste the table with its line ends"
        )


# -- which text is read how -------------------------------------------------------------------------------------------


def summary_of(text: str) -> Summary:
    """The reader that finds rows in a text; NotationError where none does."""
    from nparams.notation._summary import flax as flax
    from nparams.notation._summary import keras as keras
    from nparams.notation._summary import lightning as lightning
    from nparams.notation._summary import plain as plain
    from nparams.notation._summary import torch as torch
    from nparams.notation._summary import yolo as yolo

    readers = (
        flax.table_of, lightning.table_of, yolo.log_of, torch.tree_of, torch.list_of, torch.fastai_of,
        plain.detailed_of, keras.rows_of, plain.dump_of, plain.adapters_of, plain.only_totals,
    )  # fmt: skip
    for reader in readers:
        found = reader(text)
        if found is not None:
            return found
    raise NotationError(
        f"{shown(text.strip())}: no row of a summary is found; one looks like dense_1 (Dense)  (None, 10)  7850"
    )


def chosen(text: str, which: str | None) -> str:
    """The part of a text with several summaries that is asked for."""
    ends = [m.end() for m in re.finditer(r"^.{0,8}Total params:?.*$", text, re.M)]
    if ends and re.compile(r"^\W{0,8}Layer\s+\(\s*type", re.M).search(text, ends[-1]):
        ends.append(len(text))  # the last one is cut
    if len(ends) < 2:
        return text
    starts = [0, *(_after(text, end) for end in ends[:-1])]
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    titles = [_title(part, k) for k, part in enumerate(parts, 1)]
    if which is not None and which in titles:
        return parts[titles.index(which)]
    told = ", ".join(titles[:8]) + (" and more" if len(titles) > 8 else "")
    raise NotationError(f"{len(parts)} summaries are in this text: {told}; paste one, or say which of them")


def _after(text: str, end: int) -> int:
    """Where the lines under a total end."""
    match = UNDER.match(text, end)
    return match.end() if match else end


def _title(part: str, place: int) -> str:
    found = re.search(r'Model:\s*"([^"\n]{1,60})"', part)
    return found[1] if found else f"summary {place}"


# -- the tree ---------------------------------------------------------------------------------------------------------


def _own(summary: Summary) -> None:
    """Rows under rows, and what each counts beyond what is below it."""
    path: list[Row] = []
    roots: list[Row] = []
    for row in summary.rows:
        row.depth = min(row.depth, MAX_DEPTH)
        while path and path[-1].depth >= row.depth:
            path.pop()
        (path[-1].children if path else roots).append(row)
        path.append(row)
    if not summary.sums and _nested_sums(summary):
        summary.sums = True
    for row in summary.rows if summary.sums else ():
        if row.children and row.count is not None:
            below = [child.count for child in row.children if not child.recursive]
            row.own = None if None in below else row.count - sum(c for c in below if c is not None)
    summary.roots = _without_model(roots) if summary.family != "keras" else roots


def _without_model(roots: list[Row]) -> list[Row]:
    """The rows inside the row of the whole model; that row only where it holds something itself."""
    if len(roots) != 1 or not roots[0].children or roots[0].depth:
        return roots
    model, inside = roots[0], roots[0].children
    model.children = []
    return [model, *inside] if model.own or model.tensors else inside


def _nested_sums(summary: Summary) -> bool:
    """Whether outer rows count what is inside them: where only that agrees with the printed total."""
    total = summary.printed.parameters
    counts = [row.count or 0 for row in summary.rows if not row.recursive]
    if total is None or summary.form != "torchinfo summary" or sum(counts) == total:
        return False
    outer = sum(
        row.count or 0
        for row in summary.rows
        if row.children and not row.recursive and row.count == sum(c.count or 0 for c in row.children)
    )
    return sum(counts) - outer == total


def _modules(summary: Summary) -> tuple[list[Module], Explainer]:
    explainer = Explainer(summary)
    used: dict[str, int] = {}
    made: dict[int, Module] = {}
    for row, prefix in _walk(summary.roots, summary.family == "keras"):
        name = suffixed(prefix + row.name, used)
        children = [made[id(child)] for child in row.children]
        made[id(row)] = explainer.module(row, name, children)
    return [made[id(row)] for row in summary.roots], explainer


def _walk(roots: list[Row], joined: bool) -> Iterator[tuple[Row, str]]:
    """Rows, those inside a row before it; with the names of what they stand in."""
    stack: list[tuple[Row, str, bool]] = [(row, "", False) for row in reversed(roots)]
    while stack:
        row, prefix, seen = stack.pop()
        if seen or not row.children:
            yield row, prefix
            continue
        stack.append((row, prefix, True))
        inner = f"{prefix}{row.name}." if joined else prefix
        stack += [(child, inner, False) for child in reversed(row.children)]


def _refuse_rounded(summary: Summary) -> None:
    """No exact number at all: nothing can be counted."""
    rounded = [row.rounded for row in summary.rows if row.rounded]
    if rounded and not any(row.count for row in summary.rows) and summary.printed.parameters is None:
        raise NotationError(
            f"the counts are rounded ({', '.join(rounded[:3])}{', ...' if len(rounded) > 3 else ''}), so there is no "
            f"exact total; print {EXACT}, or paste print(model)"
        )


def _rest(summary: Summary, modules: list[Module]) -> Module | None:
    """Parameters that are in the printed total and in no row: where rows are rounded, or were left out (...)."""
    total = summary.printed.parameters
    if total is None:
        return None
    rounded = [row for row in summary.rows if row.rounded and not row.children]
    if not rounded and not summary.cut and summary.form != "Lightning summary":
        return None
    counted = sum(sum(held(module)) if summary.family == "keras" else held(module)[0] for module in modules)
    if total <= counted:
        return None
    stack = list(modules)
    while stack:
        module = stack.pop()
        module.tensors = [t for t in module.tensors if t.size is not None]
        stack += module.children
    name = "rest" if rounded else "not_shown"
    where = "rows that are rounded" if rounded else "rows that are left out (...)" if summary.cut else "no row"
    summary.notes.append(f"{total - counted:,} parameters of the printed total are in {where}: they stand under {name}")
    return Module(name, None, tensors=[Tensor(f"{name}.parameters", (total - counted,), note="from the printed total")])


# -- in words ---------------------------------------------------------------------------------------------------------


def read_as(summary: Summary) -> str:
    """The rows in one line, cut where there are many.

    >>> read_as(summary_of("conv2d_7 (Conv2D) (None, 26, 26, 64) 640"))
    'conv2d_7 (Conv2D) (None, 26, 26, 64) 640'
    """
    parts: list[str] = []
    length = 0
    for row in summary.rows:
        part = _written(row, summary.family)
        length += len(part) + 2
        if length > READ_AS:
            parts.append("…")
            break
        parts.append(part)
    return "; ".join(parts)


def _written(row: Row, family: str) -> str:
    name = (
        row.name
        if not row.type or (family == "torch" and row.name.startswith(row.type))
        else f"{row.name} ({row.type})"
    )
    shape = ""
    if row.out is not None:
        sides = ["None" if family == "keras" else "-1", *("None" if side is None else str(side) for side in row.out)]
        shape = f" ({', '.join(sides)})" if family == "keras" else f" [{', '.join(sides)}]"
    count = "(recursive)" if row.recursive else row.rounded or str(row.count or 0)
    return f"{name}{shape} {count}"


def _described(summary: Summary) -> str:
    rows = len(summary.rows)
    title = f' of "{summary.title}"' if summary.title else ""
    return f"{summary.form}{title}: {rows:,} row{'' if rows == 1 else 's'}"


def _also(summary: Summary, statistics: int) -> dict[str, int]:
    """Counts that are printed, and what the framework itself would print."""
    found = dict(summary.also)
    printed = summary.printed
    if printed.total is not None:
        found["declared"] = printed.total
    if (summary.family == "keras" or statistics) and "framework" not in found:
        counts = [row.own for row in summary.rows]
        whole = None if None in counts else sum(c for c in counts if c is not None)
        value = printed.total if printed.total is not None else whole
        if value is not None:
            found["framework"] = value
    return found
