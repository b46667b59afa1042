"""Any other HDF5 file: every dataset of numbers, by its path."""

from __future__ import annotations

from nparams.errors import UnsupportedError, place
from nparams.files._keras.numbers import number_of
from nparams.files._keras.weights import listed
from nparams.network import Network, Tensor
from nparams.roles import role_of
from nparams.stored.named import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._hdf5 import Dataset
    from nparams.files.bytesource import ByteSource, Folder


def read(
    found: list[tuple[str, Dataset]], source: ByteSource, folder: Folder | None, flags: list[dict[str, str]]
) -> Network:
    """Every dataset of numbers in the file, as weights unless its name says otherwise."""
    tensors: list[Tensor] = []
    places: dict[int, Tensor] = {}
    left_out: list[str] = []
    kept = []
    for name, dataset in found:
        dtype, told = number_of(dataset, None)
        if dataset.shape is None or (dtype is None and told is None):
            left_out.append(name)
            continue
        role, note = role_of(name, dataset.shape, dtype)
        tensor = Tensor(name, dataset.shape, dtype, role, note=told or note)
        first = places.setdefault(dataset.address, tensor)
        if first is not tensor:
            tensor.tied_to, tensor.role, tensor.note = first.name, first.role, "the same dataset under a second name"
        tensors.append(tensor)
        kept.append(dataset)
    if not tensors:
        held = f"it holds {listed(left_out)}, which are no plain numbers" if left_out else "there is no dataset in it"
        raise UnsupportedError(f"{place(source.name)}: an HDF5 file without arrays of numbers: {held}")
    made = assemble(tensors, lambda k, limit: kept[k].data(limit), folder)
    notes = ["a plain HDF5 file, not written by Keras: every dataset of numbers is counted, by its name"]
    if left_out:
        notes.append(f"left out, because they hold no plain numbers: {listed(left_out)}")
    count = f"{len(tensors):,} dataset{'' if len(tensors) == 1 else 's'}"
    return Network(
        tensors=tensors, source=source.name, form="hdf5", flags=flags, routes=made.routes,
        read_as=", ".join(["HDF5", count, *([made.scheme] if made.scheme else [])]), notes=[*notes, *made.notes],
    )  # fmt: skip
