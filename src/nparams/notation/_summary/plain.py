"""Plain dumps of counts: `conv1.weight | 1,728`, the table of the well-known count_parameters snippet, bare totals."""

from __future__ import annotations

import re

from nparams.notation._summary.text import Printed, Row, Summary, number, printed_totals

ROW = re.compile(
    r"^\s*(?:[|│]\s*)?(?:\d{1,6}\s+)?(?P<name>[A-Za-z_][\w.\-/]{0,200}(?:\s?\([\w.]{1,60}\))?)\s*(?:[|│:=,]|\s{2,}|\s->|\s)\s*"
    r"(?:(?P<flag>True|False)\s+)?"
    r"(?:(?:torch\.Size\()?(?P<shape>[\[(][\d, ]{0,80}[\])])\)?\s*[|│:=,]?\s*)?"
    r"(?P<count>\d[\d,]{0,40}+)\s*(?:params?|parameters)?\s*"
    r"(?:(?P<last>\[[\d, ]{0,80}\])\s[-+\d.enainf\s]*(?:torch\.\w+)?\s*)?[|│]?\s*$"
)
SPACES, LONGEST = re.compile(r" {3,}"), 1000
SUM = re.compile(r"(?:grand )?(?:total|sum|all)(?:[ _](?:trainable[ _])?(?:params?|parameters))?", re.I)
SUMMED = re.compile(r"^[\s|]*(?:grand )?(?:total|sum)[\w ]{0,30}[\s|:=]+\d[\d,]*[\s|]*$", re.I)
TITLED = re.compile(
    r"^[\s|│]*#?(?:layer|module|name|parameter|weight)s?(?: name)?\b.{0,60}"
    r"\b(?:params?|parameters?|numel|count|size|#)\W*$",
    re.I | re.M,
)
#: leaves by name, where only names are printed
BIASES, STATISTICS = (
    ("bias", "beta", "b"),
    ("running_mean", "running_var", "num_batches_tracked", "moving_mean", "moving_variance"),
)


def row_in(line: str) -> re.Match[str] | None:
    """The row in a line; runs of spaces are cut to two, for the pattern would try each part of them."""
    return ROW.match(SPACES.sub("  ", line.strip())) if len(line) <= LONGEST else None


def dump_of(text: str) -> Summary | None:
    """Rows of a name and a number, None where the text is no such table."""
    printed = printed_totals(text)
    rows: list[Row] = []
    for line in text.split("\n"):
        match = row_in(line)
        if match is None:
            continue
        if SUM.fullmatch(match["name"].replace("_", " ").strip()):
            printed.total = number(match["count"]) if printed.total is None else printed.total
            continue
        if re.match(r"(?:non-?)?trainable|params?$|total|input|forward|estimated|batch|epochs?$", match["name"], re.I):
            continue
        row = _row(match)
        if row is not None:
            rows.append(row)
    if printed.total is None:
        printed.total = printed.trainable if printed.untrained is None else printed.parameters
    return Summary("table of counts", "torch", rows, printed, flows=False) if rows else None


def detailed_of(text: str) -> Summary | None:
    """What ultralytics' model.info(detailed=True) prints: name, gradient, parameters, shape."""
    lines = sum(bool((m := row_in(line)) and m["flag"] and m["last"]) for line in text.split("\n"))
    return dump_of(text) if lines else None


def _row(match: re.Match[str]) -> Row | None:
    from math import prod

    count = number(match["count"])
    if count is None:
        return None
    row = Row(match["name"], None, count)
    leaf = row.name.rpartition(".")[2].rpartition("/")[2].lower()
    role = "bias" if leaf in BIASES else "buffer" if leaf in STATISTICS else "weight"
    shape = tuple(int(side) for side in re.findall(r"\d{1,18}+", match["shape"] or match["last"] or ""))
    if shape and prod(shape) != count:
        row.note = f"{row.name}: its shape {'x'.join(map(str, shape))} holds {prod(shape):,}, but {count:,} is printed"
        shape = ()
    if "." in row.name or "/" in row.name or shape or leaf in BIASES:
        row.tensors.append((leaf, shape or (count,), role))
    row.trainable = {"True": True, "False": False, None: None}[match["flag"]]
    return row


def is_dump(text: str) -> bool:
    """Whether the text is a table of names and counts: most lines are, and bars, a title or a total say so."""
    lines = [line for line in text[:20_000].split("\n") if line.strip() and not re.fullmatch(r"[-=+|_\s─━]+", line)]
    hits = sum(row_in(line) is not None for line in lines)
    if hits < 2 or 2 * hits < len(lines):
        return False
    barred = sum(line.count("|") >= 1 for line in lines)
    titled = TITLED.search(text[:20_000]) is not None
    totalled = any(SUMMED.match(line) for line in lines) or bool(re.search(r"total.{0,20}params", text, re.I))
    return titled or totalled or 2 * barred >= len(lines)


def adapters_of(text: str) -> Summary | None:
    """What peft's print_trainable_parameters prints: trainable params: 294,912 || all params: 124,734,720."""
    match = re.search(r"trainable params:\s*(\d[\d,]*)\s*\|\|\s*all params:\s*(\d[\d,]*)", text)
    trained, total = (number(match[1]), number(match[2])) if match else (None, None)
    if trained is None or total is None or trained > total:
        return None
    printed = Printed()
    printed.total, printed.trainable, printed.untrained = total, trained, total - trained
    rows = [Row("trained", None, trained), Row("frozen", None, total - trained)]
    rows[1].trainable = False
    return Summary("printed totals", "torch", rows, printed, flows=False)


def only_totals(text: str) -> Summary | None:
    """A text that has printed totals and no rows."""
    printed = printed_totals(text)
    if printed.parameters is None and printed.trainable is None:
        return None
    row = Row("model", None, printed.parameters if printed.parameters is not None else printed.trainable)
    summary = Summary("printed totals", "keras" if "(" in text else "torch", [row], printed, flows=False)
    summary.notes.append(
        "only totals are printed, no rows: how they split into layers, weights and biases is not shown"
    )
    return summary
