"""A directory: the one model in it, as downloaded.  Which files were read, why, and what was left is always said.

One set of weights is counted: the best format of `_folder/table.py`, under the usual name, in its plain variant.  A
pipeline's parts are counted together.  Where files of equal rank lie side by side, all their headers are read: they are
one network if names and shapes of all parameters agree, and refused, each with its count, if not.
"""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError, escaped, place
from nparams.files._folder.choice import best, check_whole, compared, listed, nothing, rest_of, said_of, sliced
from nparams.files._folder.inventory import Candidate, Inventory
from nparams.files._folder.table import BESIDES, COMPILED, PARTS
from nparams.files.said import declared_in, say_total
from nparams.stored.settings import CONFIG, config, is_described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import ModuleType

    from nparams.files._folder.endings import Row
    from nparams.files._folder.pipeline import Named
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

    #: reads one file, in its folder
    One = Callable[[ByteSource, Folder | None], Network]

CHECKPOINT, NEWEST = "tf-checkpoint", "the latest, by the file checkpoint"
#: forms whose networks may lie in several files -> the module that reads these together
SETS = {"safetensors": "safetensors_index", "pytorch": "pytorch_index", "flax-msgpack": "flax_msgpack_index"}
MOST_FOLDERS = 200
MAX_DEPTH = 3  # a hub's cache, one repository in it, its snapshots


def read(folder: Folder, rows: Sequence[Row], one: One, *, limits: bool = True) -> Network:
    """The network in a directory; `rows` are the formats that can be read, and `one` reads a file.

    Raises ReadError when there is none, or several that differ; the message lists them.
    """
    network = Reader(rows, one, limits).read(folder, 0)
    network.source = folder.name
    return network


