"""What is remembered of a layer for its row: its arguments, as far as they are plain, and the shapes it was built for.

Keras keeps each argument under its own name, with or without a line before it, and since Keras 3 what build() was
called with in `_build_shapes_dict` (keras/src/layers/layer.py); a recurrent layer's arguments are its cell's.
"""

from __future__ import annotations

from functools import lru_cache

from nparams.frameworks._keras.classes import attribute, attributes, listed, plain, valued

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.layers._keras.klass import Klass

    Shape = tuple[int | None, ...]

#: arguments that a signature of ours leaves out but that change arrays or shapes
MORE = ("data_format", "renorm", "rms_scaling", "score_mode", "use_gate", "output_shape", "num_tokens", "num_bins",
        "max_tokens", "merge_mode")  # fmt: skip
#: what an adapter adds is there to be seen
LEFT = frozenset(("lora_rank",))
#: argument -> what a class calls it
OTHERWISE = {("EinsumDense", "output_shape"): "partial_output_shape"}
#: nesting of arguments that is followed
DEEP = 3
PLAIN = frozenset((int, float, str, bool, type(None)))
NOTHING = object()


def arguments(layer: Any, name: str, klass: Klass) -> dict[str, Any]:
    """The arguments of a layer of that class of Keras that play a part in its arrays and in what it sends."""
    held, cell = attributes(layer), attributes(attribute(layer, "cell") if "cell" in klass.preset else None)
    if klass.preset.get("rank") and "Conv" in name and "LSTM" in name:
        cell = attributes(attribute(layer, "cell"))
    found: dict[str, Any] = {}
    for word, key, at in _present(name, klass, tuple(held), tuple(cell)):
        value = (cell if at else held)[key]
        if type(value) not in PLAIN:
            value = _plain(value, DEEP)
        if value is not NOTHING:
            found[word] = value
    return found


@lru_cache(256)
def _present(
    name: str, klass: Klass, held: tuple[str, ...], cell: tuple[str, ...]
) -> tuple[tuple[str, str, bool], ...]:
    """The arguments that layers with these attributes keep: (argument, attribute, whether it is the cell's)."""
    found = []
    for word in (*klass.params, *MORE):
        if word not in LEFT:
            key = OTHERWISE.get((name, word), word)
            places = ((each, at) for at, there in enumerate((held, cell)) for each in (key, f"_{key}") if each in there)
            found += [(word, each, bool(at)) for each, at in places][:1]
    return tuple(found)


#: where Keras 2 keeps the same; the last three: its MultiHeadAttention
OLDER = ("_build_input_shape", "_query_shape", "_value_shape", "_key_shape")


def _plain(value: Any, deep: int) -> Any:
    if type(value) in PLAIN:
        return value
    value = plain(value)
    if isinstance(value, (list, tuple)) and deep:
        parts = [_plain(part, deep - 1) for part in listed(value)]
        return NOTHING if any(part is NOTHING for part in parts) else tuple(parts)
    return NOTHING


def shapes(layer: Any) -> list[Shape]:
    """The shapes that came in when it was built, else when it was first called on symbols."""
    held = attributes(layer)
    built = held.get("_build_shapes_dict")
    given = valued(built) or [held.get(name) for name in OLDER]
    found = [shape for value in given for shape in _shapes(value, DEEP)]
    return found or _called(held)


def _shapes(value: Any, deep: int) -> Iterator[Shape]:
    sides = _sides(value)
    if sides is not None:
        yield sides
    elif deep:
        for part in valued(value) or listed(value):
            yield from _shapes(part, deep - 1)


def _sides(value: Any) -> Shape | None:
    """A shape as a tuple; None where it is something else, or nothing is known of it."""
    sides = tuple(listed(value))
    return sides if sides and all(side is None or type(side) is int for side in sides) else None


def _called(held: dict[str, Any]) -> list[Shape]:
    node = next(listed(held.get("_inbound_nodes")), None)
    arrays = attributes(attributes(node).get("arguments")).get("keras_tensors")
    return [shape for array in listed(arrays) if (shape := _sides(attributes(array).get("_shape")))]
