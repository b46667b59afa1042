"""argparse in interpreted code: the defaults of its arguments are the values that the code runs with."""

from __future__ import annotations

from nparams.notation._code.objects import Class, Instance
from nparams.notation._code.values import MISSING, Native, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


class Arguments(Thing):
    """An ArgumentParser, or a group of one: what parse_args() gives without any words."""

    __slots__ = ("defaults",)

    def __init__(self, defaults: dict[str, Any] | None = None) -> None:
        self.defaults: dict[str, Any] = {} if defaults is None else defaults

    def get(self, m: Machine, name: str) -> Any:
        """Its methods."""
        if name == "add_argument":
            return Native(name, self.add)
        if name in ("add_argument_group", "add_mutually_exclusive_group"):
            return Native(name, lambda m, args, kwargs: Arguments(self.defaults))
        if name == "parse_args":
            return Native(name, lambda m, args, kwargs: self.values(m))
        if name == "parse_known_args":
            return Native(name, lambda m, args, kwargs: (self.values(m), []))
        if name == "set_defaults":
            return Native(name, lambda m, args, kwargs: self.defaults.update(kwargs))
        return MISSING if name.startswith("__") else m.unknown(f"argparse.{name}")

    def add(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> None:
        """add_argument("--hidden-size", type=int, default=128)."""
        names = [arg for arg in args if isinstance(arg, str)]
        if not names:
            return
        word = next((n for n in names if n.startswith("--")), names[0])
        dest = kwargs.get("dest", word.lstrip("-").replace("-", "_"))
        action = kwargs.get("action")
        default = kwargs.get("default", False if action == "store_true" else True if action == "store_false" else None)
        if isinstance(dest, str):
            required = default is None and (kwargs.get("required") is True or not word.startswith("-"))
            self.defaults[dest] = MISSING if required else default

    def values(self, m: Machine) -> Instance:
        """The namespace: each default, or what --set says."""
        made = Instance(Class("args", [], m.line))
        for name, value in self.defaults.items():
            made.attributes[name] = m.told_later(name) if value is MISSING else m.offer(name, value)
        return made


def parser(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Arguments:
    """argparse.ArgumentParser(...)."""
    return Arguments()
