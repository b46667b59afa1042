"""Attention of Keras: its heads have sizes of their own, and what goes out may have any.

Source: keras/src/layers/attention/ (3.15): _query_dense, _key_dense, _value_dense, _gate_dense and _output_dense are
EinsumDense layers; Attention and AdditiveAttention have at most a scale.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import product
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import is_size, last, shown_shape, with_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Shape

    Entry = tuple[str, Any, str, str, str]


def _three(k: KerasLayer, shapes: list[Shape]) -> tuple[Shape, Shape, Shape]:
    """Query, value and key; the key is the value where it is not given."""
    if len(shapes) < 2:
        raise NotationError(f"it takes a query and a value: {k.name}(x, x)")
    return shapes[0], shapes[1], shapes[2] if len(shapes) > 2 else shapes[1]


def _projection(leaf: str, n: tuple[str, Size], h: tuple[str, Size], d: tuple[str, Size], bias: bool) -> list[Entry]:
    """From the values at each place to heads: a kernel (n, h, d) and biases (h, d)."""
    part = f"{h[0]}*{d[0]}"
    made: list[Entry] = [
        (f"{leaf}.kernel", (n[1], h[1], d[1]), "weight", f"{n[0]}*{part}",
         f"The {leaf}: a matrix from {{{n[0]}}} values to {{{h[0]}}} heads of {{{d[0]}}} numbers")
    ]  # fmt: skip
    if bias:
        made.append((f"{leaf}.bias", (h[1], d[1]), "bias", part, "and a bias for each."))
    return made


def _multi_head(k: KerasLayer, shapes: list[Shape]) -> Sent:
    query, value, key = _three(k, shapes)
    h = k.size("num_heads", "h", "the number of heads")
    d_k = k.size("key_dim", "d_k", "the size of a head")
    d_v = d_k if k.value("value_dim") is None else k.size("value_dim", "d_v", "the size of a value")
    n, n_v, n_k = _widths(k, query, value, key)
    said = k.args.get("output_shape")
    if said is None:
        out: tuple[Size, ...] = (n,)
    else:
        out = (said,) if is_size(said) else tuple(said) if isinstance(said, (tuple, list)) else ()
        if not out or not all(map(is_size, out)):
            raise NotationError(f"output_shape is {str(said)[:40]}: a whole number is needed")
    return _heads(k, (query, n), (key, n_k), (value, n_v), h, h, d_k, d_v, out)


def _widths(k: KerasLayer, query: Shape, value: Shape, key: Shape) -> tuple[Size, Size, Size]:
    n = k.sees(last(query), "n", "how many values the query has")
    n_v = n if value == query else k.sees(last(value), "n_v", "how many values the value has")
    n_k = n if key == query else n_v if key == value else k.sees(last(key), "n_k", "how many values the key has")
    return n, n_v, n_k


def _grouped(k: KerasLayer, shapes: list[Shape]) -> Sent:
    query, value, key = _three(k, shapes)
    h = k.size("num_query_heads", "h", "the number of query heads")
    kv = k.size("num_key_value_heads", "kv", "the number of key and value heads")
    if isinstance(h, int) and isinstance(kv, int) and h % kv:
        raise NotationError(f"num_query_heads of {h} is no multiple of num_key_value_heads, {kv}")
    d = k.size("head_dim", "d_k", "the size of a head")
    n, n_v, n_k = _widths(k, query, value, key)
    return _heads(k, (query, n), (key, n_k), (value, n_v), h, kv, d, d, (n,))


def _heads(
    k: KerasLayer, query: tuple[Shape, Size], key: tuple[Shape, Size], value: tuple[Shape, Size], h: Size, kv: Size,
    d_k: Size, d_v: Size, out: tuple[Size, ...],
) -> Sent:  # fmt: skip
    bias = k.flag("use_bias")
    args = {"n": query[1], "n_k": key[1], "n_v": value[1], "h": h, "kv": kv, "d_k": d_k, "d_v": d_v, "m": product(out)}
    held = _projection("query", ("n", query[1]), ("h", h), ("d_k", d_k), bias)
    held += _projection("key", ("n_k", key[1]), ("kv", kv), ("d_k", d_k), bias)
    held += _projection("value", ("n_v", value[1]), ("kv", kv), ("d_v", d_v), bias)
    if k.flag("use_gate"):
        held += _projection("gate", ("n", query[1]), ("h", h), ("d_v", d_v), bias)
    held.append(("attention_output.kernel", (h, d_v, *out), "weight", "h*d_v*m",
                 "What the heads found, {h}·{d_v} numbers, is brought to {m}"))  # fmt: skip
    if bias:
        held.append(("attention_output.bias", out, "bias", "m", "with a bias for each."))
    sent: Shape = (*query[0][:-1], *out) if len(query[0]) > 1 else (..., *out)
    k.own(k.klass.kind, args, held, with_last(query[0], query[1]), sent)
    if k.args.get("return_attention_scores"):
        return [sent, (query[0][0], h, *query[0][1:-1], *value[0][1:-1])]
    return sent


def _dot(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """Dot-product attention: at most one number to scale it, one for joined scores."""
    query, value, _ = _three(k, shapes)
    held: list[Entry] = []
    if k.flag("use_scale"):
        held.append(("scale", (), "weight", "1", "One learned number scales the scores."))
    if k.args.get("score_mode") == "concat":
        held.append(("concat_score_weight", (), "weight", "1", "One learned number weighs the joined scores."))
    return _scored(k, query, value, {}, held)


def _additive(k: KerasLayer, shapes: list[Shape]) -> Sent:
    query, value, _ = _three(k, shapes)
    if not k.flag("use_scale"):
        return _scored(k, query, value, {}, [])
    n = k.sees(last(query), "n", "how many values the query has")
    return _scored(k, query, value, {"n": n}, [("scale", (n,), "weight", "n", "A learned factor for each of {n}.")])


def _scored(k: KerasLayer, query: Shape, value: Shape, args: dict[str, Size], held: list[Entry]) -> Sent:
    if ... not in query and len(query) != 3:
        raise NotationError(f"it takes sequences (batch, steps, values), but {shown_shape(query)} comes in")
    out = with_last(query, last(value))
    k.own(k.klass.kind, args, held, query, out)
    if k.args.get("return_attention_scores"):
        return [out, (*query[:-1], value[1] if len(value) == 3 else None)]
    return out


KLASSES = (
    Klass("MultiHeadAttention", "num_heads key_dim value_dim=None dropout=0.0 use_bias=True output_shape=None "
          "attention_axes=None sliding_window=None flash_attention=None use_gate=False", _multi_head,
          inputs="query value key"),
    Klass("GroupedQueryAttention", "head_dim num_query_heads num_key_value_heads dropout=0.0 use_bias=True "
          "sliding_window=None flash_attention=None use_gate=False", _grouped, inputs="query value key"),
    Klass("Attention", "use_scale=False score_mode=dot dropout=0.0", _dot),
    Klass("AdditiveAttention", "use_scale=True dropout=0.0", _additive),
)  # fmt: skip
