"""Recurrent layers of Keras, their cells, and what stands around them.

Source: keras/src/layers/rnn/ (3.15).  GRU keeps a second bias vector for the step before (reset_after, its default
since TensorFlow 2; rnn/gru.py, build); CuDNNLSTM and CuDNNGRU of Keras 2 keep two for every gate.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import mul
from nparams.layers._keras.dense import arrays
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer, is_callee, renamed
from nparams.layers._keras.shape import fit, flow_of_sides, shown_shape, slid, told
from nparams.network import Module
from nparams.network.notes import Told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Dim, Shape
    from nparams.layers.layer import Layer

#: gates, and the states that are handed from step to step
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
STATES = {"SimpleRNN": 1, "LSTM": 2, "GRU": 1}


def _vectors(k: KerasLayer, kind: str) -> int | None:
    """How many bias vectors a gate has, where that is not what the kind has anyway."""
    said = k.klass.preset.get("vectors")
    if isinstance(said, int):
        return said
    if kind == "GRU" and "reset_after" in k.klass.params:
        if k.args.get("reset_after") is None:
            return _unsaid(k)
        return 2 if k.flag("reset_after") else 1
    return None


def _unsaid(k: KerasLayer) -> int:
    """reset_after is not said: by the age of the code."""
    old = k.args.get("era") == 1
    one = mul(3 * k.args.get("ways", 1), k.value("units")) if isinstance(k.value("units"), int) else None
    less = "" if one is None else f", {{}} {'more' if old else 'fewer'} parameters"
    sizes = () if one is None else (one,)
    k.setting.note(
        Told(
            f"{k.name}: its GRU has one bias vector, as Keras 1 made it; since TensorFlow 2 there are two "
            f"(reset_after=True){less}"
            if old
            else f"{k.name}: its GRU has two bias vectors (reset_after=True, the default since TensorFlow 2); earlier "
            f"code had one (reset_after=False){less}",
            *sizes,
        )
    )
    return 1 if old else 2


def _cells(k: KerasLayer, kind: str, n: Dim, both: bool = False) -> tuple[Layer, Size]:
    """The textbook's layer, and how many cells it has."""
    h = k.size("units", "h", "how many cells it has")
    given = {"h": h, "bias": k.flag("use_bias"), "bidirectional": both, "vectors": _vectors(k, kind)}
    return k.textbook(kind.lower(), given, flow_of_sides((), n)), h


def _named(layer: Layer, kind: str, n: Size, h: Size, way: str = "") -> list[tuple[str, Any, str]]:
    """Keras's arrays: a kernel, a recurrent kernel, and the biases of all gates in one."""
    wide = mul(GATES[kind], h)
    vectors = sum(t.role == "bias" for t in layer.tensors) // (2 if layer.flag("bidirectional") else 1)
    held: list[tuple[str, Any, str]] = [
        (f"{way}kernel", (n, wide), "weight"), (f"{way}recurrent_kernel", (h, wide), "weight"),
    ]  # fmt: skip
    if vectors:
        held.append((f"{way}bias", (wide,) if vectors == 1 else (2, wide), "bias"))
    return held


def _recurrent(k: KerasLayer, shapes: list[Shape]) -> Sent:
    kind = str(k.klass.preset["cell"])
    shape = fit(shapes[0], 3)
    layer, h = _cells(k, kind, shape[2])
    n = layer.args["n"]
    k.holds(layer, _named(layer, kind, n, h), (*shape[:2], n), sent := _sent(k, shape, h, STATES[kind]))
    return sent


def _sent(k: KerasLayer, shape: tuple[Any, ...], h: Size, states: int) -> Sent:
    """All steps, or the last one; and the states where they are asked for."""
    out: Shape = (shape[0], shape[1], h) if k.flag("return_sequences") else (shape[0], h)
    return [out, *[(shape[0], h)] * states] if k.flag("return_state") else out


