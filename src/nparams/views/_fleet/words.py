"""What a report says in words: short numbers, shares, and the answers to what people ask first."""

from __future__ import annotations

import re
from html import unescape

from nparams.views._svg.ink import shortened
from nparams.views.html_tree import percent
from nparams.views.look import Look, counted, human

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network.many import Area, Disagreement, Report

#: what a column calls a group without a name
UNNAMED = {"architecture": "not named", "number type": "not known", "format": "not known", "quantisation": "none"}
#: kinds of errors (nparams.fleet.rows.ERRORS) in a sentence
ERRORS = {
    "format": "damaged", "unsupported": "of a kind that is not counted", "fetch": "not to be had",
    "transfer": "failed on the way", "read": "not readable", "bug": "stopped by a bug of nparams",
}  # fmt: skip
#: names of files that say nothing of what is in them
ANY_MODEL = re.compile(r"(pytorch_|tf_|flax_|adapter_|diffusion_pytorch_|saved_)?(model|weights|checkpoint)[.-]", re.I)
#: how a row tells of a declared total that no column holds (nparams.fleet.rows.disagreement)
BEYOND = re.compile(r"declared ([\d,]+) is ([\d,.]+ x) the total")
#: kinds that a sentence names, and characters of a name
KINDS, NAMED = 6, 40
HOW_MANY, DISAGREES = "How many models and parameters?", "Which counts disagree?"
TWICE, SUSPICIOUS = "What is there twice?", "What is suspicious?"
ALIKE = "same names, shapes, number types and size; whether the numbers in them are the same, only their bytes tell"
NO_PROMISE = "nothing was found, which is no promise that the files are safe"


