"""The wire of a model, with limits on what takes more memory than its fields: layers and operations."""

from __future__ import annotations

from nparams.files._protobuf.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._protobuf.schema import Schema
    from nparams.files.bytesource import ByteSource

# Several times what the largest real files have (a language model of 8 thousand million parameters: 40,000 operations).
LAYERS, OPERATIONS = 30_000, 60_000


class ModelWire(Wire):
    """The messages of one model.

    >>> from nparams.files._protobuf.schema import Schema
    >>> from nparams.files.bytesource import MemorySource
    >>> ModelWire(MemorySource(b"")).message(Schema("Model", {}))
    {}
    """

    __slots__ = ("_layers_left", "_operations_left")

    def __init__(self, source: ByteSource, *, limits: bool = True) -> None:
        super().__init__(source, limits=limits)
        self._layers_left = LAYERS * self.most
        self._operations_left = OPERATIONS * self.most

    def one_layer(self, schema: Schema, at: int) -> None:
        """Count one more layer."""
        self._layers_left -= 1
        if self._layers_left < 0:
            raise self.bad(schema, at, f"more than {LAYERS * self.most:,} layers, more than any real file has")

    def one_operation(self, schema: Schema, at: int) -> None:
        """Count one more operation."""
        self._operations_left -= 1
        if self._operations_left < 0:
            raise self.bad(schema, at, f"more than {OPERATIONS * self.most:,} operations, more than any real file has")
