"""A checkpoint of TensorFlow, by its index: what tf.train.Saver and tf.train.Checkpoint write.

Spec: tensorflow/tensorflow tensorflow/core/protobuf/tensor_bundle.proto and tensorflow/core/util/tensor_bundle.  The
index holds names, shapes and number types; the numbers lie in data files beside it, of which at most one text is read:
the graph of objects, which says what is the model's and what an optimizer's.  Files of before TensorFlow 0.12, where
the same table holds the numbers too, are read by their list of tensors.
"""

from __future__ import annotations

from nparams.files._tensorflow.beside import look
from nparams.files._tensorflow.bundle import Bundle
from nparams.files._tensorflow.table import FOOTER, MAGIC
from nparams.files._tensorflow.variables import tensors_of, variables_of
from nparams.files._tensorflow.words import flags_of, notes_of, told
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder

#: how the first entry begins: an empty key with a header of 6 bytes, which ends in the version of its writer
HEAD, VERSION = b"\0\0\x06\x08", b"\x1a\x02\x08\x01"


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be an index: its first entry is the header.

    >>> may_be(b"\\0\\0\\x06\\x08\\x01\\x1a\\x02\\x08\\x01\\0\\x01\\x0ba"), may_be(b"\\0\\0\\x06\\x08")
    (True, False)
    """
    at = head.find(VERSION, 5, 32)
    return at > 0 and head[at - 5 : at - 1] == HEAD


def is_table(source: ByteSource) -> bool:
    """Whether a file ends as a table does."""
    return source.size >= FOOTER and source.read(source.size - len(MAGIC), len(MAGIC)) == MAGIC


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a checkpoint; `folder` is where its data files lie, which are not needed.

    Raises FormatError for a file that is damaged, cut short or no index of a checkpoint.
    """
    bundle = Bundle(source, limits=limits)
    beside = look(bundle, folder, limits=limits)
    held = variables_of(bundle.entries, beside.objects)
    return Network(
        tensors=tensors_of(held), source=source.name, form="tf-checkpoint", read_as=told(bundle, held),
        notes=notes_of(bundle, held, beside), flags=flags_of(bundle, beside),
    )  # fmt: skip
