"""The shape, number type and flag of a variable of Keras, of either age."""

from __future__ import annotations

from nparams.dtypes import BLOCKS
from nparams.frameworks._keras.classes import attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Facts:
    """What is known of one variable, once it no longer matters."""

    __slots__ = ("dtype", "key", "name", "shape", "size", "trainable")

    def __init__(self, variable: Any) -> None:
        held = attributes(variable)
        if "_shape" in held and type(held.get("_dtype")) is str and "_trainable" in held:
            shape, dtype, trainable = held["_shape"], held["_dtype"], held["_trainable"]
            name = held.get("_name") or "variable"
        else:
            shape, dtype, trainable, name = _of_tensorflow(variable)
        self.name = str(name).rpartition("/")[2].partition(":")[0]
        self.shape: tuple[int, ...] = tuple(map(int, shape))
        self.dtype: str | None = str(dtype) if dtype in BLOCKS else None
        self.trainable = bool(trainable)
        self.size = 1
        for side in self.shape:
            self.size *= side
        #: equal for what is one array: on torch two variables may hold one Parameter
        self.key = _key(variable, held)


def _of_tensorflow(variable: Any) -> tuple[tuple[int, ...], str, bool, str]:
    """The same of tf.Variable (tensorflow/python/ops/resource_variable_ops.py) and what Keras 2 puts around it."""
    inner = attributes(variable).get("_variable")  # mixed precision: AutoCastVariable
    real = variable if inner is None else inner
    shape = tuple(int(side) for side in real.shape.as_list())
    return shape, str(real.dtype.base_dtype.name), bool(real.trainable), str(real.name)


def _key(variable: Any, held: dict[str, Any]) -> int:
    value = held.get("_value")
    if value is not None and type(value).__module__.startswith("torch"):
        return id(value)
    inner = held.get("_variable")
    return id(variable if inner is None else inner)