def short(count: int) -> str:
    """A count as people say it, in k, M, B (10^9) and T (10^12), rounded to a tenth.

    >>> short(999), short(1_000), short(8_030_261_248), short(999_950), short(45_683 * 10**12)
    ('999', '1k', '8B', '1M', '45,683T')
    """
    if count < 1000:
        return str(count)
    unit, size = "k", 1000
    for name in "MBT":
        if (count * 10 + size // 2) // size >= 10_000:
            unit, size = name, size * 1000
    tenths = (count * 10 + size // 2) // size
    return f"{tenths // 10:,}" + (f".{tenths % 10}" if tenths % 10 else "") + unit


def share(part: int, whole: int) -> str:
    """A share of the whole, as every view writes it.

    >>> share(1, 3), share(1, 10**6), share(0, 0)
    ('33.3%', '< 0.1%', '')
    """
    return unescape(percent(part, whole)) if whole else ""


def models(count: int) -> str:
    """So many models.

    >>> models(1), models(1200)
    ('1 model', '1,200 models')
    """
    return counted(count, "model", Look())


def off(found: Disagreement) -> tuple[str, str]:
    """How far the count that is further from the total is off, and which it is.

    >>> from nparams.network.many import Disagreement
    >>> off(Disagreement("m", 600, 600, 3, "")), off(Disagreement("m", 600, 900, None, ""))
    (('1/200', 'declared 3'), ('1.5 x', 'elements 900'))
    """
    beyond = BEYOND.search(found.words) if found.declared is None else None
    if beyond is not None:
        return beyond[2] if len(beyond[2]) <= NAMED else "", f"declared {shortened(beyond[1], NAMED)}"
    held = [(name, n) for name, n in (("declared", found.declared), ("elements", found.elements)) if n is not None]
    if not held:
        return "", ""
    name, n = max(held, key=lambda each: _times(each[1], found.total))
    told = f"{name} {n:,}"
    if not n or not found.total:
        return "", told
    hundredths = _times(n, found.total)
    times = f"{hundredths // 100:,}" + f".{hundredths % 100:02}".rstrip("0").rstrip(".")
    return (f"{times} x" if n >= found.total else f"1/{times}"), told


def _times(one: int, other: int) -> int:
    """How many hundredths the larger is of the smaller; none counts as one."""
    return 100 * max(one, other, 1) // max(min(one, other), 1)


def name_of(area: Area) -> str:
    """What a tile of the treemap is called."""
    if area.architectures > 1:
        return f"{area.architectures:,} others"
    return UNNAMED["architecture"] if area.name is None else area.name


def called(uri: str) -> str:
    """What people call a model: the last part of its address, or the one before where that is any model's.

    >>> called("hf://org/phi-4/model.safetensors"), called("s3://b/phi-4-q4.gguf"), called("model.bin")
    ('phi-4', 'phi-4-q4.gguf', 'model.bin')
    """
    parts = [part for part in uri.replace("\\", "/").split("/") if part]
    if len(parts) > 1 and ANY_MODEL.match(parts[-1]):
        return parts[-2]
    return parts[-1] if parts else uri


def when(report: Report) -> str:
    """The days on which the rows were read."""
    if report.first is None or report.last is None:
        return ""
    first, last = report.first[:10], report.last[:10]
    return f"read on {first}" if first == last else f"read from {first} to {last}"


def heading(report: Report) -> str:
    """What the table is."""
    held = report.models + report.refused
    return ", ".join(filter(None, (f"a table of {models(held)}", when(report))))


def answers(report: Report) -> list[tuple[str, list[str]]]:
    """(question, sentences of the answer): what people ask first."""
    return [
        (HOW_MANY, _how_many(report)), (DISAGREES, _disagrees(report)), (TWICE, _twice(report)),
        (SUSPICIOUS, _suspicious(report)),
    ]  # fmt: skip


def _how_many(report: Report) -> list[str]:
    exact = counted(report.parameters, "parameter", Look())
    about = f" ({short(report.parameters)})" if report.parameters >= 10**6 else ""
    told = [f"{models(report.models)} with {exact}{about}{_in_files(report)}"]
    if report.without_total:
        told.append(f"{models(report.without_total)} without a total: sizes of tensors are not known")
    if report.refused:
        why = _kinds([(ERRORS.get(kind.name, kind.name), kind.models) for kind in report.errors])
        told.append(f"{report.refused:,} more could not be counted: {why}")
    if report.gone:
        told.append(f"{report.gone:,} more {'is' if report.gone == 1 else 'are'} gone since an earlier scan")
    return told


def _in_files(report: Report) -> str:
    if not report.unsized:
        return f", in files of {human(report.size)}"
    if report.unsized == report.models:
        return "; how large their files are is not known"
    return f", in files of {human(report.size)} and of {models(report.unsized)} whose size is not known"


def _kinds(kinds: Sequence[tuple[str, int]]) -> str:
    """The kinds of most models with how many there are; strangers may have named them."""
    told = [f"{count:,} {shortened(name, NAMED)}" for name, count in kinds[:KINDS]]
    return ", ".join([*told, *([f"{len(kinds) - KINDS:,} kinds more"] if len(kinds) > KINDS else [])])


def _disagrees(report: Report) -> list[str]:
    found = report.disagreements
    if not found.models:
        return ["none: what files hold and declare is what was counted"]
    verb = "holds or declares" if found.models == 1 else "hold or declare"
    told = [f"{models(found.models)} {verb} something else than the total: {_kinds(found.kinds)}"]
    times, other = off(found.top[0]) if found.top else ("", "")
    if times:
        told.append(f"the furthest: {other} for {counted(found.top[0].total, 'parameter', Look())} ({times})")
    return told


def _twice(report: Report) -> list[str]:
    copies, kin = report.copies, report.families
    told = []
    if copies.models:
        groups = f"{copies.groups:,} group{'' if copies.groups == 1 else 's'}"
        what = "could be a copy" if copies.models == 1 else "could be copies"
        told.append(f"{models(copies.models)} {what} of another, in {groups}: up to {human(copies.bytes)} to be saved")
    if kin.groups:
        several = "1 architecture is" if kin.groups == 1 else f"{kin.groups:,} architectures are"
        told.append(f"{several} stored in more than one way, by {models(kin.models)}")
    return told or ["nothing: no two models have the same names and shapes"]


def _suspicious(report: Report) -> list[str]:
    if not report.flagged:
        return [NO_PROMISE]
    verb = "has" if report.flagged == 1 else "have"
    return [f"{models(report.flagged)} {verb} flags: {_kinds([(f.name, f.models) for f in report.flags])}"]


def spread(report: Report) -> str:
    """How large models are, in a sentence; nothing where none has a total."""
    held = report.sizes
    if held.half is None or held.nine_of_ten is None or held.largest is None:
        return ""
    half, most = short(held.half), short(held.nine_of_ten)
    return f"half have up to {half} parameters, nine of ten up to {most}, the largest has {short(held.largest)}"
