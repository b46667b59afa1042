"""Files of a table: parts by their numbers, and writing that leaves a whole file or none under a final name."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from typing import NamedTuple

from nparams.errors import ReadError, UsageError, escaped
from nparams.fleet._store import lines, parquet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from nparams.fleet.rows import Column, Row

TEMPORARY = ".tmp"
#: what a damaged file makes of its reader: json's errors, and those of Arrow, which are among Python's own
DAMAGE = (OSError, ValueError, TypeError, LookupError, NotImplementedError, MemoryError, RecursionError)
#: what a system says that cannot put a folder's names on the disk by themselves
NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
PART = re.compile(r"part-(\d{4,})-(\d{5,})(\.[a-z]+)")


class Kind(NamedTuple):
    """A kind of file that parts are, and what writes, reads and changes one."""

    name: str
    ending: str
    write: Callable[[BinaryIO, Sequence[Column], Iterable[Row]], None]
    read: Callable[[str, Sequence[Column]], Iterator[Row]]
    copy: Callable[[str, BinaryIO, Collection[int], Mapping[int, str | None]], None]


PARQUET = Kind("Parquet", ".parquet", parquet.write, parquet.read, parquet.copy)
LINES = Kind("JSON Lines", ".jsonl", lines.write, lines.read, lines.copy)
KINDS = {kind.name: kind for kind in (PARQUET, LINES)}


class Part(NamedTuple):
    """The number of the run that wrote a part, and its number in it: a later part's row of a uri counts.

    >>> Part(1, 12).name(".parquet")
    'part-0001-00012.parquet'
    """

    run: int
    number: int

    def name(self, ending: str) -> str:
        """The bare name of its file."""
        return f"part-{self.run:04}-{self.number:05}{ending}"


def parts(folder: str, kind: Kind) -> list[Part]:
    """The parts in a folder, the newest first.  UsageError where some are of another kind."""
    made = []
    for name in _names(folder):
        if (found := PART.fullmatch(name)) and found[3] in (each.ending for each in KINDS.values()):
            if found[3] != kind.ending:
                raise UsageError(f"{escaped(folder)}: {name} among parts of {kind.name}; a table is of one kind")
            made.append(Part(int(found[1]), int(found[2])))
    return sorted(made, reverse=True)


def clean(folder: str) -> None:
    """Remove what a killed scan left under a temporary name."""
    for name in _names(folder):
        if name.endswith(TEMPORARY):
            remove(os.path.join(folder, name))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise ReadError(f"{escaped(folder)}: {problem.strerror or problem}") from None


def remove(path: str) -> None:
    """Remove a file that may be absent; UsageError where that fails."""
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
    except OSError as problem:
        raise unwritable(path, problem) from problem


def write(path: str, fill: Callable[[BinaryIO], None]) -> None:
    """Make a file, or put it in another's place, at once: whole and on the disk, or not at all (UsageError)."""
    temporary = path + TEMPORARY
    try:
        with open(temporary, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync(os.path.dirname(path))
    except BaseException as problem:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(problem, OSError):
            raise unwritable(path, problem) from problem
        raise


def _sync(folder: str) -> None:
    """Put the names in a folder on the disk, where the system can."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        except OSError as problem:
            if problem.errno not in NO_SYNC:
                raise
        finally:
            os.close(fd)


def unwritable(path: str, problem: OSError) -> UsageError:
    """What is said where a file of the table cannot be written."""
    return UsageError(
        f"{escaped(path)}: cannot be written: {problem.strerror or escaped(str(problem))}; "
        "the parts that were finished are kept, and the same command goes on from them"
    )


def read(kind: Kind, path: str, columns: Sequence[Column]) -> Iterator[Row]:
    """The rows of a part; ReadError that says what to do where it is damaged."""
    try:
        yield from kind.read(path, columns)
    except DAMAGE as problem:
        raise damaged(path, problem) from None


def copy(kind: Kind, path: str, drop: Collection[int], gone: Mapping[int, str | None]) -> None:
    """Put a part in its own place, without the rows at the places `drop` and with other values of `gone`."""

    def fill(file: BinaryIO) -> None:
        try:
            kind.copy(path, file, drop, gone)
        except DAMAGE as problem:
            if isinstance(problem, OSError) and problem.errno:  # the system's, not what Arrow says of a file
                raise
            raise damaged(path, problem) from None

    write(path, fill)


def damaged(path: str, problem: Exception) -> ReadError:
    """What is said of a part that cannot be read."""
    if isinstance(problem, OSError) and problem.errno:
        return ReadError(f"{escaped(path)}: {problem.strerror}")
    told = escaped(str(problem).splitlines()[0]) if str(problem) else type(problem).__name__
    return ReadError(f"{escaped(path)}: damaged ({told[:200]}); delete it and scan again: its models are read again")
