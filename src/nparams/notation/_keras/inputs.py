"""What a layer of Keras code says of its input, and what only the code around it knows."""

from __future__ import annotations

from nparams.layers._keras.layers import says
from nparams.notation._code.values import Unknown
from nparams.notation._keras.custom import shapes_of
from nparams.notation._keras.tensor import Array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.layers._keras.shape import Shape
    from nparams.notation._code.machine import Machine
    from nparams.notation._keras.library import KerasLibrary


def said_input(m: Machine, layer: Any) -> Shape | None:
    """The shape of its input, with symbols for sides that are not told."""
    for name in ("input_shape", "batch_input_shape", "batch_shape", "input_dim", "input_length", "batch_size"):
        held = layer.args.get(name)
        if isinstance(held, (tuple, list)):
            layer.args[name] = tuple(m.size_of(side) for side in held)
        elif isinstance(held, Unknown) and name in ("input_dim", "input_length"):
            layer.args[name] = m.size_of(held)
    return says(layer)


def channels_first(library: KerasLibrary, shape: Shape) -> bool:
    """Whether channels stand first: in code for Keras 1 that says nothing, a shape such as (3, 224, 224) tells."""
    sides = shape[1:]
    theano = len(sides) == 3 and sides[0] in (1, 3, 4) and sides[1] == sides[2] and sides[1] not in (1, 3, 4)
    if not theano or library.ordered or library.shop.first:
        return library.shop.first
    told = "(" + ", ".join(map(str, sides)) + ")"
    if library.shop.age == 1:
        library.shop.first = True
        library.shop.setting.note(f"the shape {told} has its channels first, Theano's order, so all layers are read so")
    else:
        library.shop.setting.note(
            f"the shape {told} is read with its channels last, Keras's default: {sides[2]} of them; "
            "K.set_image_data_format('channels_first') says otherwise"
        )
    return library.shop.first


def runner_of(m: Machine, function: Any, arguments: Any) -> Any:
    def run(shapes: list[Shape]) -> Any:
        arrays = [Array(shape) for shape in shapes]
        named = dict(arguments) if isinstance(arguments, dict) else {}
        return shapes_of(m.call(function, [arrays[0] if len(arrays) == 1 else arrays], named))

    return run
