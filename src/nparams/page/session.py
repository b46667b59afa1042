"""One page and the network that it shows."""

from __future__ import annotations

import json

from nparams.errors import NparamsError, UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.network import Network
    from nparams.page.dropped import Read

#: what a text may be asked, besides the text itself
OPTIONS = ("form", "bias", "convention", "which")

#: what a question of a kind must have
NEEDED = {"files": ("files",), "why": ("number",), "view": ("name",), "picture": ("kind",)}


class Session:
    """A page: `ask` answers its questions, the later ones about the network that was counted last.

    `read(file, offset, length)` gives bytes of the file of that number among those that were dropped.

    >>> page = Session()
    >>> json.loads(page.ask('{"what": "count", "text": "784-16-16-10"}'))["total"]
    {'digits': '13002'}
    >>> json.loads(page.ask('{"what": "why", "number": "12,960"}'))["lines"][1]
    'You left out the 42 biases: 13,002 - 42 = 12,960.'
    """

    def __init__(self, read: Read | None = None) -> None:
        self._read = read
        self._network: Network | None = None
        #: what made the network: read's arguments, None for files
        self._made: tuple[str, dict[str, Any]] | None = None

    def ask(self, request: str) -> str:
        """The answer as JSON; {"error": one line} where the request or the source is refused."""
        try:
            asked = _asked(request)
            answer = self._question(asked.get("what"))(asked)
        except NparamsError as problem:
            answer = {"error": str(problem), "flags": [flag["text"] for flag in problem.flags]}
        except RecursionError:
            answer = {"error": "this is nested too deeply to be read here", "flags": []}
        except MemoryError:
            answer = {"error": "this takes more memory than a page has: the command line reads it", "flags": []}
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))

    def _question(self, what: object) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        known = {
            "count": self._count, "files": self._files, "why": self._why, "solve": self._solve, "view": self._view,
            "picture": self._picture,
        }  # fmt: skip
        if what not in known:
            raise UsageError(f"a page cannot ask {shown(str(what))}: choose one of {', '.join(known)}")
        return known[str(what)]

    # -- which network -----------------------------------------------------------------------------------------------

    def _count(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What a text describes."""
        from nparams._read import read
        from nparams.page.shown import answer

        self._network = self._made = None  # what is asked next is about this one, or about none
        options = {name: asked[name] for name in OPTIONS if asked.get(name)}
        options |= {"set": values(asked.get("set") or {}), "paths": False}
        text = str(asked.get("text", ""))
        self._network = read(text, **options)
        self._made = (text, options)
        return answer(self._network, others(text, options, self._network))

    def _files(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What files hold that were dropped on the page."""
        from nparams.page.dropped import Dropped, network_of
        from nparams.page.shown import answer

        self._network = self._made = None
        if self._read is None:
            raise UsageError("this page cannot read files")
        files = Dropped(self._read, [(str(name), int(size)) for name, size in asked["files"]])
        self._network = network_of(files)
        return answer(self._network) | {"bytes_read": str(files.taken)}

    def _shown(self) -> Network:
        if self._network is None:
            raise UsageError("there is no network yet: type layer sizes such as 784-16-16-10, or drop a model file")
        return self._network

    # -- what is asked of it -----------------------------------------------------------------------------------------

    def _why(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Which mistakes give another number."""
        from nparams.analyses._why_text import text
        from nparams.analyses.why import why

        found = why(self._shown(), str(asked["number"]))
        return {"equal": found.equal, "explained": found.explained, "lines": text(found).split("\n")}

    def _solve(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Which sizes fit a budget."""
        from nparams.page.budget import answer

        network = self._shown()
        if self._made is None:
            raise UsageError("the sizes in a file are what they are: a budget is for sizes, layers or a config.json")
        return answer(*self._made, asked, network)

    def _view(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The network in another form, to be copied or printed."""
        from nparams.page.shown import view

        return {"text": view(self._shown(), str(asked["name"]))}

    def _picture(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Another picture of it; `standalone`: one that is saved, with its style."""
        from nparams.page.shown import picture

        return {"svg": picture(self._shown(), str(asked["kind"]), standalone=bool(asked.get("standalone")))}


def _asked(request: str) -> Mapping[str, Any]:
    """A question as an object that has what its kind needs."""
    try:
        asked = json.loads(request)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise UsageError(f"a page asks in JSON objects, and {shown(request)} is none")
    for name in NEEDED.get(str(asked.get("what")), ()):
        if name not in asked:
            raise UsageError(f"this question lacks {name}")
    return asked


def values(given: Mapping[str, Any]) -> dict[str, object]:
    """What a reader typed for symbols: numbers and lists of them; anything else is left as it is.

    >>> values({"l": "3", "h": "[784, 16, 16, 10]", "n": "1,000"})
    {'l': 3, 'h': [784, 16, 16, 10], 'n': 1000}
    """
    return {str(name): _value(text) for name, text in given.items() if str(text).strip()}


def _value(text: object) -> object:
    words = str(text).strip()
    plain = words.replace(",", "").replace("_", "")
    if plain.isdecimal() and plain.isascii() and len(plain) < 4_000:
        return int(plain)
    if words.startswith("["):
        entries = words.strip("[] ").split(",")
        return [_value(entry) for entry in entries]
    return words


def others(text: str, options: Mapping[str, Any], network: Network) -> dict[str, Network]:
    """The same text by every convention, where it matters whose layers are meant."""
    from nparams._read import read

    if network.convention is None:
        return {}
    try:
        return dict(read(text, **{**options, "convention": "all"}).conventions)
    except NparamsError:
        return {}