def _cell(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """One step: (batch, values); what it sends stands for its states too."""
    kind = str(k.klass.preset["cell"])
    shape = fit(shapes[0], 2)
    layer, h = _cells(k, kind, shape[1])
    out = (shape[0], h)
    k.holds(layer, _named(layer, kind, layer.args["n"], h), shape, out)
    return [out, *[out] * STATES[kind]] if len(shapes) > 1 else out


def cells_of(k: KerasLayer, name: str) -> list[Any]:
    """The cells that an argument holds: one, or a list."""
    held = k.value(name)
    cells = list(held) if isinstance(held, (list, tuple)) else [held]
    if not cells or not all(is_callee(cell) for cell in cells):
        raise NotationError(f"{name} is not a cell, nor a list of cells: {name}=LSTMCell(32)")
    return cells


def _stacked(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """StackedRNNCells: each cell reads what the one below sends."""
    shape: Any = shapes[0]
    inner = []
    for cell in cells_of(k, "cells"):
        shape = first(cell.call([shape]))
        inner.append(cell.module)
    k.module = _holding(k, "StackedRNNCells", inner, shapes[0], shape)
    return shape  # type: ignore[no-any-return]


def _rnn(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """RNN(cell): the cell once, whatever the number of steps."""
    shape = fit(shapes[0], 3) if len(shapes[0]) < 4 else shapes[0]
    cells = cells_of(k, "cell")
    step: Any = (shape[0], *shape[2:])
    inner: list[Module] = []
    states: list[Shape] = []
    for cell in cells:
        step = first(cell.call([step]))
        inner.append(cell.module)
        states += [step] * STATES.get(str(getattr(getattr(cell, "klass", None), "preset", {}).get("cell")), 1)
    out = (step[0], shape[1], *step[1:]) if k.flag("return_sequences") else step
    k.module = _holding(k, "RNN", inner, shape, out)
    return [out, *states] if k.flag("return_state") else out


def _holding(k: KerasLayer, kind: str, inner: list[Module], taken: Shape, sent: Shape) -> Module:
    """A module around others."""
    names: dict[str, int] = {}
    children = []
    for module in inner:
        again = names[module.name] = names.get(module.name, -1) + 1
        leaf = module.name.rpartition(".")[2]
        children.append(renamed(module, f"{k.name}.{leaf}{f'_{again}' if again else ''}"))
    return Module(k.name, kind, takes=told(taken), out=told(sent), children=children)


def first(sent: Sent) -> Shape:
    """The first array that is sent."""
    held = sent[0] if isinstance(sent, list) else sent
    assert held is not None
    return held


def _convlstm(k: KerasLayer, shapes: list[Shape]) -> Sent:
    rank = k.klass.preset["rank"]
    assert isinstance(rank, int)
    shape, front = fit(shapes[0], rank + 3), k.channels_first()
    channels, sides = (shape[2], shape[3:]) if front else (shape[-1], shape[2:-1])
    kernel, strides = k.sides("kernel_size", rank), k.sides("strides", rank)
    padding, dilation = k.word("padding", "valid same"), k.sides("dilation_rate", rank)
    h = k.size("filters", "h", "the number of filters")
    given = {"h": h, "k": kernel, "p": "same", "rank": rank, "bias": k.flag("use_bias")}
    layer = k.textbook("convlstm", given, flow_of_sides((None,), channels))
    c_in, wide = layer.args["c_in"], mul(4, h)
    went = tuple(slid(*each, padding) for each in zip(sides, kernel, strides, dilation, strict=True))
    state: Shape = (shape[0], h, *went) if front else (shape[0], *went, h)
    out = (state[0], shape[1], *state[1:]) if k.flag("return_sequences") else state
    named = (("kernel", (*kernel, c_in, wide)), ("recurrent_kernel", (*kernel, h, wide)), ("bias", (wide,)))
    k.holds(layer, arrays(layer, *named), shape, out)
    return [out, state, state] if k.flag("return_state") else out


def _bidirectional(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """The layer once in each direction, each with arrays of its own."""
    inner, mode = k.value("layer"), k.value("merge_mode")
    if not isinstance(inner, KerasLayer) or mode not in ("concat", "sum", "mul", "ave", None):
        raise NotationError("it takes a recurrent layer, and merge_mode concat, sum, mul, ave or None")
    back = k.args.get("backward_layer")
    inner.args["ways"] = 2
    sent = inner.call([shapes[0]])
    kind = str(inner.klass.preset.get("cell"))
    if kind in GATES and back is None:
        place, k.setting.place = k.setting.place, inner.place  # the same symbols as in one direction
        layer, h = _cells(inner, kind, fit(shapes[0], 3)[2], both=True)
        k.setting.place = place
        n = layer.args["n"]
        held = [entry for way in ("forward_", "backward_") for entry in _named(layer, kind, n, h, way)]
        k.holds(layer, held, (*fit(shapes[0], 3)[:2], n), _both(sent, mode))
    else:
        other = inner if back is None else back
        if back is not None:
            if not isinstance(back, KerasLayer):
                raise NotationError("backward_layer is no recurrent layer")
            back.call([shapes[0]])
        assert inner.module is not None
        assert other.module is not None
        ways = [renamed(inner.module, f"{k.name}.forward_{inner.name}"),
                renamed(other.module, f"{k.name}.backward_{other.name}")]  # fmt: skip
        k.module = Module(
            k.name, "Bidirectional", takes=told(shapes[0]), out=told(first(_both(sent, mode))), children=ways
        )  # fmt: skip
    return _both(sent, mode)


def _both(sent: Sent, mode: str | None) -> Sent:
    out, states = first(sent), sent[1:] if isinstance(sent, list) else []
    if mode == "concat":
        wide = out[-1]
        out = (*out[:-1], None if wide is None or wide is ... else mul(2, wide))
    went = [out, out] if mode is None else [out]
    return [*went, *states, *states] if states or mode is None else out


def _over_time(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """TimeDistributed: the same layer at every step."""
    inner, shape = k.value("layer"), shapes[0]
    if not is_callee(inner):
        raise NotationError("it takes a layer: TimeDistributed(Dense(8))")
    if ... not in shape and len(shape) < 3:
        raise NotationError(f"it needs a sequence, 3 sides or more with the batch; {shown_shape(shape)} comes in")
    steps = None if ... in shape else shape[1]
    step = shape if ... in shape else (shape[0], *shape[2:])
    sent = first(inner.call([step]))
    out = sent if ... in sent else (sent[0], steps, *sent[1:])
    k.around(inner.module, shape, out)
    return out


SEQUENCE = "return_sequences=False return_state=False"
CELLS = "units activation=tanh use_bias=True"
GATED = "units activation=tanh recurrent_activation=sigmoid use_bias=True"
CONV = "filters kernel_size strides=1 padding=valid data_format=None dilation_rate=1 activation=tanh"

KLASSES = (
    Klass("SimpleRNN", f"{CELLS} {SEQUENCE}", _recurrent, "SimpleRNN", cell="SimpleRNN"),
    Klass("LSTM", f"{GATED} {SEQUENCE}", _recurrent, "LSTM", cell="LSTM"),
    Klass("GRU", f"{GATED} {SEQUENCE} reset_after=True", _recurrent, "GRU", cell="GRU"),
    Klass("CuDNNLSTM", f"units use_bias=True {SEQUENCE}", _recurrent, "LSTM", cell="LSTM", vectors=2),
    Klass("CuDNNGRU", f"units use_bias=True {SEQUENCE}", _recurrent, "GRU", cell="GRU", vectors=2),
    Klass("SimpleRNNCell", CELLS, _cell, "SimpleRNN", cell="SimpleRNN"),
    Klass("LSTMCell", GATED, _cell, "LSTM", cell="LSTM"),
    Klass("GRUCell", f"{GATED} reset_after=True", _cell, "GRU", cell="GRU"),
    Klass("StackedRNNCells", "cells", _stacked),
    Klass("RNN", f"cell {SEQUENCE}", _rnn),
    *(
        Klass(f"ConvLSTM{rank}D", f"{CONV} recurrent_activation=sigmoid use_bias=True {SEQUENCE}", _convlstm, rank=rank)
        for rank in (1, 2, 3)
    ),
    Klass("Bidirectional", "layer merge_mode=concat weights=None backward_layer=None", _bidirectional),
    Klass("TimeDistributed", "layer", _over_time),
)
