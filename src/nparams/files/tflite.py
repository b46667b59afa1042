"""TensorFlow Lite (LiteRT): a flatbuffer of subgraphs, their tensors and operators, and the buffers these name.

Schema: google-ai-edge/LiteRT tflite/converter/schema/schema.fbs.  A tensor is stored if its buffer holds anything;
what it is for, the operators say whose operand it is, so that a shape argument is not taken for a weight.  No number
in any buffer is read.
"""

from __future__ import annotations

from nparams.errors import FormatError, place
from nparams.files._flatbuffer import Flatbuffer
from nparams.files._tflite.constants import Reading
from nparams.files._tflite.graph import Graph
from nparams.files._tflite.layers import tree
from nparams.files._tflite.made import tensors_of
from nparams.files._tflite.schema import IDENTIFIER, Model
from nparams.files._tflite.words import flags_of, nonzero, notes_of, told
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._flatbuffer import Table
    from nparams.files.bytesource import ByteSource, Folder

LEAST = 8  # the reference to the root, the identifier
VERSIONS = (3,)
SUBGRAPHS = 10_000
MORE = 50  # how much further than its usual limits a file is read without them


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a .tflite file: every subgraph's stored tensors, a buffer that several name counted once.

    `folder` is not looked at; without `limits`, 50 times as many tensors and operators are read.  Raises FormatError
    for a file that is damaged, cut short or hostile.

    >>> from nparams.files.bytesource import MemorySource
    >>> read(MemorySource(b"TFL3", "cut.tflite"))
    Traceback (most recent call last):
    nparams.errors.FormatError: cut.tflite: 4 bytes is too short for a TensorFlow Lite file
    """
    model = _model(source)
    more = 1 if limits else MORE
    reading, graph = Reading(model, more), Graph(model, more)
    subgraphs = 0
    for number, subgraph in enumerate(model.tables(Model.SUBGRAPHS, "subgraph", SUBGRAPHS * more)):
        graph.read(subgraph, number, reading.read(subgraph, number))
        subgraphs += 1
    if not subgraphs:
        raise model.buffer.bad(model.what, model.at, "no subgraphs, and so no network")
    graph.connect(model)
    roles = graph.roles()
    tensors = tensors_of(reading, graph, roles)
    return Network(
        tree(reading, tensors, roles), source=source.name, form="tflite", read_as=told(reading, graph, subgraphs),
        notes=notes_of(reading, graph, tensors), flags=flags_of(reading), also=nonzero(reading.constants, tensors),
    )  # fmt: skip


def _model(source: ByteSource) -> Table:
    """The root table, of a version that is known."""
    name = place(source.name)
    if source.size < LEAST:
        raise FormatError(f"{name}: {source.size} bytes is too short for a TensorFlow Lite file")
    found = source.read(4, 4)
    if found != IDENTIFIER:
        raise FormatError(f"{name}: identifier (offset 4): {found!r} where TensorFlow Lite has {IDENTIFIER!r}")
    model = Flatbuffer(source).root("model")
    version = model.number(Model.VERSION, "I")
    if version not in VERSIONS:
        raise FormatError(f"{name}: schema version {version:,}, where {VERSIONS[0]} is the only one in use")
    return model
