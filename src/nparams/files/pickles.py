"""A bare pickle: tensors of numpy and PyTorch in dictionaries, lists or objects.  Nothing in it runs.

CPython Lib/pickletools.py; see _pickle/.  What the pickle would call outside the list of rebuilders is refused by name.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError, escaped, place, telling
from nparams.files._joblib.arrays import Arrays
from nparams.files._joblib.packed import unpacked
from nparams.files._pickle import Refused, load
from nparams.files._pytorch.model import read_model
from nparams.files._pytorch.nested import Nested
from nparams.files._pytorch.network import network_of
from nparams.files._pytorch.pause import Paused
from nparams.network import PARAMETER_ROLES
from nparams.stored.named import undecided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nparams.errors import ReadError
    from nparams.files._pickle import Loaded
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
    """The arrays in a pickle as a network, by the names that its dictionaries and objects give them; estimators of
    scikit-learn by what fit leaves in them.

    Raises FormatError for a damaged or hostile pickle, UnsupportedError for one that holds no array.
    """
    with Paused():
        packed, source = source, unpacked(source)
        arrays = Arrays(limits)
        loaded = load(source, calls=Nested(source).calls, persistent=_outside, built=arrays, limits=limits)
        network = _network(source, loaded, folder)
    by_joblib = arrays.met or packed is not source or source.name.endswith(".joblib")
    network.form = "joblib" if by_joblib else "pickle"
    if by_joblib:
        network.read_as = network.read_as.replace("pickle", "joblib", 1)
    network.flags = [*loaded.flags]
    if loaded.end != source.size:
        told = f"{source.size - loaded.end:,} bytes follow the end of the pickle, which nothing reads"
        network.flags.append({"kind": "trailing", "text": told})
    return network


def _network(source: ByteSource, loaded: Loaded, folder: Folder | None) -> Network:
    """Estimators by their own rules, everything else as checkpoints are read."""
    problem: ReadError | None = None
    with telling(loaded.flags):
        if loaded.classes:
            from nparams.files._sklearn.read import holds, network

            found = holds(loaded.value)
            try:
                if found:
                    return network(found, source.name)
            except UnsupportedError as why:
                problem = why
        model = read_model(source.name, loaded.value)
        alone = problem is not None and found[0][1] is loaded.value
        if problem is not None and (alone or not any(t.role in PARAMETER_ROLES for t in model.tensors)):
            raise problem
        if not model.tensors:
            raise UnsupportedError(
                f"{place(source.name)} is a pickle without tensors or arrays{_classes(loaded.classes)}"
            )
        made = network_of(model, loaded, _Nowhere(), folder, source.name)
    made.notes += undecided(list(made.tensors()))
    made.read_as = made.read_as.replace("PyTorch", "pickle", 1)
    return made


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
