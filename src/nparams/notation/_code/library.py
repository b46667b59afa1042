"""What a framework makes of the names that code imports from it, and the frames that names live in."""

from __future__ import annotations

import ast

from nparams.notation._code.objects import Class, Instance
from nparams.notation._code.values import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


class Library:
    """What a framework makes of the names that code imports from it; the plain one knows none."""

    #: methods of its objects that change nothing which counts, as a training loop calls them
    harmless: frozenset[str] = frozenset()
    #: whether calling an object can make something (a Keras layer builds itself when it is first called)
    calls_make = False

    def has(self, path: str) -> bool:
        """Whether a dotted name is the framework's own, which code asks for newer functions."""
        return False

    def alike(self, m: Machine, one: Any, other: Any) -> bool:
        """Whether two objects hold the same, so that it does not matter which of them is taken."""
        return False

    def makes(self, path: str) -> bool:
        """Whether calling a dotted name can make a layer or change one."""
        return False

    def name(self, m: Machine, word: str) -> Any:
        """The value of a name that the text never binds, as `nn` or `Dense` in a paste without imports; or MISSING."""
        return MISSING

    def external(self, m: Machine, path: str) -> Any:
        """The value of a dotted name, where it is a constant; MISSING: the name itself."""
        return MISSING

    def call(self, m: Machine, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What calling a dotted name gives; MISSING: not this library's."""
        return MISSING

    def is_module(self, cls: Class) -> bool:
        """Whether objects of a class of the text are layers or models."""
        return False

    def instance(self, m: Machine, cls: Class) -> Instance | None:
        """An empty object of a class whose bases are this library's; None: an ordinary one."""
        return None

    def start(self, m: Machine, owner: Instance, path: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        """super().__init__(...) that reaches a base of the library."""

    def inherited(self, m: Machine, owner: Instance, path: str, name: str) -> Any:
        """An attribute that an object has from a base of the library; MISSING where it has none."""
        return MISSING

    def count(self) -> int:
        """How many objects it has made."""
        return 0

    def failing(self, node: ast.stmt, before: int) -> None:
        """A statement that began after so many objects cannot be followed; it is told of from the inside out."""

    def caught(self) -> None:
        """The code itself catches what failed."""

    def lose(self, node: ast.stmt, why: str) -> None:
        """A statement at the top of the text cannot be followed, and the next one is."""

    def waits(self, over: Any) -> bool:
        """Whether calling the entries of something gives them their sizes."""
        return False

    def is_a(self, m: Machine, value: Any, path: str) -> bool | None:
        """isinstance(value, path) for a dotted name; None: not known."""
        return None


class Frame:
    """The names of one function, class body or module, and the frame around it."""

    __slots__ = ("cls", "globals", "names", "outer", "owner", "yields")

    def __init__(self, outer: Frame | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.outer = outer
        #: names that `global` and `nonlocal` put into another frame
        self.globals: dict[str, Frame] = {}
        #: for super(): the class that the running method stands in, and its first argument
        self.cls: Class | None = None
        self.owner: Any = None
        #: what a generator gave so far
        self.yields: list[Any] | None = None
