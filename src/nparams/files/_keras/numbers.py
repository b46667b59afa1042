"""The number type of a dataset as Keras means it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._hdf5 import Dataset
    from nparams.files._keras.config import Layer


def number_of(dataset: Dataset, layer: Layer | None) -> tuple[str | None, str | None]:
    """(canonical name or None, note).

    HDF5 has no bfloat16: Keras writes opaque values of two bytes with an attribute dtype (keras/src/saving/
    saving_lib.py, `H5IOStore.__setitem__`), and older files without it.
    """
    if dataset.dtype is not None or not dataset.dtype_text.startswith("opaque"):
        return dataset.dtype, None
    said = dataset.attrs().get("dtype")
    if dataset.item_bytes == 2:
        if said is not None and said.value() == "bfloat16":
            return "bfloat16", None
        if layer is not None and layer.dtype()[0] == "bfloat16":
            return "bfloat16", "bfloat16 by the layer's dtype policy; HDF5 calls it opaque"
    return None, f"HDF5 calls its numbers opaque, of {dataset.item_bytes} bytes: which type they are is not said"
