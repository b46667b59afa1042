"""What a scan and its workers say to each other: eight bytes of length and a pickle.

Both sides are the scan itself; nothing that a model holds is unpickled.  A listing is sent once, however many batches
are of it.
"""

from __future__ import annotations

import pickle
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from nparams.fleet.units import Listing, Unit

LENGTH = 8
#: the first message of a worker
READY = "ready"


def put(stream: BinaryIO, message: object) -> None:
    """Write one message."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(len(data).to_bytes(LENGTH, "little") + data)
    stream.flush()


def get(stream: BinaryIO) -> object:
    """The next message; EOFError where the other side has gone."""
    head = stream.read(LENGTH)
    length = int.from_bytes(head, "little")
    data = stream.read(length) if len(head) == LENGTH else b""
    if len(head) < LENGTH or len(data) < length:
        raise EOFError
    return pickle.loads(data)


class Message(NamedTuple):
    """A batch on its way to a worker: units whose listing is a number, and the listings that the worker lacks."""

    lacking: dict[int, Listing]
    #: the numbers of listings that no batch needs any more
    old: list[int]
    parts: list[tuple[int, tuple[str, tuple[str, ...], str]]]
    concurrency: int
    tensors: bool

    def units(self, held: dict[int, Listing]) -> list[Unit]:
        """The batch, with the listings that the worker holds from now on."""
        from nparams.fleet.units import Unit

        held |= self.lacking
        made = [Unit(held[number], *rest) for number, rest in self.parts]
        for number in self.old:
            held.pop(number, None)
        return made
