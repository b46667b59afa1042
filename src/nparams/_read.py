"""read(anything) -> Network: who claims it, load that module, read."""

from __future__ import annotations

import os
import sys

from nparams._claims import (
    ADDRESS,
    BY_FORM,
    FILES,
    OBJECTS,
    SCHEMES,
    SIGNS,
    SUFFIXES,
    claimant,
    exists,
    foreign_claimant,
    foreign_file,
    foreign_form,
    foreign_rows,
    is_address,
    is_on_hub,
    is_path,
    loaded,
    made_by,
    recognised,
)
from nparams.errors import FetchError, NotationError, ReadError, UnsupportedError, UsageError, escaped, shown
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.registry import Source


#: how a text begins that asks for code to be run
CALL = "python:"
#: the key by which a dict is known for the configuration of a model, and the room that reads it
MODEL_TYPE, CONFIGS = "model_type", "nparams.architectures."
#: the form of names of networks
NAMES = "name"
#: what a source says to an option that it does not take
REFUSED = {
    "bias": "--bias chooses the biases of layer sizes; {what} says itself which it has",
    "which": "--which chooses one of several models in code; {what} holds one",
    "library": "--with-library counts what a config.json describes; {what} is none",
    "inputs": "inputs are for a Flax module that makes its arrays when it is called; {what} needs none",
}


def read(
    source: object,
    *,
    form: str | None = None,
    bias: str | None = None,
    convention: str | None = None,
    set: Mapping[str, object] | None = None,
    which: str | None = None,
    limits: bool = True,
    paths: bool = True,
    inputs: object = None,
    run: bool = False,
    library: bool = False,
    free: Collection[str] = (),
) -> Network:
    """The network that `source` describes: a live model, text, a path, bytes, or a list of layer sizes.

    `form` forces a source ("sizes", "stack", "safetensors", ...); `bias` is "all", "hidden" or "none" for layer sizes
    and lists; `convention` ("textbook", "torch", "keras" or "all") says whose layers are meant where the source does
    not; `set` gives values for symbols, and for names of code that has no value for them; `which` names one of several
    models in a text (as `model.py:Net` does); `limits=False` reads headers up to the format's own limit; `paths=False`
    never takes a text for the name of a file; `inputs` are example inputs, or their shapes, for a module that makes its
    arrays when it is called (Flax linen); `run=True` lets a text that begins with python: import and run the code that
    it names, as the command line does; `library=True` lets the transformers library, where it is installed, make the
    model of a config.json without its numbers, and counts that; `free` names the fields of a config.json that stay
    symbols.  Raises ReadError (its text is one line for the user) or UsageError.

    >>> read("784-16-16-10").total, read([784, 16, 16, 10]).biases
    (13002, 42)
    >>> read("h0..hl", set={"l": 3, "h": [784, 16, 16, 10]}).total
    13002
    """
    options: dict[str, object] = {}
    if not (bias is convention is which is inputs is None) or set or library or free:
        options = {"bias": bias, "convention": convention, "set": set or None, "which": which, "inputs": inputs}
        options |= {"library": library or None, "free": tuple(free) or None}
    request = Request(form, options, limits, paths, run)
    network = request.read(source)
    return network.substitute(set) if set and not request.settled else network


def count(source: object, **options: Any) -> Size:
    """The total of `source`: an int, or an expression for a symbolic network; the options are those of read.

    Raises ReadError if a tensor is not created yet, so that no total exists.

    >>> count("784-16-16-10"), str(count("h0-h1"))
    (13002, 'h0*h1 + h1')
    """
    network = read(source, **options)
    if network.total is None:
        raise ReadError(f"{network.source}: {network.totals.unknown} tensors have no known size, so there is no total")
    return network.total


