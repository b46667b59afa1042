"""Everything that can go wrong, as a tree.

::

    NparamsError
    ├── UsageError           the request itself: an option, a form, a value for a symbol
    ├── ExprError            an expression that cannot be read or worked out
    │   └── WorkLimitError   ... because it would take more work or memory than allowed
    ├── ReadError            a source that cannot be read
    │   ├── NotationError    ... text: says where, and what was found there
    │   ├── FormatError      ... a file: says which field, at which byte, and what was found
    │   ├── UnsupportedError ... recognised by name, and not something that can be counted
    │   └── FetchError       ... elsewhere: no answer, no permission, or nothing there
    └── InvariantError       a promise of ours did not hold (a bug: rows that do not sum, a wrong formula)

Only these leave the library.  Each message is one line: what was given, where, what was found, what to try.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType


class NparamsError(Exception):
    """Base of every exception that nparams raises on purpose."""

    #: what was suspicious in a file before it was refused, each {"kind", "text"}
    flags: Sequence[Mapping[str, str]] = ()


class UsageError(NparamsError):
    """The request cannot be carried out as asked: an option, a form, a value for a symbol."""


class ExprError(NparamsError):
    """An expression could not be read, or has no value."""


class WorkLimitError(ExprError):
    """An expression would take more steps, digits or terms than the limit allows."""


class ReadError(NparamsError):
    """A source could not be read."""


class NotationError(ReadError):
    """Text that does not describe a network; the message says where and what to type."""


class FormatError(ReadError):
    """A file whose bytes are not what its format promises; the message says which field and where."""


class UnsupportedError(ReadError):
    """A source that is recognised by name and cannot be counted; the message says what to count instead."""


class FetchError(ReadError):
    """Something elsewhere that could not be fetched; the message says whether a login, a network or the thing lacks."""

    def __init__(self, message: str, again: bool = False, reached: bool = True) -> None:
        super().__init__(message)
        #: whether a later try may succeed: the transfer failed, nothing is wrong with what was asked
        self.again = again
        #: whether there was an answer at all
        self.reached = reached


class InvariantError(NparamsError):
    """A promise of nparams did not hold: a row, formula or total that disagrees with its tensors."""


class telling:
    """`with telling(flags): ...`: a refusal inside tells what was found before it as well.

    >>> found = [{"kind": "checksum", "text": "data.pkl"}]
    >>> try:
    ...     with telling(found):
    ...         raise FormatError("m.pt: cut short")
    ... except FormatError as problem:
    ...     print(problem.flags)
    [{'kind': 'checksum', 'text': 'data.pkl'}]
    """

    __slots__ = ("_flags",)

    def __init__(self, flags: Sequence[Mapping[str, str]]) -> None:
        self._flags = flags

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(problem, NparamsError):
            problem.flags = [*(flag for flag in self._flags if flag not in problem.flags), *problem.flags]


def shown(text: str, limit: int = 60) -> str:
    """`text` in quotes for a one-line message: control characters escaped, long text cut in the middle.

    >>> shown("fc1\\x1b[31m.weight")
    '"fc1\\\\x1b[31m.weight"'
    """
    if len(text) > limit:
        text = f"{text[: limit - 16]}…{text[-12:]}"
    return f'"{escaped(text)}"'


def place(path: str) -> str:
    """The bare name of a file, for the front of a message.

    >>> place("models/llama/model.safetensors")
    'model.safetensors'
    """
    return escaped(bare_name(path) or path)


def bare_name(path: str) -> str:
    """The last part of a path or an address, as it stands there.

    >>> bare_name("models/llama/"), bare_name("https://host/a/model.safetensors")
    ('llama', 'model.safetensors')
    """
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def uncounted(tensors: int) -> str:
    """Why there is no total, for a sentence that says so.

    >>> uncounted(1), uncounted(2)
    ('1 tensor has no known size', '2 tensors have no known size')
    """
    return f"{tensors:,} tensor{' has' if tensors == 1 else 's have'} no known size"


def escaped(text: str) -> str:
    """`text` with every character that a terminal might act on written as an escape.

    >>> escaped("a\\nb")
    'a\\\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
