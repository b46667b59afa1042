"""The user's code while it runs: what it prints goes to stderr, what it raises becomes one line."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout, suppress

from nparams.errors import NparamsError, ReadError, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

#: characters of an error's text that are told
LONGEST = 300


@contextmanager
def running(what: str, *folders: str) -> Iterator[None]:
    """The user's code may run inside: `folders` can be imported from, and no bytecode is written."""
    added = [folder for folder in folders if folder not in sys.path]
    sys.path[:0] = added
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with _apart():
            yield
    except (NparamsError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # SystemExit, too: user code that ends the program does not end this one
        raise ReadError(f"{what}: {told(problem)}") from problem
    finally:
        sys.dont_write_bytecode = written
        for folder in added:
            with suppress(ValueError):
                sys.path.remove(folder)


@contextmanager
def _apart() -> Iterator[None]:
    """What is printed goes to stderr, also by what writes to the process's own output past Python."""
    stream = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process
    with redirect_stdout(stream), _descriptor(sys.__stdout__, sys.__stderr__):
        yield


@contextmanager
def _descriptor(out: Any, err: Any) -> Iterator[None]:
    try:
        to, instead = out.fileno(), err.fileno()
        out.flush()
        kept = os.dup(to)
    except (AttributeError, OSError, ValueError):  # closed, or no file
        yield
        return
    os.dup2(instead, to)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            out.flush()
        os.dup2(kept, to)
        os.close(kept)


def told(problem: BaseException) -> str:
    """An error in one line: ValueError: heads must divide 100 (model.py:12, in __init__).

    >>> told(ValueError("a\\nb"))
    'ValueError: a b'
    """
    if isinstance(problem, SystemExit):
        kind, text = "it ended the program", str(problem.code) if problem.code is not None else ""
    else:
        kind, text = type(problem).__name__, _text(problem)
    if isinstance(problem, SyntaxError) and problem.filename:
        return escaped(f"{kind}: {problem.msg} ({_short(problem.filename)}:{problem.lineno})")
    place = _place(problem.__traceback__)
    return escaped(f"{kind}{': ' if text else ''}{text}{f' ({place})' if place else ''}")


def _text(problem: BaseException) -> str:
    try:
        text = " ".join(str(problem).split())
    except BaseException:  # an error whose text is made by the user's code, too, which may end the program itself
        return ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _place(trace: TracebackType | None) -> str:
    """Where the user's own code was last: neither ours, nor a library's."""
    ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        path = code.co_filename
        if not path.startswith((ours, "<")) and not _is_library(path):
            where = "" if code.co_name == "<module>" else f", in {code.co_name}"
            found = f"{_short(path)}:{trace.tb_lineno}{where}"
        trace = trace.tb_next
    return found


def _is_library(path: str) -> bool:
    return "site-packages" in path or "dist-packages" in path or path.startswith(os.path.dirname(os.__file__) + os.sep)


def _short(path: str) -> str:
    """The path from here where the file is below this directory, else the file's name."""
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else os.path.basename(path)
