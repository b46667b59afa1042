"""What an attack is: a file, those beside it, and what must come of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

#: bytes; or a function that makes them, where they are many
Content = bytes | Callable[[], bytes]


class Link(NamedTuple):
    """A symbolic link instead of a file."""

    target: str


class Pipe(NamedTuple):
    """A named pipe instead of a file: reading it would wait for ever."""


class Count(NamedTuple):
    """The file is countable all the same: its parameters, and the kinds of the flags that it must raise."""

    total: int | None
    flags: tuple[str, ...] = ()
    elements: int | None = None


class Attack(NamedTuple):
    """One row: `what` in the words of a user, the file's name and content, what must come of it, and who met it."""

    what: str
    file: str
    content: Content
    #: the message, without the file's name where it begins with that; or the count
    expected: str | Count
    #: CVE, advisory, issue or project
    source: str
    beside: Mapping[str, Content | Link | Pipe] = {}
    #: whether the file is text, which notations may parse (their parser is Python's, which compiles to a tree)
    text: bool = False

    @property
    def message(self) -> str:
        """The whole message of the refusal."""
        said = str(self.expected)
        return self.file + said if said.startswith((":", " ")) else said


def write(attack: Attack, folder: Path) -> Path:
    """Make the folder and the files of an attack; the path of the one to read."""
    folder.mkdir()
    for name, content in {attack.file: attack.content, **attack.beside}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target.replace("FOLDER", str(folder)))
        elif isinstance(content, Pipe):
            os.mkfifo(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content())
    return folder / attack.file
