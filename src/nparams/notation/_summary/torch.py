"""Summaries of PyTorch models: torchinfo and torch-summary (trees), torchsummary and pytorch_model_summary (lists).

Source: torchinfo 1.8 (formatting.py, layer_info.py: a layer with others inside prints what is left over beside them,
at the last depth everything; (90) is frozen, (recursive) was printed before, -- is none); torchsummary 1.5.1, which
counts only `weight` and `bias` of a layer; pytorch-model-summary 0.1.2.
"""

from __future__ import annotations

import re

from nparams.notation._summary.text import Row, Summary, dims, number, printed_totals

#: ├─Linear (fc): 1-2, | + Linear: 2-1
TREE = re.compile(
    r"^(?P<bars>(?:\s*[│|])*+\s*)(?P<fork>[├└+`]─*\s?)?(?P<type>[A-Za-z_][\w.<>]*)(?: \((?P<var>[^()\n]{1,100})\))?"
    r"(?:: (?P<place>(?P<depth>\d{1,3})(?:-\d{1,7})?))?(?=\s|$)(?P<cells>.*)$"
)
LIST = re.compile(
    r"^\s*(?:(?P<parents>[\w/.]+)\s{2,})?(?P<type>[A-Za-z_][\w.]*?)-(?P<index>\d{1,7})\s+(?P<out>\[[^\n]*\]|--)\s+"
    r"(?P<count>\d[\d,]*|--)(?:\s+(?P<trained>\d[\d,]*))?\s*$"
)
#: the end of a row in a paste that lost its lines
JOINED = re.compile(r"(?<=[\d=\-]) (?=[A-Za-z_][\w.]{0,60}-\d{1,7} \[)|(?<=\d) (?=[=-]{5})")
CELL = re.compile(
    r"\[[^\[\]\n]*(?:\[[^\[\]\n]*\][^\[\]\n]*)*\]|\(recursive\)|\([\d,]+\)|[├└]─[\d,]+|--|-?[\d,.]+%?|[A-Za-z]+"
)
SIGNS = re.compile(r"[├└]─\w|\w: \d+-\d+\s|depth-idx|type \(var_name\)|^(?:\|\s+)*\+ [A-Z]\w+", re.M)
TITLES = ("Input Shape", "Output Shape", "Param #", "Param %", "Kernel Shape", "Mult-Adds", "Trainable")
HEAD = re.compile(r"^\s*Layer \(type.*$", re.M)


def tree_of(text: str) -> Summary | None:
    """A torchinfo or torch-summary table, None where there is none."""
    head = HEAD.search(text)
    columns = _columns(head[0] if head else "")
    if not SIGNS.search(text):
        return None
    rows: list[Row] = []
    for line in text[head.end() if head else 0 :].split("\n"):
        if re.match(r"\s*(Total params|Trainable params|Hierarchical)", line):
            break
        match = TREE.match(line)
        if match is not None:
            _add(rows, match, columns)
    if not any(row.depth for row in rows) and not any(row.type for row in rows):
        return None
    _name(rows)
    summary = Summary("torchinfo summary", "torch", rows, printed_totals(text), flows=None)
    summary.notes += _astray(rows)
    return summary


def _columns(head: str) -> list[str]:
    found = sorted((head.find(title), title) for title in TITLES if title in head)
    return [title for _, title in found] or ["Output Shape", "Param #"]


def _add(rows: list[Row], match: re.Match[str], columns: list[str]) -> None:
    cells = CELL.findall(match["cells"])
    forked = match["fork"] is not None or match["depth"] is not None
    if not cells or (not forked and (rows or len(cells) < len(columns))):
        return
    depth = int(match["depth"]) if match["depth"] else _bars(match) if forked else 0
    held = dict(zip(columns, cells, strict=False)) if len(cells) >= len(columns) else {"Param #": cells[-1]}
    said = held.get("Param #", "--")
    if said[0] in "├└":  # an array of the row above, printed by verbose=2
        return
    if said == "--" and len(cells) < len(columns):
        return
    row = Row(match["var"] or "", match["type"], 0 if said == "--" else number(said), depth)
    row.note = match["place"] or ""
    row.recursive = said == "(recursive)"
    if row.count is None and not row.recursive:
        return
    row.trainable = False if said.startswith("(") and row.count else None
    row.takes, row.out = _shape(held.get("Input Shape")), _shape(held.get("Output Shape"))
    kernel = held.get("Kernel Shape", "--")
    row.kernel = dims(kernel) if kernel.startswith("[") else None
    if held.get("Trainable") in ("True", "False"):
        row.trainable = held["Trainable"] == "True"
    rows.append(row)


