"""Steps of a training run that lie beside each other, of which the newest is read.

google/orbax names the folders of steps 0, 100, ... (checkpoint/orbax/checkpoint/path/step.py), Flax its folders and,
until 0.6, its files of msgpack checkpoint_0, checkpoint_100, ... (google/flax flax/training/checkpoints.py).
"""

from __future__ import annotations

import re

from nparams.errors import escaped
from nparams.files._folder.choice import listed
from nparams.files._orbax.items import is_step, is_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder

STEP = re.compile(r"(?P<prefix>(?:[A-Za-z][A-Za-z0-9_-]*_)?)(?P<number>[0-9]{1,18})")
#: what Flax puts before the number of a step, where it is a file
FILES = re.compile(r"checkpoint_[0-9]{1,18}")


class Newest:
    """The newest step, and those before it."""

    __slots__ = ("before", "is_file", "name")

    def __init__(self, names: list[str], is_file: bool) -> None:
        names.sort(key=lambda name: (_number(name), name))
        self.name = names[-1]
        self.before = names[:-1]
        self.is_file = is_file

    def said(self) -> str:
        """The note on it."""
        end = "" if self.is_file else "/"
        others = f"the latest step; not read: {listed([f'{name}{end}' for name in self.before])}"
        return f"read from {escaped(self.name)}{end}, {others if self.before else 'the only step'}"


def _number(name: str) -> int:
    match = STEP.fullmatch(name)
    return -1 if match is None else int(match["number"])


def is_orbax(folder: Folder) -> bool:
    """Whether a folder is one tree of arrays, or one step with its items."""
    return is_step(folder) or is_tree(folder)


def newest(folder: Folder) -> Newest | None:
    """The newest of the steps in a folder; None where it holds none that Orbax or Flax has saved."""
    folders = folder.folders()
    steps = [(name, match["prefix"]) for name in folders if (match := STEP.fullmatch(name))]
    for prefix in dict.fromkeys(prefix for _, prefix in steps):
        found = Newest([name for name, own in steps if own == prefix], False)
        if is_orbax(folder.folder(found.name)):
            return found
    files = [name for name in folder.names() if FILES.fullmatch(name) and name not in folders]
    return Newest(files, True) if files else None
