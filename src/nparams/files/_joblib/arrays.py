"""joblib's arrays: the numbers stand among the opcodes, behind the one that builds their description.

joblib joblib/numpy_pickle.py (`NumpyArrayWrapper.write_array`): since 1.2 a byte that says how much padding follows,
the padding, then the numbers; of an array of objects a pickle of its own instead.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError, place
from nparams.files._pickle import Dict, load
from nparams.files._pytorch.array import MAX_DIMENSION, MAX_DIMENSIONS, Wrong
from nparams.files._pytorch.others import numpy_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._pickle import Record
    from nparams.files._pickle.machine import Machine

WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
#: before joblib 0.10, each array in a file of its own (joblib/numpy_pickle_compat.py)
OLD = frozenset(
    f"joblib.{module}.{name}"
    for module in ("numpy_pickle", "numpy_pickle_compat")
    for name in ("NDArrayWrapper", "ZNDArrayWrapper")
)
ALIGNED = "numpy_array_alignment_bytes"


class Arrays:
    """Steps over the arrays of one pickle; `met` tells how many there were."""

    def __init__(self, limits: bool = True) -> None:
        self.limits = limits
        self.met = 0

    def __call__(self, m: Machine, target: Record, data: bytes, pos: int) -> int:
        """The place behind what follows an object's state."""
        path = target.maker.path
        if path in OLD:
            raise UnsupportedError(
                f"{place(m.source.name)} keeps each array in a file of its own, as joblib did before 0.10; load it "
                "with the joblib that wrote it, dump it with a newer one and count that"
            )
        if path != WRAPPER:
            return pos
        self.met += 1
        state = target.state
        dtype = state.get("dtype") if isinstance(state, Dict) else None
        try:
            letter, width = numpy_type(dtype)
        except Wrong as why:
            m.fail(pos, f"an array of joblib's {why}")
        if letter == "O":
            return self._objects(m, target, pos)
        return self._numbers(m, state, width, data, pos)

    def _numbers(self, m: Machine, state: Dict, width: int, data: bytes, pos: int) -> int:
        size = width
        shape = state.get("shape")
        if shape.__class__ is not tuple or len(shape) > MAX_DIMENSIONS:
            m.fail(pos, "an array of joblib's whose shape is no tuple")
        for d in shape:
            if d.__class__ is not int or not 0 <= d < MAX_DIMENSION:
                m.fail(pos, "an array of joblib's with a dimension that is no whole number from 0 to 2**48")
            size *= d
        if state.get(ALIGNED) is not None:
            if pos >= len(data):
                m.fail(pos, "an array of joblib's without its numbers. Cut short?")
            pos += 1 + data[pos]
        left = m.source.size - m.base - pos
        if size > left:
            m.fail(pos, f"an array of {size:,} bytes, but {max(left, 0):,} are left. Cut short?")
        m.skipped += size
        return pos + size

    def _objects(self, m: Machine, target: Record, pos: int) -> int:
        """An array of objects: a pickle inside, which holds no further one."""
        if m.base + pos >= m.source.size:
            m.fail(pos, "an array of objects without its pickle. Cut short?")
        inner = load(m.source, m.base + pos, calls=m.calls, persistent=m.persistent, limits=self.limits)
        m.made += inner.made
        m.flags += inner.flags
        target.listed = [inner.value]
        return inner.end - m.base
