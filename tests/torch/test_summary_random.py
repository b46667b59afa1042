"""Random Keras models: what their summary() prints is read as what they hold, however it was pasted.

The text of Keras 3 is its own; that of Keras 2 is printed here by the rules of its print_summary
(tensorflow/python/keras/utils/layer_utils.py): cells are cut (TF < 2.7) or go on in the next line.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import keras
import pytest
from keras import layers as kl

from nparams import Network
from nparams.notation import summary


def some(r: random.Random, share: float) -> bool:
    """Yes in about that share of all cases."""
    return r.random() < share


#: kind -> (sides that it takes, a layer with random arguments)
KINDS: dict[str, tuple[tuple[int, ...], Any]] = {
    "Dense": ((0, 1, 2), lambda r: kl.Dense(r.choice((1, 5, 16, 30)), use_bias=some(r, 0.8))),
    "Conv1D": ((1,), lambda r: kl.Conv1D(r.choice((4, 8)), r.choice((1, 3, 5)), padding="same", use_bias=some(r, 0.7))),
    "Conv2D": ((2,), lambda r: kl.Conv2D(r.choice((4, 8, 24)), r.choice((1, 2, 3, 5)), padding="same",
                                         use_bias=some(r, 0.7))),
    "Conv2DTranspose": ((2,), lambda r: kl.Conv2DTranspose(r.choice((3, 6)), r.choice((2, 3)), padding="same")),
    "DepthwiseConv2D": ((2,), lambda r: kl.DepthwiseConv2D(r.choice((3, 5)), padding="same",
                                                           depth_multiplier=r.choice((1, 2)))),
    "SeparableConv2D": ((2,), lambda r: kl.SeparableConv2D(r.choice((4, 10)), 3, padding="same",
                                                           use_bias=some(r, 0.5))),
    "BatchNormalization": ((0, 1, 2), lambda r: kl.BatchNormalization(scale=r.random() < 0.7)),
    "LayerNormalization": ((0, 1), lambda r: kl.LayerNormalization(center=r.random() < 0.7)),
    "GroupNormalization": ((2,), lambda r: kl.GroupNormalization(1)),
    "LSTM": ((1,), lambda r: kl.LSTM(r.choice((3, 8)), return_sequences=True, use_bias=some(r, 0.8))),
    "GRU": ((1,), lambda r: kl.GRU(r.choice((3, 8)), return_sequences=True, reset_after=r.random() < 0.7)),
    "SimpleRNN": ((1,), lambda r: kl.SimpleRNN(r.choice((3, 8)), return_sequences=True)),
    "Bidirectional": ((1,), lambda r: kl.Bidirectional(r.choice((kl.LSTM, kl.GRU))(r.choice((3, 8)),
                                                                             return_sequences=True))),
    "TimeDistributed": ((1,), lambda r: kl.TimeDistributed(kl.Dense(r.choice((3, 7))))),
    "PReLU": ((0,), lambda r: kl.PReLU()),
    "MaxPooling2D": ((2,), lambda r: kl.MaxPooling2D(2, padding="same")),
    "Dropout": ((0, 1, 2), lambda r: kl.Dropout(0.5)),
    "Activation": ((0, 1, 2), lambda r: kl.Activation("relu")),
    "nested": ((0, 1, 2), lambda r: keras.Sequential([kl.Dense(6), kl.BatchNormalization(), kl.Dense(3)])),
}  # fmt: skip
FORMS = ("sequential", "functional")
TEXTS = ("box 70", "box 100", "box 160", "cut", "wrapped", "one line")
SHAPES = {0: (12,), 1: (9, 5), 2: (12, 12, 3)}
MODELS = 150


def drawn(seed: int) -> tuple[keras.Model, str, list[str]]:
    """A model, its form, and the kinds in it: the kinds and forms take turns, so that no cell stays empty."""
    r = random.Random(seed)
    form, first = FORMS[seed % 2], list(KINDS)[seed // 2 % len(KINDS)]
    rank = r.choice(KINDS[first][0])
    fitting = [name for name, (ranks, _) in KINDS.items() if rank in ranks]
    kinds = [first, *(r.choice(fitting) for _ in range(r.randint(1, 6)))]
    r.shuffle(kinds)
    made = [KINDS[kind][1](r) for kind in kinds]
    for layer in made:
        layer.trainable = r.random() < 0.85 or seed % 3 > 0
    if form == "sequential":
        return keras.Sequential([keras.Input(SHAPES[rank]), *made, kl.Flatten(), kl.Dense(4)]), form, kinds
    start = x = keras.Input(SHAPES[rank])
    for layer in made:
        y = layer(x)
        x = kl.Concatenate()([x, y]) if x.shape[:-1] == y.shape[:-1] and r.random() < 0.5 else y
    return keras.Model(start, kl.Dense(4)(kl.Flatten()(x))), form, kinds


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def boxed(model: keras.Model, width: int, **options: bool) -> str:
    lines: list[str] = []
    model.summary(line_length=width, print_fn=lambda text, **_: lines.append(text), **options)
    return "\n".join(lines)


def plain(model: keras.Model, *, wrap: bool) -> str:
    """As Keras 2 printed it: with the column of connections, cells cut or wrapped at the columns' ends."""
    ends = (30, 54, 66, 98) if wrap else (29, 52, 64, 98)
    head = ("Layer (type)", "Output Shape", "Param #", "Connected to")
    out = ['Model: "model"', "_" * 98, *_line(head, ends, wrap), "=" * 98]
    for layer in model.layers:
        tensors = [tensor for node in layer._inbound_nodes for tensor in node.input_tensors]
        links = [f"{tensor._keras_history.operation.name}[0][0]" for tensor in tensors]
        shape = str(layer.output.shape) if not isinstance(layer, kl.InputLayer) else f"[{tuple(layer.output.shape)}]"
        told = (f"{layer.name} ({type(layer).__name__})", shape, str(layer.count_params()))
        if wrap:
            out += _line((*told, str(links)), ends, wrap)
        else:
            out += _line((*told, "".join(links[:1])), ends, wrap)
            out += [line for link in links[1:] for line in _line(("", "", "", link), ends, wrap)]
        out.append("_" * 98)
    frozen, total = sum(v.value.numel() for v in model.non_trainable_weights), model.count_params()
    out += ["=" * 98, f"Total params: {total:,}", f"Trainable params: {total - frozen:,}"]
    return "\n".join([*out, f"Non-trainable params: {frozen:,}", "_" * 98])


