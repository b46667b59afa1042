"""Dense layers and lookup tables of Keras.

Source: keras/src/layers/core/{dense,einsum_dense,embedding,reversible_embedding}.py (3.15); keras/legacy/layers.py of
Keras 2 for MaxoutDense and Highway.
"""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import ANY, fit, flow_of_sides, is_size, last, shown_shape, side, with_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Shape
    from nparams.layers.layer import Layer


def arrays(layer: Layer, *named: tuple[str, Any]) -> list[tuple[str, Any, str]]:
    """Keras's names and shapes with the roles that the textbook's arrays have, in order; what is not there is left."""
    roles = [t.role for t in layer.tensors]
    return [(leaf, shape, role) for (leaf, shape), role in zip(named, roles, strict=False)]


def _dense(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape = shapes[0]
    if len(shape) == 1 and shape != ANY:
        raise NotationError(f"{shown_shape(shape)} comes in, which has no side besides the batch: Input(shape=(1,))")
    n_out = k.size("units", "n_out", "how many units it has")
    flow = flow_of_sides(() if ... in shape else shape[1:-1], last(shape))  # type: ignore[arg-type]
    layer = k.textbook("dense", {"n_out": n_out, "bias": k.flag("use_bias")}, flow)
    n_in, out = layer.args["n_in"], with_last(shape, n_out)
    rank = k.args.get("lora_rank")
    k.holds(layer, arrays(layer, ("kernel", (n_in, n_out)), ("bias", (n_out,))), with_last(shape, n_in), out)
    if rank is not None:
        _lora(k, n_in, n_out, (n_in, n_out), out)
    return out


def _lora(k: KerasLayer, n_in: Size, n_out: Size, kernel: tuple[Size, ...], out: Shape) -> None:
    """lora_rank: the kernel is frozen, two thin matrices beside it are trained."""
    r = k.size("lora_rank", "r", "the rank of its adapter")
    assert k.module is not None
    before = k.module
    held: list[tuple[str, Any, str, str, str]] = [
        ("kernel", kernel, "weight", "n_in*n_out", "A matrix of {n_in}·{n_out}, which is frozen;"),
        ("lora_kernel_a", (n_in, r), "weight", "n_in*r", "beside it one that brings {n_in} values down to {r},"),
        ("lora_kernel_b", (r, n_out), "weight", "r*n_out", "and one that brings those up to {n_out}."),
    ]
    if len(before.tensors) == 2:
        held.insert(1, ("bias", (n_out,), "bias", "n_out", "each output has a bias;"))
    k.own("Dense", {"n_in": n_in, "n_out": n_out, "r": r}, held, out, out)
    assert k.module is not None
    k.module.takes = before.takes
    k.module.tensors[0].trainable = False


def _embedding(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape = shapes[0]
    rows = k.size("input_dim", "V", "how many entries its table has")
    d = k.size("output_dim", "d", "how wide its rows are")
    layer = k.textbook("embedding", {"V": rows, "d": d}, flow_of_sides((), None))
    out = (*shape, d)
    k.holds(layer, arrays(layer, ("embeddings", (rows, d))), shape, out)
    return out


def _reversible(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """An embedding whose table also brings vectors back to words; untied, it has a second one."""
    rows = k.size("input_dim", "V", "how many entries its table has")
    d = k.size("output_dim", "d", "how wide its rows are")
    held: list[tuple[str, Any, str, str, str]] = [
        ("embeddings", (rows, d), "weight", "V*d", "A table with a row of {d} numbers for each of {V} entries.")
    ]
    if not k.flag("tie_weights"):
        held.append(("reverse_embeddings", (d, rows), "weight", "d*V", "A second one for the way back."))
    back = k.args.get("reverse")
    out = with_last(shapes[0], rows) if back else (*shapes[0], d)
    k.own("Embedding", {"V": rows, "d": d}, held, shapes[0], out)
    return out


def _einsum(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """The kernel's sides are those of the letters after the comma, found in what comes in or goes out."""
    equation = k.value("equation")
    parts = _equation(equation)
    if parts is None:
        raise NotationError(f'equation {shown(str(equation))} is not of the form "ab,bc->ac" or "...b,bc->...c"')
    came, kernel, went, left = parts
    if any(len(set(letters)) < len(letters) for letters in (came, kernel, went)):
        raise NotationError(f"equation {shown(equation)} names a side twice")
    shape = fit(shapes[0], len(came)) if ... in shapes[0] and left is None else shapes[0]
    elided = max(len(shape) - len(came), 0)
    said = k.value("output_shape")
    out: list[Any] = [said] if is_size(said) or said is None else list(said)
    out.insert(0, shape[0])
    if left:
        out[1:1] = shape[1:elided]
    elif elided:
        out += shape[len(shape) - elided :]
    shift = elided if left else 0
    known: dict[str, Any] = {letter: out[i + shift] for i, letter in enumerate(went) if i + shift < len(out)}
    for i, letter in enumerate(came):
        size = side(shape, i + shift)
        if known.get(letter) is None or size is not None:
            known[letter] = size
    if set(kernel) - known.keys():
        raise NotationError(f"equation {shown(equation)} does not say how large {min(set(kernel) - known.keys())} is")
    for i, letter in enumerate(went):
        if i + shift < len(out) and out[i + shift] is None and i + shift:
            out[i + shift] = known[letter]
    sizes = {f"n_{letter}": k.sees(known[letter], f"n_{letter}", f"the side {letter}") for letter in kernel}
    held: list[tuple[str, Any, str, str, str]] = [
        ("kernel", tuple(sizes.values()), "weight", "*".join(sizes), f"A weight for each {'·'.join(kernel)}.")
    ]
    bias = k.args.get("bias_axes")
    if bias:
        _einsum_bias(k, bias, went, known, sizes, held, 0 if left else elided)
    k.own("EinsumDense", sizes, held, shape, tuple(out))
    return tuple(out)


def _einsum_bias(
    k: KerasLayer,
    bias: str,
    went: str,
    known: dict[str, Any],
    sizes: dict[str, Size],
    held: list[Any],
    after: int,
) -> None:
    """Sides of those letters, and 1 for each that stands after the first of them."""
    if set(bias) - set(went):
        raise NotationError(f"bias_axes {shown(bias)} are not among what goes out, {went}")
    first = min(went.index(letter) for letter in bias)
    for letter in bias:
        sizes.setdefault(f"n_{letter}", k.sees(known[letter], f"n_{letter}", f"the side {letter}"))
    shape = (*(sizes[f"n_{letter}"] if letter in bias else 1 for letter in went[first:]), *[1] * after)
    part = "*".join(f"n_{letter}" for letter in went[first:] if letter in bias)
    held.append(("bias", shape, "bias", part, f"A bias for each {'·'.join(bias)}."))


def _equation(text: object) -> tuple[str, str, str, bool | None] | None:
    """(what comes in, the kernel, what goes out, whether `...` stands on the left; None: nowhere)."""
    from re import fullmatch

    if not isinstance(text, str):
        return None
    found = fullmatch(r"(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?", text.replace(" ", ""))
    if found is None or bool(found[1]) != bool(found[5]) or bool(found[3]) != bool(found[7]):
        return None
    return found[2], found[4], found[6], True if found[1] else False if found[3] else None


def _maxout(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape = fit(shapes[0], 2)
    n_out, pieces = k.size("units", "n_out", "how many units it has"), k.size("nb_feature", "k", "how many pieces")
    layer = k.textbook("maxout", {"n_out": n_out, "k": pieces, "bias": k.flag("use_bias")}, flow_of_sides((), shape[1]))
    n_in, out = layer.args["n_in"], (shape[0], n_out)
    k.holds(layer, arrays(layer, ("W", (pieces, n_in, n_out)), ("b", (pieces, n_out))), shape, out)
    return out


def _highway(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape = fit(shapes[0], 2)
    layer = k.textbook("highway", {"bias": k.flag("use_bias")}, flow_of_sides((), shape[1]))
    n = layer.args["n"]
    k.holds(
        layer, arrays(layer, ("W", (n, n)), ("W_carry", (n, n)), ("b", (n,)), ("b_carry", (n,))), shape, (shape[0], n)
    )
    return (shape[0], n)


def _spread(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """TimeDistributedDense of Keras 1."""
    return _dense(k, [fit(shapes[0], 3)])


UNITS = "units activation=None use_bias=True"

KLASSES = (
    Klass("Dense", f"{UNITS} lora_rank=None", _dense),
    Klass("Embedding", "input_dim output_dim", _embedding),
    Klass("ReversibleEmbedding", "input_dim output_dim tie_weights=True", _reversible, inputs="inputs reverse"),
    Klass("EinsumDense", "equation output_shape activation=None bias_axes=None", _einsum),
    Klass("MaxoutDense", "units nb_feature=4 use_bias=True", _maxout),
    Klass("Highway", "activation=None use_bias=True", _highway),
    Klass("TimeDistributedDense", UNITS, _spread),
)
