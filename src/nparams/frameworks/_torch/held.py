"""A live model once more, where its names were not enough: modules by name, small tensors' numbers, settings.

The settings that transformers and PEFT keep on a model are read as the files that they would be saved as; only plain
values are taken over.
"""

from __future__ import annotations

import json

from nparams.frameworks._torch.access import Class, children, look, own
from nparams.stored._packed.scheme import SMALL, WIDTHS, Unknown
from nparams.stored.plain import Taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.network import Tensor
    from nparams.stored.named import Data

CONFIG, ADAPTER = "config.json", "adapter_config.json"
DEEPEST, MOST = 8, 20_000  # objects inside each other, and values, of one model's settings


class Place:
    """A module under its first name, the module that it stands in, and its plain attributes."""

    __slots__ = ("_below", "held", "key", "kind", "module", "name", "parent")

    def __init__(self, name: str, key: str, module: Any, parent: Place | None) -> None:
        self.name = name
        self.key = key
        self.module = module
        self.parent = parent
        self.held: dict[str, Any] = own(module)
        self.kind = type(module).__name__
        self._below: list[Place] | None = None

    def below(self) -> list[Place]:
        """The modules in it."""
        if self._below is None:
            self._below = self._look_below()
        return self._below

    def _look_below(self) -> list[Place]:
        cls = type(self.module)
        told = KNOWN.get(cls) or KNOWN.setdefault(cls, Class(cls))
        inner = children(told, self.name, self.held)
        return [Place(name, name.rpartition(".")[2], module, self) for name, module in inner]


KNOWN: dict[type, Class] = {}


class Held:
    """The model that a list of tensors came from; `names` and `open` give its settings as files."""

    def __init__(self, model: object) -> None:
        self.model = model
        self._places: dict[str, Place] | None = None
        self._files: dict[str, bytes] | None = None

    @property
    def places(self) -> dict[str, Place]:
        """Every module by its first name, in order; a wrapper and what it wraps have one name, and the inner one it."""
        if self._places is None:
            self._places = {}
            seen: set[int] = set()
            stack = [Place("", "", self.model, None)]
            while stack:
                place = stack.pop()
                if id(place.module) in seen:
                    continue
                seen.add(id(place.module))
                self._places[place.name] = place
                stack += reversed(place.below())
        return self._places

    def tensor(self, name: str) -> Any:
        """A parameter or buffer by its name; None where there is none of that name."""
        module, _, leaf = name.rpartition(".")
        place = self.places.get(module)
        if place is None:
            return None
        for kept in ("_parameters", "_buffers"):
            found = (place.held.get(kept) or {}).get(leaf)
            if found is not None:
                return found
        return None

    def reader(self, tensors: Sequence[Tensor]) -> Data:
        """The bytes of small tensors of whole numbers that lie in this machine's own memory."""

        def read(k: int, limit: int) -> bytes:
            t = self.tensor(tensors[k].name)
            width = WIDTHS.get(tensors[k].dtype or "")
            if t is None or width is None or t.device.type != "cpu" or t.numel() * width > min(limit, SMALL):
                raise Unknown("unread", f"{tensors[k].name} tells its shape, and cannot be read here", ())
            signed = not str(tensors[k].dtype).startswith("u")
            return b"".join(n.to_bytes(width, "little", signed=signed) for n in t.detach().flatten().tolist())

        return read

    # -- settings, as files -------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The files that its settings would be saved as."""
        return sorted(self._settings())

    def open(self, name: str) -> Taken:
        """One of them."""
        return Taken(self._settings()[name])

    def _settings(self) -> dict[str, bytes]:
        if self._files is None:
            self._files = {}
            for place in self.places.values():
                config = place.held.get("config")
                adapters = place.held.get("peft_config") or place.held.get("_peft_config")  # the latter: soft prompts
                if CONFIG not in self._files and config is not None and not isinstance(config, type):
                    self._put(CONFIG, config)
                if ADAPTER not in self._files and isinstance(adapters, dict) and adapters:
                    self._put(ADAPTER, next(iter(dict.values(adapters))))
        return self._files

    def _put(self, name: str, config: object) -> None:
        held = Plain().of(config)
        if isinstance(held, dict) and held and self._files is not None:
            self._files[name] = json.dumps(held).encode()


class Plain:
    """Plain values out of an object's attributes; whatever else stands there is left out.

    >>> Plain().of({"bits": 4, "groups": (1, 2), "made": len})
    {'bits': 4, 'groups': [1, 2], 'made': None}
    """

    def __init__(self) -> None:
        self.left = MOST

    def of(self, value: Any, deep: int = 0) -> Any:
        """The value with everything taken away that is not plain."""
        self.left -= 1
        if self.left < 0 or deep > DEEPEST or value is None or value is True or value is False:
            return value if value is True or value is False else None
        if isinstance(value, str):
            return str.encode(value, "utf-8", "replace").decode()
        if isinstance(value, int):
            return int.__index__(value)
        if isinstance(value, dict):
            return {k: self.of(v, deep + 1) for k, v in dict.items(value) if type(k) is str}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(v, deep + 1) for v in value] if type(value).__module__ == "builtins" else None
        if isinstance(value, type) or callable(value) or type(value).__module__.startswith(("torch", "builtins")):
            return None
        held = look(value, "__dict__") if hasattr(type(value), "__dict__") else None
        return {k: self.of(v, deep + 1) for k, v in _fields(value, held)} if isinstance(held, dict) else None


def _fields(value: object, held: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, inner in held.items():
        if type(key) is str:
            yield key, inner
