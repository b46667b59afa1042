"""One layer that stands in two models of one file: HDF5 files of Keras store its variables with each.

A layer that a model and a model inside it share has one variable, of one name; `save_weights_to_hdf5_group`
(keras-team/keras keras/src/legacy/saving/legacy_h5_format.py) writes it into the group of each.  Two layers of their
own may bear one name too, so the values decide: layers are one if all that is compared is equal, and tells something.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files._hdf5 import Dataset
    from nparams.network import Tensor

    #: (group of the layer, tensor, dataset)
    Place = tuple[str, Tensor, Dataset]

#: bytes of one variable, and of all, that are compared
MOST_ONE, MOST_ALL = 1_000_000, 4_000_000


def tie(known: Mapping[str, list[Place]]) -> list[str]:
    """Mark as tied what is stored a second time; `known` lists, by variable's name, every place of it.

    Returns the layers of which the values that may be compared do not tell.
    """
    layers: dict[str, dict[str, list[tuple[Place, Place]]]] = {}
    for name, places in known.items():
        for later in places[1:]:
            if later[0] != places[0][0] and later[1].tied_to is None:
                layer = layers.setdefault(name.rpartition("/")[0], {})
                layer.setdefault(later[0], []).append((places[0], later))
    left, open_ = MOST_ALL, []
    for groups in layers.values():
        for group, pairs in groups.items():
            sizes = (first[2].elements * first[2].item_bytes for first, _ in pairs)
            left -= sum(size for size in sizes if size <= MOST_ONE)
            one = _one(pairs) if left >= 0 else None
            if one is None:
                open_.append(group)
            for first, later in pairs if one else ():
                later[1].tied_to = first[1].name
                later[1].note = "one layer of two models: the same name and values"
    return open_


def _one(pairs: list[tuple[Place, Place]]) -> bool | None:
    """Whether the variables of a layer are equal in both places; None where none of them tells (zeros do not)."""
    telling = False
    for (_, tensor, first), (_, other, later) in pairs:
        if tensor.shape != other.shape or tensor.dtype != other.dtype or first.item_bytes != later.item_bytes:
            return False
        if first.elements * first.item_bytes > MOST_ONE:
            continue
        data = first.data(MOST_ONE)
        if data != later.data(MOST_ONE):
            return False
        telling = telling or data != data[: first.item_bytes] * first.elements
    return True if telling else None
