"""A SavedModel of TensorFlow: a directory with saved_model.pb, and its variables as a checkpoint in variables/.

Spec: tensorflow/tensorflow tensorflow/core/protobuf/{saved_model,meta_graph,saved_object_graph}.proto and
tensorflow/python/saved_model/README.md.  The variables are those of the checkpoint; which of them are the model's,
which were made to be trained and how a user calls them, the objects in saved_model.pb say (TensorFlow 2), or its lists
of variables (TensorFlow 1).  A model without variables is one that was frozen: the constants of its graph are counted.
"""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError, place
from nparams.files._onnx.layers import Layered
from nparams.files._protobuf.wire import Wire
from nparams.files._strangers.protobufs import is_saved_model
from nparams.files._tensorflow.beside import look
from nparams.files._tensorflow.bundle import Bundle
from nparams.files._tensorflow.constants import kind_of
from nparams.files._tensorflow.meta import read_meta
from nparams.files._tensorflow.variables import tensors_of, variables_of
from nparams.files._tensorflow.words import flags_of, notes_of
from nparams.files._tensorflow.words_graph import flags_of as graph_flags
from nparams.files._tensorflow.words_saved import frozen_notes, told, told_frozen, variable_notes
from nparams.files.bytesource import inside
from nparams.files.sniff import HEAD, refuse_strangers
from nparams.network import PARAMETER_ROLES, Network
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._tensorflow.meta import Meta
    from nparams.files.bytesource import ByteSource, Folder

FORM = "saved-model"
VARIABLES, INDEX = "variables", "variables.index"


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be saved_model.pb: version 1, then a graph and what that says.

    >>> may_be(b"\\x08\\x01\\x12\\x0a\\x0a\\x08\\x22\\x05serve\\x12"), may_be(b"\\x08\\x08\\x12\\x07pytorch")
    (True, False)
    """
    return is_saved_model(head)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a SavedModel, by its saved_model.pb; `folder` is the directory that it lies in.

    Raises FormatError for a file that is damaged, cut short or hostile, ReadError where the variables are not there.
    """
    wire = Wire(source, limits=limits)
    meta = read_meta(wire)
    index = _index(folder)
    if index is None:
        return _alone(source, meta) if meta.has_variables else _frozen(source, meta)
    with index.open(INDEX) as file:
        refuse_strangers(file.name, file.read(0, min(HEAD, file.size)))
        bundle = Bundle(file, limits=limits)
        beside = look(bundle, index, limits=limits, objects=meta.objects is None)
    held = variables_of(bundle.entries, meta.objects or beside.objects, meta.trainable)
    if not held and not meta.has_variables:
        return _frozen(source, meta)
    notes, also = variable_notes(meta, held, notes_of(bundle, held, beside))
    return Network(
        tensors=tensors_of(held), source=source.name, form=FORM, read_as=told(meta, held), notes=notes, also=also,
        flags=flags_of(bundle, beside),
    )  # fmt: skip


def _alone(source: ByteSource, meta: Meta) -> Network:
    """A model whose checkpoint is not there: by the shapes that saved_model.pb says itself."""
    entries = meta.entries()
    if entries is None:
        raise ReadError(
            f"{place(source.name)}: its variables are in {VARIABLES}/{INDEX}, which is not beside it, and it does not "
            "say all of their shapes itself; give the whole directory"
        )
    held = variables_of(entries, meta.objects, meta.trainable)
    notes, also = variable_notes(meta, held)
    notes.append(f"{VARIABLES}/{INDEX} is not beside it: counted by the shapes that saved_model.pb says")
    return Network(
        tensors=tensors_of(held), source=source.name, form=FORM, read_as=told(meta, held), notes=notes, also=also
    )


def _index(folder: Folder | None) -> Folder | None:
    """The folder of the variables, where it is there and has an index."""
    inner = inside(folder, VARIABLES) if folder is not None else None
    return inner if inner is not None and has(inner, INDEX) else None


def _frozen(source: ByteSource, meta: Meta) -> Network:
    """A model without variables: the constants that its signature reaches."""
    graph, items = meta.constants()
    if not meta.signature()[1] and graph.unused and not any(i.tensor.role in PARAMETER_ROLES for i in items):
        raise UnsupportedError(
            f"{place(source.name)}: a SavedModel without variables and without signatures: which of its "
            f"{graph.unused:,} functions are the model is not said. Save it again with signatures"
        )
    return Layered(
        items, kind_of, source=source.name, form=FORM, read_as=told_frozen(meta, items),
        notes=frozen_notes(meta, graph, items), flags=graph_flags(graph),
    )  # fmt: skip
