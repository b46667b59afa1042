"""Which class of a type a config.json means: the one that it names, the one that is asked for, else the usual one."""

from __future__ import annotations

from nparams.errors import UnsupportedError, UsageError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: endings of the classes that a type is usually meant by, best first: what its weights are published as
USUAL = (
    "ForConditionalGeneration", "ForCausalLM", "LMHeadModel", "ForPreTraining", "ForMaskedLM", "ForCTC",
    "ForObjectDetection", "ForImageClassification", "ForPrediction", "Model",
)  # fmt: skip
#: what classes of other frameworks begin with in files of earlier versions: the same architecture
FOREIGN = ("Flax", "TF")
#: code of its own that a repository brings along
REMOTE = "auto_map"
#: names that are listed in a message
LISTED = 8


class Choice:
    """The class that is counted, and what must be said about that."""

    __slots__ = ("base", "name", "notes")

    def __init__(self, name: str, notes: list[str], base: str | None = None) -> None:
        self.name = name
        self.notes = notes
        #: where no class was named, the one without a head, whose total is told as well
        self.base = base


def chosen(
    heads: Mapping[str, Any], held: Mapping[str, Any], which: str | None, kind: str, without: Mapping[str, str] = {}
) -> Choice:
    """The class of the entry that is meant; UnsupportedError for one that it lacks, with the reason in `without`.

    >>> chosen({"BertModel": {}, "BertForMaskedLM": {}}, {"architectures": ["BertForMaskedLM"]}, None, "bert").name
    'BertForMaskedLM'
    """
    if which is not None:
        return Choice(_asked(heads, which, kind, without), [])
    names = held.get("architectures")
    if names is None or names == []:
        return _usual(heads)
    if type(names) is list and len(names) == 1 and type(names[0]) is str and names[0] in heads:
        return Choice(names[0], [])
    if not isinstance(names, list) or not all(type(name) is str for name in names):
        raise UnsupportedError(f"architectures: a list of names of classes is needed, not {shown(str(names))}")
    return _named(heads, names, held, kind, without)


def _asked(heads: Mapping[str, Any], which: str, kind: str, without: Mapping[str, str]) -> str:
    if which in heads:
        return which
    if which in without:
        raise UnsupportedError(f"--which {_no_formula(which, kind, without)}; {kind} has {listed(list(heads))} here")
    raise UsageError(f"--which {escaped(which[:60])}: {kind} has no such class here, but {listed(list(heads))}")


def _no_formula(name: str, kind: str, without: Mapping[str, str]) -> str:
    """That a class was tried in vain, as the beginning of a sentence."""
    return f"{escaped(name[:60])}: no formula of it could be verified for {kind} ({escaped(without[name][:200])})"


def _named(
    heads: Mapping[str, Any], names: Sequence[str], held: Mapping[str, Any], kind: str, without: Mapping[str, str]
) -> Choice:
    for k, name in enumerate(names):
        found = _same(heads, name)
        if found is None:
            continue
        notes = [] if found == name else [f"architectures names {escaped(name[:60])}: counted as {found}"]
        if len(names) > 1:
            others = ", ".join(escaped(other[:60]) for j, other in enumerate(names) if j != k)
            notes.append(f"architectures names several classes: {found} is counted, and not {others}")
        return Choice(found, notes)
    remote = ", and the repository brings code of its own (auto_map), which is not run" if held.get(REMOTE) else ""
    told = listed([escaped(name[:60]) for name in names])
    if len(names) == 1 and names[0] in without:
        told = _no_formula(names[0], kind, without)
    raise UnsupportedError(
        f"architectures names {told}{remote}; of {kind} there are formulas here for {listed(list(heads))}: "
        "--which CLASS counts one of them, and --with-library may count others"
    )


def _same(heads: Mapping[str, Any], name: str) -> str | None:
    """The class itself, or the one that another framework or an earlier spelling called so."""
    if name in heads:
        return name
    low = {head.lower(): head for head in heads}
    return next(
        (
            low[bare]
            for start in ("", *FOREIGN)
            if name.startswith(start) and (bare := name[len(start) :].lower()) in low
        ),
        None,
    )


def _usual(heads: Mapping[str, Any]) -> Choice:
    """The class that the type is published as; a note says so, and what the model without a head is called."""
    found, base = main(heads), bare(heads)
    told = f"no class is named (architectures): {found} is counted; --which CLASS counts another"
    return Choice(found, [told], base if base != found else None)


def main(heads: Mapping[str, Any]) -> str:
    """The class that a type is usually meant by.

    >>> main({"LlamaModel": {}, "LlamaForSequenceClassification": {}, "LlamaForCausalLM": {}})
    'LlamaForCausalLM'
    """
    for ending in USUAL:
        for name in heads:
            if name.endswith(ending):
                return name
    return next(iter(heads))


def bare(heads: Mapping[str, Any]) -> str | None:
    """The class without a head: its tensors have no prefix, and others have them under one."""
    return next((name for name in heads if name.endswith("Model") and not name.endswith("LMHeadModel")), None)


def listed(names: Sequence[str]) -> str:
    """Names for a sentence: the first few, and how many more.

    >>> listed(["A", "B", "C"])
    'A, B and C'
    """
    if len(names) > LISTED:
        return f"{', '.join(names[:LISTED])} and {len(names) - LISTED:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
