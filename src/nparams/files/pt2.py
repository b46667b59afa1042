"""Archives of torch.export (.pt2): a zip archive of a program, its weights and its constants.

pytorch docs/source/user_guide/torch_compiler/export/pt2_archive.md, torch/export/pt2_archive/_package.py; before torch
2.8 torch/export/__init__.py (`save`).  Read are the archive's directory and the JSON lists that give each weight its
name, shape and number type, and whether it is a parameter; where a weight is a file of torch.save, its pickle, as data.
The program itself is asked only in older archives, for parameters and buffers; nothing of it is run.
"""

from __future__ import annotations

from nparams.errors import escaped, telling
from nparams.files._pt2.layout import CONSTANTS, KNOWN, OLD_KNOWN, WEIGHTS, root_of
from nparams.files._pt2.program import Program
from nparams.files._pytorch.network import numbers_of
from nparams.files._pytorch.pause import Paused
from nparams.files._zip import Archive
from nparams.files.pytorch import strangers
from nparams.network import Network
from nparams.stored._checkpoint.model import Model, plural
from nparams.stored.named import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in an archive of torch.export: of every model in it, where there are several.

    Raises FormatError for a damaged or hostile file, UnsupportedError for compiled code without weights beside it.
    """
    archive = Archive(source)
    with Paused(), telling(archive.flags):
        program = Program(archive, source.name, limits)
        root = root_of(archive)
        if root is None:
            program.read_old()
        else:
            program.read(root)
        model = Model(source.name, program.walk(), program.describe, "the archive").read(None, False)
        numbers = program.numbers
        made = assemble(model.tensors, lambda k, limit: numbers_of(model, numbers, k, limit), None, model.hints)
    what = f"torch.export, {plural(len(model.tensors), 'tensor')}"
    if len(program.models) > 1:
        what += f" of {len(program.models)} models: {', '.join(map(escaped, program.models))}"
    return Network(
        tensors=model.tensors, source=source.name, form="pt2", routes=made.routes,
        read_as=", ".join([what, *([made.scheme] if made.scheme else [])]),
        notes=[*model.notes, *model.told(), *program.notes, *made.notes, *_empty(model)],
        also=model.also, flags=[*archive.flags, *numbers.flags, *strangers(_unread(archive, program, root or ""))],
    )  # fmt: skip


def _empty(model: Model) -> list[str]:
    """A note where shapes are all that was exported."""
    if not model.tensors:
        return ["no tensors: the program has no weights"]
    without = sum(array.stored == (0, 0) for array in model.arrays)
    return [f"{plural(without, 'tensor')} without numbers: shapes alone were exported"] if without else []


def _unread(archive: Archive, program: Program, root: str) -> list[str]:
    """Members that do not belong there, and weights that no list names."""
    known = (*KNOWN, *OLD_KNOWN)
    left = []
    for name in archive.names:
        bare = name.removeprefix(root)
        weights = bare.startswith((WEIGHTS, CONSTANTS))
        if name in program.used or name[-1:] == "/" or (not weights and bare.startswith(known)):
            continue
        left.append(name)
    return left