class Request:
    """One call of read: what is asked besides the source itself."""

    __slots__ = ("limits", "options", "paths", "row", "run", "settled")

    def __init__(
        self, form: str | None, options: Mapping[str, object], limits: bool, paths: bool, run: bool = False
    ) -> None:
        self.row = None if form is None else BY_FORM.get(form) or foreign_form(form)
        #: bias, convention, set, which, inputs: those that were given
        self.options = {name: value for name, value in options.items() if value is not None}
        self.limits = limits
        #: whether a text may be the name of a file (not when it comes from standard input)
        self.paths = paths
        #: whether code that the source names may be run
        self.run = run
        #: whether the source itself put in the values that were set
        self.settled = False

    def read(self, source: object) -> Network:
        """The network, by what kind of thing the source is: by its class, whatever it says of itself."""
        kind = type(source)
        if issubclass(kind, Network):
            return source  # type: ignore[return-value]
        if issubclass(kind, str):
            return self.string(str.__str__(source))
        if kind is dict and type(source.get(MODEL_TYPE)) is str and self._are_settings(source):  # type: ignore[attr-defined]
            return self.settings(BY_FORM["config"], source)
        from nparams._objects import entries, is_size, is_stand_in, uncountable

        if issubclass(kind, (list, tuple)) and all(map(is_size, entries(source))):
            return self.sizes(source)
        if is_stand_in(kind):
            raise uncountable(source)
        if any("__fspath__" in vars(base) for base in kind.__mro__):
            return self.path(os.fspath(source))  # type: ignore[call-overload]
        if issubclass(kind, (bytes, bytearray)):
            from nparams.files.bytesource import MemorySource

            return self.bytes(MemorySource(bytes(source)), None)  # type: ignore[call-overload]
        return self.live(source)

    def _are_settings(self, source: object) -> bool:
        """Whether a dict is a config.json, and not a state of training that holds arrays."""
        row = BY_FORM["config"]
        return self.row in (None, row) and bool(loaded(row).is_settings(source))

    def settings(self, row: Source, source: object) -> Network:
        """What a config.json describes, as text, dict or live object: by formulas, or by the library where asked."""
        self._check_options(row)
        options = self._taken(row)
        self.settled = "set" in options
        module = loaded(row)
        if options.pop("library", None):
            self.options.clear()  # they were the configuration's, not the model's that is made of it
            from nparams.frameworks import transformers as by_library

            return by_library.read(module.held_in(source), self.live, **options)  # type: ignore[arg-type]
        return module.read(source, **options)  # type: ignore[no-any-return]

    def sizes(self, source: object) -> Network:
        """A list of layer sizes, given in Python."""
        from nparams._objects import entries

        return self.text(BY_FORM["sizes"], loaded(BY_FORM["sizes"]).from_sizes(entries(source)))

    def live(self, source: object) -> Network:
        """What a program holds: only frameworks that it has imported itself are asked."""
        from nparams._objects import entries, uncountable

        for row in OBJECTS if self.row is None else [self.row] if self.row.kind == "object" else []:
            if not sys.modules.keys().isdisjoint(row.packages):
                module = loaded(row)
                if module.claims(source):
                    if row.module.startswith(CONFIGS):
                        return self.settings(row, source)
                    self._refuse_options(type(source).__name__, row.options)
                    return module.read(source, **self._taken(row))  # type: ignore[no-any-return]
        if issubclass(type(source), (list, tuple)) and not any(map(callable, entries(source))):
            return self.sizes(source)
        if loaded(BY_FORM["config"]).is_settings(source):
            return self.settings(BY_FORM["config"], source)
        raise uncountable(source)

    def _taken(self, row: Source) -> dict[str, object]:
        """Those of the options given that the row's read() takes."""
        return {name: value for name, value in self.options.items() if name in row.options}

    def call(self, text: str) -> Network:
        """What code of the user's makes; it runs only where `run` and `paths` say that the user wrote the text."""
        if not (self.run and self.paths):
            raise UsageError(
                f"{shown(text)} asks to import and run code: nparams.read(..., run=True) does that, and so does the "
                "command line where it stands as an argument"
            )
        row = BY_FORM["python"]
        self._refuse_options(text, row.options)
        options = self._taken(row)
        self.settled = "set" in options
        return loaded(row).read(text, self.live, **options)  # type: ignore[no-any-return]

    def string(self, text: str) -> Network:
        """Text, or a file's name: numbers are sizes whatever the folder holds; else a file that exists wins."""
        as_text = self.row is not None and self.row.kind not in ("object", "call")
        if text.startswith(CALL) and not as_text and not (self.paths and exists(text)):  # a file may bear any name
            return self.call(text)
        if self.row is not None and self.row.kind in ("object", "call"):
            raise UsageError(
                f"--from {self.row.form} is {self.row.what}, not a text: {CALL}package.module:Net() makes one"
            )
        if self.paths and (is_address(text) or (self.row is not None and self.row.kind == "address")):
            return self.address(text.strip())
        if is_address(text) and not as_text:
            from nparams._refusals import address

            raise address(text)
        if self.row is not None and (self.row.kind == "text" or self.paths):
            is_file = self.row is BY_FORM["config"] and self.paths and exists(text)
            return self.text(self.row, text) if self.row.kind == "text" and not is_file else self.path(text)
        if not text.strip():
            raise NotationError("nothing was given: type layer sizes such as 784-16-16-10, or the name of a model file")
        if self.paths and text.endswith(SUFFIXES) and exists(text):
            return self.path(text)  # surely a model: no notation needs to be asked
        sizes = BY_FORM["sizes"]
        if loaded(sizes).claims(text) and not (self.paths and is_path(text)):
            return self.text(sizes, text) if SIGNS.isdisjoint(text) else self.claimed(text)
        if self.paths and (path := self._named(text)) is not None:
            return self.path(path)
        return self.claimed(text)

    def address(self, text: str) -> Network:
        """The model that lies at an address elsewhere: a file, or a folder with one model in it."""
        scheme, mark, rest = text.partition(ADDRESS)
        if scheme.lower() == "file" and rest.startswith("/"):
            from urllib.parse import unquote

            return self.path(unquote(rest))
        row = SCHEMES.get(scheme.lower()) if mark else BY_FORM["hub"]
        if row is None:
            known = ", ".join(f"{scheme}{ADDRESS}" for scheme in SCHEMES)
            raise UsageError(f"{shown(scheme)}{ADDRESS} is no kind of address that is known: {known}")
        if self.row is not None and self.row.kind == "address":
            self.row = None  # where it lies was said, not what it is
        place = loaded(row).opened(text)
        if place.source is None:
            return self.folder(place.folder)
        with place.source as source:
            return self.bytes(source, place.folder)

    def _on_hub(self, text: str, named: Source | None) -> Network:
        """The model of the hub that org/model names; what the name alone means, where the hub cannot be asked."""
        try:
            return self.address(text.strip())
        except FetchError as problem:
            network = None if problem.reached or named is None else self._known(named, text)
            if network is None:
                problem.args = (f"{shown(text)} is no file or folder here, and as a model of the hub: {problem}",)
                raise
            why = "counted by its name: the repository itself was not read, and may hold another"
            network.notes.append(f"{why} ({problem})")
        return network

    def _known(self, row: Source, text: str) -> Network | None:
        """What a name means; None where it is only like one that is known."""
        try:
            return self.text(row, text)
        except NotationError:
            return None

    def _named(self, text: str) -> str | None:
        """The file that a text names, if there is one; model.py:Net also says which of its models."""
        if exists(text):
            return text
        path, mark, which = text.rpartition(":")
        if not mark or not which.replace(".", "_").isidentifier() or not exists(path):
            return None
        self.options["which"] = which
        return path

    def claimed(self, text: str, name: str | None = None) -> Network:
        """What the notation makes of a text that takes it for its own, or of what a question is about.

        `name` is the file's that the text stands in.
        """
        row = claimant(text)
        if self.paths and name is None and (row is None or row.form == NAMES) and is_on_hub(text):
            return self._on_hub(text, row)
        if row is None:
            from nparams.notation._question import asked

            about = asked(text)
            row, text = (None, text) if about == text else (claimant(about), about)
        row = row or foreign_claimant(text)
        if row is None:
            from nparams._foreign import said
            from nparams._refusals import unclaimed, unread

            raise said(unclaimed(text, exists if self.paths else None, SUFFIXES) if name is None else unread(name))
        return self.text(row, text)

    def text(self, row: Source, text: str) -> Network:
        """What a notation makes of `text`."""
        if row.module.startswith(CONFIGS):
            return self.settings(row, text)
        self._check_options(row)
        options = self._taken(row)
        self.settled = "set" in options
        network = made_by(row, lambda: loaded(row).read(text, **options))
        network.read_as = escaped(network.read_as)  # one printable line, whatever the text held
        return network

    def _check_options(self, row: Source) -> None:
        """Refuse what this notation cannot be asked; a convention makes no difference to what brings its own."""
        if not self.options:
            return
        told = f"{row.what} (read as {row.form})"
        for name, refusal in REFUSED.items():
            if name in self.options and name not in row.options:
                raise UsageError(refusal.format(what=told))
        convention = self.options.get("convention")
        if row.own and convention not in (None, row.own, "all"):
            raise UsageError(f"--convention {convention}: this is {row.form}, counted as {row.own} defines its layers")

    def path(self, path: str) -> Network:
        """The model in a file or a directory."""
        from nparams.files.bytesource import FileSource, LocalFolder

        if os.path.isdir(path):
            return self.folder(LocalFolder(path))
        if self.row is not None and self.row.kind == "folder":
            raise ReadError(f"{shown(path)}: not a directory")
        with FileSource(path) as source:
            return self.bytes(source, LocalFolder(os.path.dirname(path)))

    def folder(self, folder: Folder) -> Network:
        """The one model in a directory; a note says which file was read, and why."""
        from nparams.files.folder import read

        rows = FILES if self.row is None or self.row.kind != "file" else [self.row]
        try:
            made = read(folder, rows, self.bytes, limits=self.limits)
        except ReadError:
            more = [row for row in foreign_rows("file") if any(name.endswith(row.suffixes) for name in folder.names())]
            if not more:
                raise
            made = read(folder, [*rows, *more], self.bytes, limits=self.limits)
        if made.form != "config":
            self._refuse_options(folder.name)
        made.is_file = True
        return made

    def bytes(self, source: ByteSource, folder: Folder | None) -> Network:
        """What a format makes of a file's bytes."""
        from nparams.files.sniff import readable_text

        config, foreign = BY_FORM["config"], None
        if self.row is not None and self.row.kind == "text" and self.row is not config:
            raise UsageError(f"--from {self.row.form} reads text; {shown(source.name)} is a file")
        if self.row in (None, config) and (text := readable_text(source, FILES)) is not None:
            try:
                return self._in_file(text, source.name)
            except UnsupportedError:
                foreign = foreign_file(source) if self.row is None else None
                if foreign is None:
                    raise
        self._refuse_options(source.name)
        row = self.row if self.row is not None and self.row.kind == "file" else foreign or recognised(source, folder)
        options = {} if self.limits else {"limits": False}
        made = made_by(row, lambda: loaded(row).read(source, folder, **options))
        made.is_file = True
        return made

    def _in_file(self, text: str, name: str) -> Network:
        """What the text in a file describes."""
        network = self.claimed(text, name) if self.row is None else self.text(self.row, text)
        which = self.options.get("which")
        network.source = name if which is None else f"{name}:{which}"
        return network

    def _refuse_options(self, name: str, taken: Sequence[str] = ()) -> None:
        """What this source cannot be asked; --convention makes no difference to what says itself what it holds."""
        for option, refusal in REFUSED.items():
            if option in self.options and option not in taken:
                raise UsageError(refusal.format(what=shown(name)))
