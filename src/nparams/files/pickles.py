"""A bare pickle: tensors of numpy and PyTorch in dictionaries, lists or objects.  Nothing in it runs.

CPython Lib/pickletools.py; see _pickle/.  What the pickle would call outside the list of rebuilders is refused by name.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError, escaped, place
from nparams.files._pickle import Refused, load
from nparams.files._pytorch.model import read_model
from nparams.files._pytorch.nested import Nested
from nparams.files._pytorch.network import network_of
from nparams.files._pytorch.pause import Paused
from nparams.stored.named import undecided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nparams.files._pytorch.storages import Storage
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

PROTO, NEWEST = 0x80, 5


def may_be(head: bytes) -> bool:
    """Whether a file begins as a pickle of protocol 2 to 5 does; older ones have no mark.

    >>> may_be(b"\\x80\\x04\\x95"), may_be(b"\\x80\\x09")
    (True, False)
    """
    return len(head) > 2 and head[0] == PROTO and 2 <= head[1] <= NEWEST


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The arrays in a pickle as a network, by the names that its dictionaries and objects give them.

    Raises FormatError for a damaged or hostile pickle, UnsupportedError for one that holds no array.
    """
    with Paused():
        loaded = load(source, calls=Nested(source).calls, persistent=_outside, limits=limits)
        model = read_model(source.name, loaded.value)
        if not model.tensors:
            raise UnsupportedError(
                f"{place(source.name)} is a pickle without tensors or arrays{_classes(loaded.classes)}"
            )
        network = network_of(model, loaded, _Nowhere(), folder, source.name)
    network.notes += undecided(list(network.tensors()))
    network.form, network.read_as = "pickle", network.read_as.replace("PyTorch", "pickle", 1)
    if loaded.end != source.size:
        told = f"{source.size - loaded.end:,} bytes follow the end of the pickle, which nothing reads"
        network.flags.append({"kind": "trailing", "text": told})
    return network


def _outside(pid: Any) -> NoReturn:
    raise Refused("keeps tensors outside itself; give the file that torch.save wrote, with its archive")


def _classes(found: dict[str, int]) -> str:
    named = ", ".join(escaped(path) for path in list(found)[:3])
    return f"; it holds objects of {named}, which are not loaded" if named else ""


class _Nowhere:
    """No storages beside the pickle: arrays of numpy stand in it and are not looked at."""

    def read(self, storage: Storage, first: int, length: int) -> bytes:
        """No packed tensor keeps its shape here."""
        return bytes(length)
