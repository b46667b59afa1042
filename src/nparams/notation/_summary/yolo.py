"""The log of a YOLO model being built: `0  -1  1  464  ultralytics.nn.modules.conv.Conv  [3, 16, 3, 2]`.

Source: ultralytics/nn/tasks.py and yolov5/models/yolo.py, parse_model: from, n, params, module, arguments; Conv is a
convolution without a bias and a batch normalisation (modules/conv.py: c1, c2, k=1, s=1, p, g=1).
"""

from __future__ import annotations

import re

from nparams.notation._summary.text import ROUNDED, Row, Summary, number, printed_totals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.layer import Setting
    from nparams.network import Module

ROW = re.compile(
    r"^[\s|]*(?P<index>\d{1,5})\s+(?P<source>-?\d+|\[[-\d, ]+\])\s+(?P<n>\d{1,4})\s+(?P<count>\d[\d,]*)\s+"
    r"(?P<module>[A-Za-z_][\w.]*)\s+(?P<args>\[.*)$"
)
SUMMARY = re.compile(
    r"summary(?P<fused> \(fused\))?:\s*[\d,]+ layers,? [;,]?\s*(?P<count>[\d,.]+(?:e\+\d+)?) parameters"
    r"(?:,\s*(?P<trained>[\d,.]+(?:e\+\d+)?) gradients)?", re.I,
)  # fmt: skip


def log_of(text: str) -> Summary | None:
    """The rows of a log, None where there are none."""
    rows = []
    for line in text.split("\n"):
        match = ROW.match(line)
        if match is None:
            continue
        kind = match["module"].rpartition(".")[2]
        row = Row(f"model.{match['index']}", kind, number(match["count"]))
        args = match["args"].rstrip()
        row.note = args if args.endswith("]") else "[]"  # the paste ends in it
        row.inputs = [match["n"]]
        rows.append(row)
    if not rows:
        return None
    found = Summary("YOLO log", "torch", rows, printed_totals(text), flows=False)
    for match in SUMMARY.finditer(text):
        _total(found, match)
    return found


def _total(found: Summary, match: re.Match[str]) -> None:
    count, trained = number(match["count"]), number(match["trained"] or "")
    if match["fused"]:
        if count is not None:
            found.also["folded"] = count
    elif count is None:
        if ROUNDED.fullmatch(match["count"]):
            found.printed.rounded["total"] = match["count"]
    else:
        found.printed.total, found.printed.trainable = count, trained
        found.printed.untrained = None if trained is None else count - trained


def block(row: Row, name: str, setting: Setting) -> Module | None:
    """Conv and nn.Conv2d by their arguments, if they hold as much as is printed; None for all other modules."""
    from nparams.errors import NparamsError

    args = _arguments(row.note)
    if row.type not in ("Conv", "Conv2d") or len(args) < 2 or row.inputs != ["1"]:
        return None
    given: dict[str, object] = {"c_in": args[0], "c_out": args[1], "k": (args[2] if len(args) > 2 else 1,) * 2}
    if len(args) > 5 and args[5] > 1:
        given["g"] = args[5]
    try:
        module = _conv(row.type, name, given, setting)
    except NparamsError:
        return None
    from nparams.notation._summary.explain import held

    return module if held(module)[0] == row.count else None


def _conv(type: str, name: str, given: dict[str, object], setting: Setting) -> Module:
    from nparams.layers.catalogue import kind_of
    from nparams.layers.flow import Flow
    from nparams.layers.layer import made
    from nparams.network import Module

    conv, norm = kind_of("conv"), kind_of("batchnorm")
    if type == "Conv2d":
        return made(conv, name, given, Flow(), setting).module()
    inner = made(conv, f"{name}.conv", {**given, "bias": False}, Flow(), setting)
    after = made(norm, f"{name}.bn", {"c": given["c_out"]}, Flow(), setting)
    return Module(name, children=[inner.module(), after.module()])


def _arguments(printed: str) -> list[int]:
    """The whole numbers that the arguments begin with: [3, 16, 3, 2]."""
    found = []
    for part in printed.strip()[1:-1].split(","):
        if not re.fullmatch(r"\s*(\d{1,9}|None)\s*", part):
            break
        found.append(0 if "None" in part else int(part))
    return found
