"""Names as Keras itself gives them to the variables in a weights file: from the file's words and the configuration."""

from __future__ import annotations

from nparams.files._keras import variables
from nparams.files._keras.roles import base
from nparams.files._keras.store import CONTAINERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nparams.files._keras.config import Layer
    from nparams.files._keras.store import Stored
    from nparams.files._keras.variables import Kept, Named


class Names:
    """The objects of one file, by path: asked for the name and the class of each."""

    __slots__ = ("_bear_names", "_found", "_root", "_written", "_wrong")

    def __init__(self, found: Sequence[Stored], root: Layer | None) -> None:
        self._found = {each.path: each for each in found}
        self._root = root
        #: whether objects bear names here, so that what bears none is a container
        self._bear_names = any(each.name for each in found)
        self._written = _written(self._found) if root is not None else {}
        #: paths of which the configuration says what cannot be
        self._wrong: set[tuple[str, ...]] = set()

    def layer(self, path: tuple[str, ...]) -> Layer | None:
        """What the configuration says of the object at a path, where it says anything of exactly that."""
        if self._root is None or path in self._wrong:
            return None
        found, steps = self._root.at(self._plain(path))
        return found if steps == len(path) else None

    def check(self, path: tuple[str, ...], kept: Kept) -> bool:
        """Hold a layer's size in the configuration against what is stored: if they differ, another layer is meant."""
        layer = self.layer(path)
        if layer is None or not kept:
            return True
        size = layer.settings.get("units", layer.settings.get("filters"))
        if type(size) is int and not any(d in (size, 3 * size, 4 * size, (size + 1) // 2) for s, _ in kept for d in s):
            self._wrong.add(path)
        return path not in self._wrong

    def of(self, path: tuple[str, ...]) -> str:
        """The object's name with those of the objects around it: functional/dense_1."""
        parts: list[str] = []
        for end in range(1, len(path) + 1):
            name = self._own(path[:end])
            if name is not None:
                parts.append(name)
        if not parts:
            parts = [self._own(()) or "model"]
        return "/".join(parts)

    def _own(self, path: tuple[str, ...]) -> str | None:
        """The name of one object; None for a container whose members have names of their own."""
        stored, layer = self._found.get(path), self.layer(path)
        if stored is not None and stored.name:
            return stored.name
        if layer is not None and layer.name:
            return layer.name
        if not path or path[-1] in CONTAINERS or (stored is None and self._bear_names):
            return None
        return variables.CHILDREN.get(path[-1].lstrip("_"), path[-1])

    def kinds(self, path: tuple[str, ...]) -> Iterator[str]:
        """The classes that an object may be of, the surest first."""
        layer, stored = self.layer(path), self._found.get(path)
        if layer is not None:
            yield layer.kind
        spelt = []
        if path:
            spelt.append(base(path[-1]))
            if path[-1] == "cell" and len(path) > 1:
                spelt.append(f"{base(path[-2])}_cell")
            if path[-1].lstrip("_") in variables.CHILDREN:
                yield "EinsumDense"
        if stored is not None and stored.name:
            spelt.append(base(stored.name).removeprefix("forward_").removeprefix("backward_"))
        yield from (variables.BY_PATH[name] for name in spelt if name in variables.BY_PATH)

    def named(self, path: tuple[str, ...], kept: Kept, keys: list[str]) -> tuple[Named, str | None]:
        """(what an object's variables are called, its class where that is known)."""
        if not all(key.isdigit() for key in keys):
            return variables.Named(keys, sure=False), None  # a class of somebody's own that names what it saves
        for kind in self.kinds(path):
            found = variables.named(kind, kept, self.layer(path))
            if found is not None:
                return found, kind
        return variables.by_shape(kept, keys), None

    def trainable(self, path: tuple[str, ...]) -> bool | None:
        """Whether the object at a path is to be trained: no layer around it may be frozen; None where nothing says."""
        if self._root is None or path in self._wrong:
            return None
        known: bool | None = None
        for layer in self._root.way(self._plain(path)):
            flag = layer.settings.get("trainable")
            if flag is False:
                return False
            known = flag if isinstance(flag, bool) else known
        deepest, steps = self._root.at(self._plain(path))
        inside = steps == len(path) or (deepest.own and steps > 0)
        return known if inside else None

    def _plain(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """A path as Keras 3 spells it."""
        if OLDER not in path:
            return path
        found: list[str] = []
        for k, part in enumerate(path):
            found.append(self._written.get(path[: k + 1], "layers" if part == OLDER else part))
        return tuple(found)


#: what tf.keras 2.12 to 2.14 call the layers of a model
OLDER = "_layer_checkpoint_dependencies"


def _written(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Path of a layer below _layer_checkpoint_dependencies -> its last part as Keras 3 writes it.

    There every layer with weights is listed twice, and up to 2.13 both were given a number (keras v2.13.1
    keras/saving/saving_lib.py, `_save_container_state`): conv2d, conv2d_2, conv2d_4.
    """
    classes: dict[tuple[tuple[str, ...], str], dict[int, tuple[str, ...]]] = {}
    for path in paths:
        for k, part in enumerate(path[:-1]):
            if part == OLDER:
                stem = base(path[k + 1])
                number = int(path[k + 1][len(stem) + 1 :] or 0)
                classes.setdefault((path[: k + 1], stem), {})[number] = path[: k + 2]
    found: dict[tuple[str, ...], str] = {}
    for (_, stem), numbered in classes.items():
        for k, at in enumerate(sorted(numbered)):
            found[numbered[at]] = f"{stem}_{k}" if k else stem
    return found
