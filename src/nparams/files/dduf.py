"""DDUF, and a diffusers pipeline that was zipped: the folder that it was, read in place.

Format: huggingface.co/docs/hub/dduf; huggingface/huggingface_hub src/huggingface_hub/serialization/_dduf.py.  A DDUF is
a zip archive without compression that holds model_index.json and a folder for each component.  The reader of
directories reads it: its members are shown to it as files in folders, so that the archive and the unpacked folder give
the same answer.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, escaped, place, shown, telling
from nparams.files._dduf.parts import ROWS
from nparams.files._dduf.parts import read as read_part
from nparams.files._zip import STORED, Archive
from nparams.files._zip_folder import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._zip_folder import ZipFolder
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

INDEX = "model_index.json"
ENDING = ".dduf"
#: endings of what a DDUF may hold, DDUF_ALLOWED_ENTRIES; GGUF as huggingface.co/docs/hub/dduf plans it
ALLOWED = (".json", ".model", ".safetensors", ".txt", ".gguf")


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The components of a pipeline in a zip archive, counted together; `folder` is not looked at.

    Raises FormatError for an archive that is damaged, whose members lead out of it, or that names no pipeline;
    UnsupportedError where weights are compressed in it.

    >>> import io, zipfile
    >>> from nparams.files.bytesource import MemorySource
    >>> held = io.BytesIO()
    >>> with zipfile.ZipFile(held, "w") as made:
    ...     made.writestr("model_index.json", b'{"_class_name": "P", "vae": ["diffusers", "VAE"]}')
    ...     text = b'{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}'
    ...     made.writestr("vae/diffusion_pytorch_model.safetensors", bytes([len(text)]) + bytes(7) + text + bytes(24))
    >>> network = read(MemorySource(held.getvalue(), "p.dduf"))
    >>> network.total, [t.name for t in network.tensors()]
    (6, ['vae.w'])
    """
    from nparams.files.folder import read as read_folder

    archive = Archive(source)
    with telling(archive.flags):
        top = _top(archive, source.name)
        _check_pipeline(top)
        network = read_folder(top, ROWS, lambda part, inside: read_part(part, inside, limits), limits=limits)
    network.source, network.form = source.name, "dduf"
    kind = "DDUF" if _is_dduf(source.name) else "zip archive"
    network.read_as = f"{kind}, {network.read_as}"
    network.flags += [*archive.flags, *_unexpected(archive, source.name)]
    return network


def _is_dduf(name: str) -> bool:
    return name.endswith(ENDING)


def _top(archive: Archive, name: str) -> ZipFolder:
    """The folder with model_index.json: the archive itself, or the only folder in it that was zipped."""
    if _is_dduf(name):
        _check_dduf(archive, name)
    top = whole(archive, name)
    if INDEX in top.names():
        return top
    inner = [each for each in top.folders() if INDEX in top.folder(each).names()]
    if len(inner) == 1 and not _is_dduf(name):
        return top.folder(inner[0])
    found = f"{len(inner):,} folders of it hold one" if len(inner) > 1 else "its top folder holds none"
    raise FormatError(f"{place(name)}: no {INDEX} to say which parts make up the pipeline: {found}; unpack it")


def _check_dduf(archive: Archive, name: str) -> None:
    """The rules of DDUF: nothing is compressed, and folders hold no folders."""
    for member in archive.members():
        if member.method != STORED and member.size:
            raise UnsupportedError(
                f"{place(name)}: {shown(member.name)} is compressed, which a DDUF never is; zip the folder again "
                "without compression (zip -0)"
            )
        if member.name.strip("/").count("/") > 1:
            raise FormatError(f"{place(name)}: {shown(member.name)} lies more than one folder deep, as in no DDUF")


def _check_pipeline(top: ZipFolder) -> None:
    """Raise FormatError unless model_index.json names components that have folders here."""
    from nparams.files._folder.pipeline import pipeline

    found = pipeline(top)
    if found is None:
        raise FormatError(f"{place(top.name)}: its {INDEX} names no class of a pipeline")
    if not set(top.folders()).intersection(each.folder for each in found[1]):
        raise FormatError(f"{place(top.name)}: its {INDEX} names no part that has a folder here")


def _unexpected(archive: Archive, name: str) -> list[dict[str, str]]:
    """What the library that writes DDUF files would not put into one."""
    others = [each for each in archive.names if not each.endswith((*ALLOWED, "/"))] if _is_dduf(name) else []
    if not others:
        return []
    more = f"{len(others):,} members, the first " if len(others) > 1 else ""
    return [{"kind": "unexpected-member", "text": f"{more}{escaped(others[0])}: nothing that a DDUF holds"}]