class Reader:
    """How files are read: the formats, and the function for one of them."""

    __slots__ = ("limits", "one", "rows")

    def __init__(self, rows: Sequence[Row], one: One, limits: bool) -> None:
        self.rows = rows
        self.one = one
        self.limits = limits

    def read(self, folder: Folder, depth: int) -> Network:
        """The network in one folder, by what stands in it."""
        from nparams.files._folder import cache, pipeline

        names = frozenset(folder.names())
        compiled = next((what for name, what in COMPILED.items() if name in names), None)
        if compiled is not None:
            raise UnsupportedError(f"{place(folder.name)} is {compiled}")
        if cache.is_cache(names, folder.name):
            return self._snapshot(folder, depth)
        found = None
        if pipeline.INDEX in names:
            found = self._pipeline(folder)
        elif pipeline.MODULES in names:
            found = self._modules(folder, depth)
        return self.plain(folder, depth) if found is None else found

    # -- one set of weights -------------------------------------------------------------------------------------------

    def plain(self, folder: Folder, depth: int, inner: Collection[str] = ()) -> Network:
        """The one set of weights in a folder; in its only sub-folder that has one, where it has none itself."""
        held = Inventory(folder.names(), self.rows)
        if not held.candidates:
            return self._below(folder, held, depth)
        newest = self._is_newest(folder, held)
        same, why = best(held.candidates)
        try:
            if len(same) == 1:
                network, chosen = self.load(folder, same[0], held), same[0]
            else:
                network, chosen, why = self._settle(folder, same, held)
        except ReadError as problem:
            if len(same) == 1 and is_described(config(folder)):  # pointers, shards that are missing, a damaged file
                alone = f"nparams {escaped(folder.name)}/{CONFIG}"
                problem.args = (f"{problem}. Its config.json can be counted alone: {alone}",)
            raise
        say_total(network, declared_in(config(folder)), "config.json")
        why = NEWEST if newest and chosen.form == CHECKPOINT else why
        used = {*inner, *PARTS.get(chosen.name, ()), *BESIDES.get(chosen.form, ())[1:]}
        network.notes.append(said_of(chosen, why, held, folder, used))
        return network

    def _is_newest(self, folder: Folder, held: Inventory) -> bool:
        """Whether one of several checkpoints of a training run is named as the latest; then the others are left."""
        if sum(each.form == CHECKPOINT for each in held.candidates) < 2:
            return False
        from nparams.files._folder.checkpoints import latest

        return held.only(latest(folder, held.names), CHECKPOINT, "another step of training")

    def load(self, folder: Folder, chosen: Candidate, held: Inventory) -> Network:
        """The network in one set of weights."""
        if chosen.sliced:
            raise sliced(folder, chosen)
        if chosen.form.endswith("-index"):
            return self._indexed(folder, chosen, held)
        if not chosen.shards:
            return self._file(folder, chosen.name)
        check_whole(folder, chosen, held.names)
        if chosen.form not in SETS:
            return self._file(folder, chosen.shards[0])  # of a split GGUF, any file leads to the others
        network: Network = _sets(chosen.form).without_index(chosen.shards, folder, limits=self.limits)
        return network

    def _indexed(self, folder: Folder, chosen: Candidate, held: Inventory) -> Network:
        """The network of an index; of the whole file beside it, where the index leads nowhere."""
        network: Network
        try:
            with folder.open(chosen.name) as source:
                network, files = _sets(chosen.form).with_files(source, folder, limits=self.limits)
        except ReadError as error:
            whole = next((each for each in held.candidates if _is_whole(each, chosen)), None)
            if whole is None:
                raise
            network = self._file(folder, whole.name)
            network.notes.append(f"read from the whole file beside the index, which is not followed: {error}")
            files = [whole.name]
        chosen.files += files
        return network

    def _file(self, folder: Folder, name: str) -> Network:
        with folder.open(name) as source:
            return self.one(source, folder)

    def _settle(self, folder: Folder, same: Sequence[Candidate], held: Inventory) -> tuple[Network, Candidate, str]:
        """The first of several sets, if all of them that have parameters hold one network."""
        names = [each.name for each in same]
        found, alike = compared(folder, names, lambda k: self.load(folder, same[k], held))
        why = "no parameters in the others"
        if len(alike) > 1:
            why = f"the same network as in {listed([names[k] for k in alike[1:]])}: the same names and shapes"
        return found, same[alike[0]], why

    # -- folders in folders ----------------------------------------------------------------------------------------

    def _below(self, folder: Folder, held: Inventory, depth: int) -> Network:
        """The network in the sub-folders of a folder that has none itself."""
        saved = self._saved(folder)
        if saved is not None:
            return saved
        inner = folder.folders()[:MOST_FOLDERS] if depth < MAX_DEPTH else []
        names = [name for name in inner if not name.startswith(".") and self._has_model(folder.folder(name), depth)]
        if not names:
            return self._described(folder, held)
        shown_names = [f"{name}/" for name in names]
        network, alike = compared(folder, shown_names, lambda k: self.read(folder.folder(names[k]), depth + 1))
        first = escaped(names[alike[0]])
        if len(alike) == 1:
            network.notes.append(f"{first}/ is the only sub-folder with a model; the folder itself has none")
        else:
            more = listed([shown_names[k] for k in alike[1:]])
            network.notes.append(f"{first}/ was read; {more} hold the same network: the same names and shapes")
        return network

    def _saved(self, folder: Folder) -> Network | None:
        """The network in a folder of JAX's: arrays in folders, the items of a step, or the newest of several steps."""
        from nparams.files._folder import steps

        if steps.is_orbax(folder):
            from nparams.files.orbax import read_folder

            network: Network = read_folder(folder, folder.name, limits=self.limits)
            return network
        newest = steps.newest(folder)
        if newest is None:
            return None
        if newest.is_file:
            network = self._file(folder, newest.name)
        else:
            inside = folder.folder(newest.name)
            network = self.plain(inside, MAX_DEPTH)
        network.notes.append(newest.said())
        return network

    def _described(self, folder: Folder, held: Inventory) -> Network:
        """The network that a config.json describes where no weights lie; ReadError where it is no model's either."""
        if not is_described(config(folder)):
            raise nothing(folder, held)
        network = self._file(folder, CONFIG)
        left = rest_of(held, {}, folder, ())
        network.notes.append(f"read from {CONFIG}: there are no weights that can be read here{left}")
        return network

    def _has_model(self, folder: Folder, depth: int) -> bool:
        """Whether a sub-folder seems to hold a model, by its names alone."""
        from nparams.files._folder import cache, pipeline, steps

        names = folder.names()
        if pipeline.INDEX in names or cache.is_cache(frozenset(names), folder.name):
            return True
        return (
            bool(Inventory(names, self.rows).candidates) or steps.is_orbax(folder) or steps.newest(folder) is not None
        )

    def _snapshot(self, folder: Folder, depth: int) -> Network:
        from nparams.files._folder.cache import SNAPSHOTS, snapshot

        name, why = snapshot(folder)
        network = self.read(folder.folder(SNAPSHOTS).folder(name), depth + 1)
        network.notes.append(f"a hub's cache: snapshot {escaped(name[:60])} was read, {why}")
        return network

    # -- parts of one model ----------------------------------------------------------------------------------------

    def _pipeline(self, folder: Folder) -> Network | None:
        """The components of a diffusers pipeline as one network; None where this is none, or lies here without them."""
        from nparams.files._folder import pipeline

        found = pipeline.pipeline(folder)
        if found is None:
            return None
        kind, named = found
        if not set(folder.folders()).intersection(each.folder for each in named):
            return None
        return self._together(folder, pipeline.INDEX, f"diffusers pipeline {escaped(kind[:60])}", named)

    def _modules(self, folder: Folder, depth: int) -> Network | None:
        """The modules of a sentence-transformers model as one network; None where one alone has weights: the top."""
        from nparams.files._folder import pipeline

        named = pipeline.modules(folder)
        if named is None or not any(each.folder for each in named):
            return None
        return self._together(folder, pipeline.MODULES, "sentence-transformers", named)

    def _together(self, folder: Folder, file: str, kind: str, named: Sequence[Named]) -> Network:
        from nparams.files._folder.joined import Part, joined

        parts, empty, inner = [], [], {each.folder for each in named}
        for each in named:
            network = self._part(folder, file, each, inner)
            if network is None:
                empty.append(escaped(each.folder))
            else:
                parts.append(Part(each.folder, network))
        if not parts:
            raise ReadError(f"{place(folder.name)}: {file} names no part that has weights here")
        if len(parts) == 1 and not parts[0].folder:
            return parts[0].network
        network = joined(parts, folder.name, kind)
        without = f"; without weights: {', '.join(empty)}" if empty else ""
        held = Inventory(folder.names(), self.rows)
        left = [] if "" in inner else [name for each in held.candidates for name in each.files]
        rest = rest_of(held, {"whole models in one file": left} if left else {}, folder, inner)
        of = ", ".join(part.described() for part in parts)
        network.notes.append(f"counted together, as {file} names them: {of}{without}{rest}")
        return network

    def _part(self, folder: Folder, file: str, part: Named, inner: Collection[str]) -> Network | None:
        """The network of one part; None where it has no weights by its nature."""
        from nparams.files._folder import pipeline

        if not part.folder:
            held = Inventory(folder.names(), self.rows)
            return self.plain(folder, MAX_DEPTH, inner) if held.candidates or part.weighted else None
        if part.folder not in folder.folders():
            if part.weighted:
                raise pipeline.missing(folder, file, part, "and there is no such folder here")
            return None
        inside = folder.folder(part.folder)
        names = inside.names()
        if Inventory(names, self.rows).candidates:
            return self.plain(inside, MAX_DEPTH)
        if part.weighted and (file == pipeline.MODULES or "config.json" in names):
            raise pipeline.missing(folder, file, part, "and its folder holds no weights that can be read")
        return None


def _sets(form: str) -> ModuleType:
    """The module that reads the sharded sets of a form."""
    from importlib import import_module

    return import_module(f"nparams.files.{SETS[form.removesuffix('-index')]}")


def _is_whole(each: Candidate, index: Candidate) -> bool:
    """Whether a candidate is the one file of what an index splits: where both are there, transformers takes it."""
    same = (each.stem, each.variant, f"{each.form}-index") == (index.stem, index.variant, index.form)
    return same and not each.shards
