"""Names as Keras itself gives them to the variables in a weights file: from the file's words and the configuration."""

from __future__ import annotations

from nparams.files._keras import variables
from nparams.files._keras.roles import base
from nparams.files._keras.store import CONTAINERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._keras.config import Layer
    from nparams.files._keras.store import Stored
    from nparams.files._keras.variables import Kept, Named


class Names:
    """The objects of one file, by path: asked for the name and the class of each."""

    __slots__ = ("_bear_names", "_found", "_root")

    def __init__(self, found: Sequence[Stored], root: Layer | None) -> None:
        self._found = {each.path: each for each in found}
        self._root = root
        #: whether objects bear names here, so that what bears none is a container
        self._bear_names = any(each.name for each in found)

    def layer(self, path: tuple[str, ...]) -> Layer | None:
        """What the configuration says of the object at a path, where it says anything of exactly that."""
        if self._root is None:
            return None
        path = plain(path)
        found, steps = self._root.at(path)
        return found if steps == len(path) else None

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
        return path[-1]

    def kinds(self, path: tuple[str, ...]) -> Iterator[str]:
        """The classes that an object may be of, the surest first, as paths spell them."""
        layer, stored = self.layer(path), self._found.get(path)
        if layer is not None:
            yield layer.snake
        if path:
            yield base(path[-1])
            if path[-1] in variables.CHILDREN:
                yield variables.CHILDREN[path[-1]]
            if path[-1] == "cell" and len(path) > 1:
                yield f"{base(path[-2])}_cell"
        if stored is not None and stored.name:
            own = base(stored.name)
            yield own.removeprefix("forward_").removeprefix("backward_")

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
        if self._root is None:
            return None
        known: bool | None = None
        for layer in self._root.way(plain(path)):
            flag = layer.settings.get("trainable")
            if flag is False:
                return False
            known = flag if isinstance(flag, bool) else known
        deepest, steps = self._root.at(plain(path))
        inside = steps == len(path) or (deepest.own and steps > 0)
        return known if inside else None


def plain(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path as Keras 3 spells it: tf.keras 2.12 and 2.13 call the layers _layer_checkpoint_dependencies."""
    return tuple("layers" if part == "_layer_checkpoint_dependencies" else part for part in path)
