"""Every class of keras.layers, with random arguments: its arrays and what it sends are those of Keras itself."""

from __future__ import annotations

import inspect
import os
from random import Random
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from nparams.layers._keras import layers as ours  # noqa: E402
from nparams.layers._keras.prepare import SAME  # noqa: E402
from nparams.layers.layer import Setting  # noqa: E402
from nparams.network import Network  # noqa: E402

from .keras_layer_cases import MAKERS  # noqa: E402

#: public classes that are read and need no case of their own: they send what comes in, or a table of words
UNTRIED = {
    *SAME.split(), "CategoryEncoding", "Discretization", "Hashing", "HashedCrossing", "IntegerLookup", "StringLookup",
    "TextVectorization",
}  # fmt: skip
TRIES = 12


def outputs(made: Any) -> list[tuple[Any, ...]]:
    if isinstance(made, (list, tuple)):
        return [shape for one in made for shape in outputs(one)]
    return [tuple(made.shape)]


def compare(theirs: Any, mine: Any, shapes: list[tuple[Any, ...]], told: str) -> None:
    """Build both on the same shapes; compare the arrays in order, the count, and the shapes that go out."""
    inputs = [keras.Input(shape[1:]) for shape in shapes]
    name = theirs.__class__.__name__
    merging = name in (
        "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Attention",
        "AdditiveAttention",
    )  # fmt: skip
    out = theirs(inputs) if merging else theirs(*inputs)
    sent = mine.call(list(shapes))
    mine_out = sent if isinstance(sent, list) else [sent]
    if name != "EinsumDense":  # Keras leaves the sides open that stay as they are
        assert outputs(out) == [tuple(s) for s in mine_out], told
    network = Network(mine.module)
    held = [tuple(t.shape) for t in network.tensors()]
    assert sorted(map(str, held)) == sorted(str(tuple(w.shape)) for w in theirs.weights), told
    assert network.totals.elements == theirs.count_params(), told
    trained = sum(t.size for t in network.tensors() if t.role in ("weight", "bias") and t.trainable)
    assert trained == sum(int(_size(w.shape)) for w in theirs.trainable_weights), told


def _size(shape: Any) -> int:
    n = 1
    for side in shape:
        n *= side
    return n


@pytest.mark.parametrize("name", [name for name, maker in MAKERS.items() if maker])
def test_class(name: str) -> None:
    r = Random(name)
    for _ in range(TRIES):
        args, named, shapes = MAKERS[name](r)
        told = f"{name}{args} {named} on {shapes}"
        shop = ours.Shop(Setting("keras"))
        compare(getattr(keras.layers, name)(*args, **named), shop.layer(name, list(args), named), shapes, told)


def both(name: str, *args: Any, **named: Any) -> tuple[Any, Any]:
    """The layer in Keras and here; arguments that are such pairs are taken apart."""

    def part(held: Any, i: int) -> Any:
        if isinstance(held, list):
            return [part(one, i) for one in held]
        return held[i] if isinstance(held, tuple) and len(held) == 2 and hasattr(held[0], "call") else held

    shop = SHOPS[-1]
    theirs = getattr(keras.layers, name)(*(part(a, 0) for a in args), **{k: part(v, 0) for k, v in named.items()})
    return theirs, shop.layer(name, [part(a, 1) for a in args], {k: part(v, 1) for k, v in named.items()})


SHOPS: list[Any] = []


def test_layers_around_layers() -> None:
    SHOPS.append(ours.Shop(Setting("keras")))
    seq, image = [(None, 5, 4)], [(None, 5, 8, 8, 3)]
    cells = lambda: [both("LSTMCell", 3), both("GRUCell", 5, reset_after=False), both("SimpleRNNCell", 2)]  # noqa: E731
    cases = [
        *((both("Bidirectional", both(name, 3, return_sequences=whole, use_bias=bias), merge_mode=mode), seq)
          for name in ("LSTM", "GRU", "SimpleRNN") for mode in ("concat", "sum", None) for whole in (True, False)
          for bias in (True, False)),
        (both("Bidirectional", both("LSTM", 3, return_state=True)), seq),
        (both("Bidirectional", both("LSTM", 3), backward_layer=both("LSTM", 3, go_backwards=True)), seq),
        (both("Bidirectional", both("RNN", both("LSTMCell", 3))), seq),
        *((both("RNN", cell, return_sequences=whole), seq) for cell in cells() for whole in (True, False)),
        (both("RNN", cells(), return_state=True), seq), (both("RNN", both("StackedRNNCells", cells())), seq),
        (both("TimeDistributed", both("Dense", 7)), seq),
        (both("TimeDistributed", both("Conv2D", 4, 3)), image),
        (both("TimeDistributed", both("Flatten")), image),
        (both("TimeDistributed", both("BatchNormalization")), image),
        (both("SpectralNormalization", both("Dense", 7)), seq),
        (both("SpectralNormalization", both("Conv2D", 7, 3)), [(None, 8, 8, 3)]),
        (both("Lambda", lambda x: x, output_shape=(4,)), [(None, 4)]),
    ]  # fmt: skip
    for (theirs, mine), shapes in cases:
        compare(theirs, mine, shapes, f"{theirs} on {shapes}")
    assert len(cases) > 40


def public() -> dict[str, Any]:
    return {name: held for name, held in vars(keras.layers).items() if inspect.isclass(held)}


def test_every_public_class_is_read_or_refused_with_a_reason() -> None:
    names = public()
    assert len(names) > 150
    for name, held in names.items():
        today = ours.ALIASES.get(name, name)
        assert today in ours.KLASSES or name in ours.REFUSED or name in ours.BASES, name
        if today in ours.KLASSES:
            assert {today, name} & (MAKERS.keys() | UNTRIED), name
            assert today == held.__name__, name


def test_signatures_are_those_of_keras() -> None:
    """Arguments in the same order, and none that Keras takes is refused."""
    for name, held in public().items():
        klass = ours.KLASSES.get(ours.ALIASES.get(name, name))
        if klass is None:
            continue
        theirs = [p for p in list(inspect.signature(held.__init__).parameters)[1:] if p not in ("kwargs", "args")]
        mine = [p for p in klass.params if p != "*"]
        if "*" not in klass.params:
            assert all(p in mine or ours.idle(p) for p in theirs), (name, [p for p in theirs if p not in mine])
        order = [p for p in mine if p in theirs]
        assert order == [p for p in theirs if p in order], name
        assert order[:2] == theirs[: len(order)][:2] or name in ours.KLASSES, name


def test_names_are_those_of_keras() -> None:
    from keras.src.utils.naming import to_snake_case

    for name in public():
        assert ours.snake(name) == to_snake_case(name)