def _line(cells: tuple[str, ...], ends: tuple[int, ...], wrap: bool) -> list[str]:
    left, lines = list(cells), []
    while any(left):
        line = ""
        for k, cell in enumerate(left):
            room = ends[k] - (ends[k - 1] if k else 0) - (2 if k < len(ends) - 1 and wrap else 1)
            cuts = [cell[:room].find(end) + len(end) for end in ("),", "],", "',") if end in cell[:room]]
            room = min(cuts) if cuts and wrap else room
            line += cell[:room]
            line = line.ljust(ends[k])
            left[k] = cell[room:] if wrap else ""
        lines.append(line.rstrip())
    return lines


def pasted(model: keras.Model, seed: int) -> tuple[str, str]:
    """The text, and which it is."""
    how = TEXTS[seed // 3 % len(TEXTS)]
    if how.startswith("box"):
        return boxed(model, int(how[4:]), expand_nested=seed % 5 == 0, show_trainable=seed % 4 == 0), how
    text = plain(model, wrap=how == "wrapped")
    return (" ".join(text.split()) if how == "one line" else text), how


def by_row(network: Network) -> dict[str, int]:
    """What each outermost row holds: its parameters and statistics."""
    found = {}
    for module in network.root.children:
        stack, size = [module], 0
        while stack:
            one = stack.pop()
            size += sum(int(t.size or 0) for t in one.tensors)  # type: ignore[arg-type]
            stack += one.children
        found[module.name] = size
    return found


@pytest.fixture(scope="module")
def models() -> list[tuple[int, keras.Model, str, list[str]]]:
    found = []
    for seed in range(MODELS):
        keras.utils.set_random_seed(seed)
        found.append((seed, *drawn(seed)))
    return found


def statistics(model: keras.Model) -> int:
    """Numbers that no layer was made to train."""
    return sum(
        v.value.numel()
        for layer in model._flatten_layers()
        if isinstance(layer, kl.BatchNormalization)
        for v in (layer.moving_mean, layer.moving_variance)
    )


def test_every_kind_stands_in_every_form(models: list[tuple[int, keras.Model, str, list[str]]]) -> None:
    table = Counter((kind, form) for _, _, form, kinds in models for kind in kinds)
    assert all(table[kind, form] for kind in KINDS for form in FORMS), table
    assert {pasted(model, seed)[1] for seed, model, _, _ in models[:20]} == set(TEXTS)


def test_summaries_give_the_counts_of_the_model(models: list[tuple[int, keras.Model, str, list[str]]]) -> None:
    explained = 0
    for seed, model, _, kinds in models:
        text, how = pasted(model, seed)
        told = f"seed {seed}, {how}\n{text}"
        assert summary.may_be(text), told
        network = summary.read(text)
        assert "framework" in network.also, (network.form, network.described, told)
        assert network.also["framework"] == network.also["declared"] == model.count_params(), told
        rows = by_row(network)
        assert list(rows.values()) == [layer.count_params() for layer in model.layers], (rows, told)
        for name, layer in zip(rows, model.layers, strict=True):  # narrow columns cut names
            begin = name.partition("#")[0].rstrip("…")
            assert name == layer.name or (len(name) > 8 and layer.name.startswith(begin)), told
        assert sum(rows.values()) == model.count_params(), told
        if "nested" not in kinds:
            assert network.total == model.count_params() - statistics(model), told
        assert not any("is printed, but" in note or "rows sum to" in note for note in network.notes), told
        explained += any(row.formula is not None for row in network.layers)
    assert explained > MODELS * 0.9


def test_the_column_of_frozen_layers_is_read(models: list[tuple[int, keras.Model, str, list[str]]]) -> None:
    told = 0
    for _, model, _, kinds in models[:60]:
        if "nested" in kinds:
            continue
        network = summary.read(boxed(model, 120, show_trainable=True))
        if network.totals.frozen is not None:
            frozen = sum(v.value.numel() for v in model.non_trainable_weights)
            assert network.totals.frozen == frozen - sum(
                v.value.numel()
                for layer in model.layers
                if isinstance(layer, kl.BatchNormalization)
                for v in (layer.moving_mean, layer.moving_variance)
            )
            told += 1
    assert told > 20
