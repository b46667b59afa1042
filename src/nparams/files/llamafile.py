"""llamafile: a program of all systems (APE) or of one (ELF), with a zip archive behind it that holds a GGUF file.

Mozilla-Ocho/llamafile README.md ("Creating llamafiles") and llamafile/zipalign.c: weights are stored as they are, so
that they can be mapped; a member .args holds the program's default arguments, one a line.  The program is not looked
at.
"""

from __future__ import annotations

from itertools import pairwise

from nparams.errors import FormatError, UnsupportedError, escaped, place, shown
from nparams.files import gguf
from nparams.files._zip import STORED, Archive
from nparams.files._zip_end import has_end
from nparams.files._zip_folder import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

ARGUMENTS, MAX_ARGUMENTS = ".args", 1 << 16
MODEL = ("-m", "--model")
#: where a program of this kind finds its own archive (jart/cosmopolitan)
WITHIN = "/zip/"
#: how the file of an encoder for pictures or sound is called (llama.cpp's convert_hf_to_gguf.py: mmproj-NAME.gguf)
ENCODER = "mmproj"


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a llamafile: of the GGUF file that its .args name, or of the only one; `folder` is not looked at.

    Raises UnsupportedError for a program that has no GGUF file inside, or a compressed one; FormatError for a damaged
    archive or GGUF file.

    >>> from nparams.files.bytesource import MemorySource
    >>> read(MemorySource(b"\\x7fELF" + bytes(60), "tool"))
    Traceback (most recent call last):
    nparams.errors.UnsupportedError: tool is a program, not a model
    """
    archive = _archive(source)
    chosen, left = _chosen(archive, _models(archive, source.name), source.name)
    if archive.member(chosen).method != STORED:
        raise UnsupportedError(
            f"{place(source.name)}: {shown(chosen)} is compressed in it, so its header cannot be read in place; count "
            "the .gguf that it was made from"
        )
    inside = whole(archive, source.name)
    *folders, bare = chosen.split("/")
    for each in folders:
        inside = inside.folder(each)
    network = gguf.read(inside.open(bare), inside, limits=limits)
    network.source, network.form = source.name, "llamafile"
    network.read_as = f"llamafile, {escaped(bare)}: {network.read_as}"
    network.notes += left
    # the program stands before the archive, and zipalign leaves the old directory between members: no one hides there
    network.flags += [flag for flag in archive.flags if flag["kind"] != "unlisted"]
    return network


def _archive(source: ByteSource) -> Archive:
    """The archive behind the program."""
    if has_end(source):
        return Archive(source)
    if source.name.endswith(".llamafile"):
        raise FormatError(f"{place(source.name)}: a llamafile without the zip directory at its end. Cut short?")
    raise UnsupportedError(f"{place(source.name)} is a program, not a model")


def _models(archive: Archive, name: str) -> list[str]:
    """Every GGUF file in it."""
    found = [each for each in archive.names if each.endswith(".gguf")]
    if not found:
        raise UnsupportedError(
            f"{place(name)} is a program, and its archive holds no .gguf; a llamafile without weights runs a .gguf "
            "that lies elsewhere: count that"
        )
    return found


def _chosen(archive: Archive, models: Sequence[str], name: str) -> tuple[str, list[str]]:
    """(the member to read, a note on the others): by .args, else the only one that is no encoder."""
    asked = _asked(archive)
    if asked in models:
        chosen, why = asked, f" ({ARGUMENTS} names it)"
    else:
        left = [each for each in models if ENCODER not in each.rpartition("/")[2]] or list(models)
        if len(left) > 1 and not _is_split(left):
            listed = ", ".join(shown(each) for each in left[:6])
            raise UnsupportedError(
                f"{place(name)} holds {len(left):,} GGUF files, and its {ARGUMENTS} chooses none: unpack it (it is a "
                f"zip) and count one of {listed}"
            )
        chosen, why = left[0], ""
    others = [each for each in models if each != chosen and not _is_split([chosen, each])]
    if not others:
        return chosen, []
    listed = ", ".join(escaped(each) for each in others[:6])
    return chosen, [f"read from {escaped(chosen)} inside{why}; not read: {listed} (models of their own)"]


def _is_split(names: Sequence[str]) -> bool:
    """Whether all of these are pieces of one split GGUF."""
    from nparams.files.shards import shard_of

    stems = {shard and (shard.stem, shard.count) for shard in map(shard_of, names)}
    return len(stems) == 1 and None not in stems


def _asked(archive: Archive) -> str:
    """The member that the arguments inside name as the model; "" where they name none."""
    if ARGUMENTS not in archive or archive.member(ARGUMENTS).size > MAX_ARGUMENTS:
        return ""
    member = archive.open(ARGUMENTS)
    words = [word.strip() for word in member.read(0, member.size).decode("utf-8", "replace").splitlines()]
    for word, value in pairwise(words):
        if word in MODEL:
            return value.removeprefix(WITHIN)
    return ""
