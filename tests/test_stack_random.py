"""Random lists of layers: rows add up, what is printed back is the same network, and numbers may be put in later."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

import nparams
from nparams.errors import NotationError
from nparams.expr import Expr, equal, evaluate, parse

#: {} is a size, {n} a number of copies, {a} a name: what an image, a sequence and a vector may go through
IMAGE = [
    "conv {} 3x3 same", "conv {} 3", "conv {} 5x3 stride 2 padding 1", "conv {} 1x1 no bias",
    "conv {} 3 dilation 2 same", "3x3 conv {} same", "depthwise conv 3x3 same",
    "depthwise conv 3 multiplier 2 same no bias", "sepconv {} 3x3 same", "sepconv {} 3x3 multiplier 2 same",
    "deconv {} 2x2 stride 2", "deconv {} 3x3 stride 2 same no bias", "maxpool 2", "maxpool 3 s2 same",
    "avgpool 2 ceil", "maxpool 3 s1 padding 1", "batchnorm", "bn no beta", "layernorm", "groupnorm 1", "instancenorm",
    "prelu", "relu", "dropout 0.5", "upsample 2", "zeropad 1", "layerscale", "se 1 no bias",
    "residual (depthwise conv 3x3 same; bn; relu)", "concat (conv {} 1x1 | conv {} 3x3 same | maxpool 3 s1 same)",
    "conv {} 3 same as {a}", "{n} x (conv {} 3x3 same; bn; relu)", "{n} x dropout", "residual (se 1; relu) x {n}",
    "depthwise conv 3x3 same as {a}; bn; reuse {a}", "locally connected 2 3x3", "frozen conv {} 3x3 same",
    "bn as {a}; relu; add {a}", "conv {} 3x3 same no bias; batchnorm; relu6",
]  # fmt: skip
SEQUENCE = [
    "lstm {} seq", "bidirectional gru {} seq", "rnn {} seq no bias", "gru {} layers=2 seq", "bilstm {} layers=3 seq",
    "lstm {} seq peephole", "lstm {} seq projection 3", "conv1d {} 3 same", "dense {}", "timedistributed dense {}",
    "layernorm", "rmsnorm", "attention", "attention heads 1", "attention no bias", "ffn {}", "gated ffn {}",
    "encoder ff {}", "encoder heads 1 ff {} rms", "decoder ff {} layers=2", "positions {}", "class token",
    "{n} x (attention; layernorm; ffn {})", "residual (attention; dropout 0.1)",
    "residual (rmsnorm; swiglu {}) x {n}", "encoder ff {} layers={n}", "moe 4 experts top 2 ff {}",
    "moe 4 experts top 1 ff {} swiglu 1 shared", "ffn {} as {a}; reuse {a}", "{n} x encoder ff {} no bias",
    "dense {} as {a}; relu; concat {a}", "gru {} learned state seq", "dense {} lora 2", "attention lora 2 targets qv",
    "relu",
]  # fmt: skip
VECTOR = [
    "dense {}", "dense {} no bias", "fc {} relu", "dropout 0.2", "batchnorm", "layernorm no bias", "prelu",
    "maxout {} pieces 3", "highway", "bilinear 3 {}", "dense {} lora 2 dora", "{n} x highway",
    "residual (highway; relu)", "concat (dense {} | dense {} | highway)", "highway as {a}; reuse {a}",
    "{n} x (dense {}; relu)", "dense {} as {a}; dense {}; goto {a}", "frozen dense {}",
    "dense {} as {a}; relu; add {a}", "softmax",
]  # fmt: skip
STARTS = {
    "image": (["input 32x40x{} channels last", "input 3x36x36", "input 30x30 rgb"], IMAGE),
    "sequence": (["input 20x{}", "input 12 tokens; embedding {} {}", "embedding {} {}"], SEQUENCE),
    "vector": (["input 9", "dense {} on 7", "dense {} on {}"], VECTOR),
}
ENDS = {
    "image": ["flatten; dense {}", "gap; dense {}", "relu"],
    "sequence": ["dense {}", "relu"],
    "vector": ["dense {}"],
}
CONVENTION = st.sampled_from([None, "torch", "keras"])
SEPARATOR = st.sampled_from(["; ", "\n", " -> ", " → "])


class Text:
    """A list with symbols in it, the same with numbers, and which number stands for which symbol."""

    def __init__(self, symbolic: str, numeric: str, values: dict[str, int]) -> None:
        self.symbolic, self.numeric, self.values = symbolic, numeric, values

    def __repr__(self) -> str:
        return f"{self.numeric!r} from {self.symbolic!r} with {self.values}"


@st.composite
def lists(draw: st.DrawFn) -> Text:
    """A start, a few layers that fit behind it, and an end."""
    kind = draw(st.sampled_from([*STARTS]))
    starts, layers = STARTS[kind]
    chosen = [draw(st.sampled_from(starts)), *draw(st.lists(st.sampled_from(layers), max_size=5))]
    chosen.append(draw(st.sampled_from(ENDS[kind])))
    values: dict[str, int] = {}
    symbolic, numeric = [], []
    for place, template in enumerate(chosen):
        one = other = template.replace("{a}", f"name{place}")
        while "{}" in one or "{n}" in one:
            hole = "{n}" if "{}" not in one else "{}"
            number = draw(st.integers(2, 9) if hole == "{n}" else st.integers(1, 70))
            as_symbol = draw(st.booleans()) and "{n} x dropout" not in one
            name = f"z{len(values)}"
            if as_symbol:
                values[name] = number
            one = one.replace(hole, name if as_symbol else str(number), 1)
            other = other.replace(hole, str(number), 1)
        symbolic.append(one)
        numeric.append(other)
    separator = draw(SEPARATOR)
    return Text(separator.join(symbolic), separator.join(numeric), values)


def read(text: str, convention: str | None, **options: Any) -> nparams.Network:
    return nparams.read(text, form="stack", convention=convention, **options)


def fits(text: str, convention: str | None, **options: Any) -> nparams.Network:
    """The network, where its layers fit together (a pool may be larger than what is left of an image)."""
    try:
        return read(text, convention, **options)
    except NotationError:
        assume(False)
        raise


def test_every_template_fits_somewhere() -> None:
    """No random list is thrown away because a template cannot be read at all."""
    for starts, layers in STARTS.values():
        for template in layers:
            text = f"{starts[0]}; {template}".replace("{a}", "here").replace("{n}", "2").replace("{}", "8")
            assert read(text, None).total is not None


@given(lists(), CONVENTION)
def test_rows_add_up(text: Text, convention: str | None) -> None:
    found = fits(text.numeric, convention)
    assert type(found.total) is int
    assert sum(row["total"] for row in found.rows()) == found.total  # type: ignore[misc]
    assert found.weights + found.biases == found.total
    assert evaluate(parse(found.formula()), {}) == found.total
    told = json.loads(found.to_json())
    assert told["total"] == found.total
    assert found.explain()
    assert str(found)


@given(lists(), CONVENTION)
def test_symbols_add_up(text: Text, convention: str | None) -> None:
    found = fits(text.symbolic, convention)
    assert found.total is not None
    assert equal(parse(found.formula()), found.total)
    assert equal(sum_of([row.total for row in found.layers]), found.total)
    assert json.loads(found.to_json())["form"] == "stack"
    assert found.explain()
    assert str(found)


def sum_of(sizes: list[Any]) -> int | Expr:
    total: int | Expr = 0
    for size in sizes:
        total = total + size
    return total


@given(lists(), CONVENTION)
def test_print_back_is_the_same_network(text: Text, convention: str | None) -> None:
    for typed in (text.numeric, text.symbolic):
        found = fits(typed, convention)
        again = read(found.read_as, convention)
        assert again.read_as == found.read_as
        assert equal(again.total or 0, found.total or 0)
        one, other = by_kind(again), by_kind(found)
        assert one.keys() == other.keys()
        assert all(equal(one[kind], other[kind]) for kind in one)
        assert equal(again.totals.trainable or 0, found.totals.trainable or 0)


def by_kind(network: nparams.Network) -> dict[str | None, int | Expr]:
    """What all layers of a kind hold: neighbours that are alike may be folded into a row in another way."""
    kinds = {row.kind for row in network.layers}
    return {kind: sum_of([row.total for row in network.layers if row.kind == kind]) for kind in kinds}


@given(lists(), CONVENTION)
def test_numbers_put_in_later_are_the_numeric_network(text: Text, convention: str | None) -> None:
    assume(text.values)
    wanted, symbolic = fits(text.numeric, convention), fits(text.symbolic, convention)
    used = {name: value for name, value in text.values.items() if name in symbols(symbolic)}
    found = symbolic.substitute(used) if used else symbolic
    assert (found.total, found.weights, found.biases) == (wanted.total, wanted.weights, wanted.biases)
    assert found.totals.active == wanted.totals.active
    assert found.totals.listed == wanted.totals.listed


def symbols(network: nparams.Network) -> set[str]:
    """The symbols that the network has: in shapes, and in numbers of copies."""
    modules = [chain for chain, _ in network.walk()]
    ranges = [m.over for chain in modules for m in chain if m.over is not None]
    sizes = [size for t in network.tensors() for size in t.shape or ()]
    sizes += [end for over in ranges for end in (over.first, over.last)]
    return {name for size in sizes for name in re.findall(r"z\d+", str(size))}


@given(lists(), CONVENTION)
def test_the_textbook_total_is_beside_every_other(text: Text, convention: str | None) -> None:
    found, textbook = fits(text.numeric, convention), fits(text.numeric, "textbook")
    assert found.also.get("textbook", found.total) == textbook.total