def _bars(match: re.Match[str]) -> int:
    return 1 + sum(match["bars"].count(bar) for bar in "│|")


def _shape(text: str | None) -> tuple[int | None, ...] | None:
    """A shape without its batch; of several the first."""
    found = re.search(r"\[(-?\d+(?:, ?-?\d+)*)\]", text or "")
    return dims(found[1])[1:] if found else None


def _name(rows: list[Row]) -> None:
    """Names of a tree: attributes where they are printed (layer1.0.conv1), else the type as it is numbered there."""
    path: list[str] = []
    for place, row in enumerate(rows):
        del path[max(row.depth - 1, 0) :]
        if row.depth == 0:
            row.name = row.name or row.type or "model"
        elif row.name:
            path += [""] * (row.depth - 1 - len(path))
            path.append(row.name)
            row.name = ".".join(part for part in path if part)
        else:
            row.name = f"{row.type}:{row.note or place}"
        row.note = ""


def _astray(rows: list[Row]) -> list[str]:
    """A layer that is printed as (recursive), with layers inside it that are counted: torchinfo counted them twice."""
    path: list[Row] = []
    for row in rows:
        del path[row.depth :]
        while len(path) < row.depth:
            path.append(row)
        if row.count and any(outer.recursive for outer in path):
            outer = next(o for o in path if o.recursive)
            return [
                f"{outer.name} is printed as (recursive), counted before, but {row.name} inside it bears a count: such "
                "layers may be counted twice here, as torchinfo does in its total; summary(model) without an input "
                "counts them once"
            ]
        path.append(row)
    return []


#: layers whose weights torchsummary does not see: they are not called `weight` and `bias`
UNSEEN = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "MultiheadAttention")


def list_of(text: str) -> Summary | None:
    """A torchsummary or pytorch_model_summary table, None where there is none."""
    rows = []
    both = re.search(r"Input Shape\s+Output Shape", text) is not None
    for line in JOINED.sub("\n", text.replace("; ", "\n")).split("\n"):
        if "Hierarchical Summary" in line:
            break
        match = LIST.match(line)
        if match is None:
            continue
        row = Row(f"{match['type']}-{match['index']}", match["type"], number(match["count"]) or 0)
        sides = re.split(r"\s{2,}", match["out"]) if both else [match["out"]]
        row.takes, row.out = _shape(sides[0]) if len(sides) == 2 else None, _shape(sides[-1])
        trained = number(match["trained"] or "")
        if row.count and trained in (0, row.count):
            row.trainable = trained != 0
        rows.append(row)
    if not rows:
        return None
    if re.search(r"Input Shape", text) and not re.search(r"Output Shape", text):
        for row in rows:
            row.takes, row.out = row.out, None
    found = Summary("torchsummary", "torch", rows, printed_totals(text), flows=None)
    found.notes += _unseen(rows)
    return found


def _unseen(rows: list[Row]) -> list[str]:
    names = [row.name for row in rows if row.type in UNSEEN and row.count == 0]
    if not names:
        return []
    return [
        f"printed with 0 parameters, though such layers have some: {', '.join(names[:5])}"
        f"{' and more' if len(names) > 5 else ''}; torchsummary counts only arrays called weight and bias, so its "
        "total is too small: sum(p.numel() for p in model.parameters()) counts all"
    ]


#: fastai's learn.summary(): a line for a shape, then the layers that send it
FASTAI = re.compile(
    r"^\s{0,4}(?P<type>[A-Z]\w*)\s+(?:(?P<out>\[[\d, ]*\])\s+)?(?P<count>\d[\d,]*)\s+(?P<flag>True|False)\s*$"
)
SENT = re.compile(r"^\s+(?P<out>\d+(?: x \d+)+)\s*$")


def fastai_of(text: str) -> Summary | None:
    """What fastai's learn.summary() prints, None where it is not that."""
    rows: list[Row] = []
    out: tuple[int | None, ...] | None = None
    for line in text.split("\n"):
        if sent := SENT.match(line):
            out = dims(sent["out"])[1:]
        elif match := FASTAI.match(line):
            row = Row(f"{match['type']}-{len(rows) + 1}", match["type"], number(match["count"]))
            row.out = dims(match["out"]) if match["out"] else out
            row.trainable = match["flag"] == "True" if row.count else None
            rows.append(row)
    return Summary("fastai summary", "torch", rows, printed_totals(text), flows=None) if rows else None
