"""python:package.module:Net(hidden=16): the user's own code is imported, called, and what it makes is read.

It runs because the user asked for that in so many words.  PyTorch is told to make everything on the meta device, where
a tensor has a shape and no memory.  Names that mean nothing in the module are symbols: then the constructor is traced
to its closed form.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys

from nparams.errors import NotationError, ReadError, UsageError, shown
from nparams.frameworks._call.expression import Asked, Names, parsed, symbols, worked_out
from nparams.frameworks._call.load import module_in, module_named
from nparams.frameworks._call.running import running, told
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any


def read(text: str, live: Callable[[object], Network], set: Mapping[str, object] | None = None) -> Network:
    """The network that the code in `text` makes; `live` reads an object, `set` gives values for names in the call."""
    asked = Asked(text)
    with running(asked.told(), os.getcwd()):
        module = module_in(asked.module) if asked.is_file else module_named(asked.module)
        names = Names(module, {}, module_named)
        node = _called(asked, module, names)
        free = symbols(node, names)
        names.given = _values(set or {}, free, asked)
        left = [name for name in free if name not in names.given]
        network = _traced(node, names, left, asked) if left else _made(node, names, live, asked)
    network.source = text
    network.read_as = asked.told(node) + _with(set)
    return network


def _with(set: Mapping[str, object] | None) -> str:
    values = {
        name: f"[{', '.join(map(str, v))}]" if isinstance(v, (list, tuple)) else v for name, v in (set or {}).items()
    }
    return f" with {', '.join(f'{name} = {value}' for name, value in values.items())}" if values else ""


# -- what is asked for ------------------------------------------------------------------------------------------------


def _called(asked: Asked, module: ModuleType, names: Names) -> ast.expr:
    """The expression; where it is no call but names a class or function, the call of it without arguments."""
    _check_first(asked, module)
    node = asked.node
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return node
    held = worked_out(node, names)
    if not (inspect.isclass(held) or inspect.isroutine(held)):
        return node
    if needed := _needed(held):
        example = ", ".join(f"{name}=..." for name in needed)
        raise ReadError(
            f"{asked.told()} needs {', '.join(needed)}: write {ast.unparse(node)}({example}) with numbers, or with "
            f"names for the closed form: {ast.unparse(node)}({', '.join(needed)})"
        )
    return ast.Call(node, [], [])


def _check_first(asked: Asked, module: ModuleType) -> None:
    """Whether the name at the front is there; one that is nearly there is offered."""
    first: ast.expr = asked.node
    while isinstance(first, (ast.Call, ast.Attribute, ast.Subscript)):
        first = first.func if isinstance(first, ast.Call) else first.value
    if not isinstance(first, ast.Name):
        raise NotationError(f"{asked.told()}: name a class, a function or a model of the module, such as Net(16)")
    if hasattr(module, first.id) or first.id in sys.modules:
        return
    from difflib import get_close_matches

    public = [name for name, held in vars(module).items() if name[:1] != "_" and not inspect.ismodule(held)]
    near = get_close_matches(first.id, public, 3) or public[:8]
    hint = f"; it has {', '.join(near)}" if near else ""
    raise ReadError(f"{asked.told()}: the module has no {shown(first.id)}{hint}")


def _needed(held: Any) -> list[str]:
    """The arguments that a call must give."""
    try:
        given = inspect.signature(held).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in given if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _values(set: Mapping[str, object], free: list[str], asked: Asked) -> dict[str, object]:
    """Numbers and lists for names of the call."""
    found: dict[str, object] = {}
    for name, value in set.items():
        if name not in free:
            rest = f". Its symbols: {', '.join(free)}" if free else ": every argument in it has a value"
            raise UsageError(f"{asked.told()} has no symbol {shown(name)}{rest}")
        held = [_value(name, v) for v in value] if isinstance(value, (list, tuple)) else _value(name, value)
        found[name] = held
    return found


def _value(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(parsed(value.strip()))
    except ValueError:
        raise UsageError(f"{name} = {shown(value)}: give it a value, such as {name}=784 or {name}=[784,16]") from None


# -- in numbers -------------------------------------------------------------------------------------------------------


def _made(node: ast.expr, names: Names, live: Callable[[object], Network], asked: Asked) -> Network:
    """The network that the call makes, read while it is alive."""
    ran = asked.told(node)
    made, how = _on_meta(lambda: worked_out(node, names))
    network = made if isinstance(made, Network) else live(_fit(made, ran))
    calls = any(isinstance(part, ast.Call) for part in ast.walk(node))
    network.notes.insert(0, f"ran {ran}{how}" if calls else f"imported {ran}")
    return network


def _on_meta(make: Callable[[], Any]) -> tuple[Any, str]:
    """What `make` gives on PyTorch's meta device, or where that does not go, as it is; and how it was made."""
    torch: Any = sys.modules.get("torch")
    if torch is None or "keras" in sys.modules:  # Keras puts its own device on every tensor
        return make(), ""
    try:
        with torch.device("meta"):
            return make(), ", on the meta device"
    except Exception as problem:
        if not _is_of_meta(problem, os.path.dirname(torch.__file__)):
            raise
        made = make()
        return made, f", in memory: on the meta device it stops with {told(problem)}"


def _is_of_meta(problem: Exception, torch: str) -> bool:
    """Whether an error may come from tensors without numbers: it says so, or PyTorch itself raises it."""
    if isinstance(problem, NotImplementedError) or "meta" in str(problem):
        return True
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith(torch)


def _fit(made: object, ran: str) -> object:
    """What was made, if it can be a model at all; else a sentence says what it is."""
    if made is None:
        raise ReadError(f"{ran} gives None: let it return the model")
    if inspect.isclass(made):
        raise ReadError(f"{ran} gives a class, {made.__name__}: let it return a model, such as {made.__name__}(...)")
    if inspect.isroutine(made) or inspect.ismodule(made):
        raise ReadError(f"{ran} gives a {type(made).__name__}: let it return the model")
    if isinstance(made, tuple):
        kinds = ", ".join(type(part).__name__ for part in made[:4])
        raise ReadError(f"{ran} gives a tuple ({kinds}): name a function that returns the model alone, or take [0]")
    if isinstance(made, (str, bytes, int, float, complex)):
        raise ReadError(f"{ran} gives a {type(made).__name__}: let it return the model")
    return made


# -- in symbols -------------------------------------------------------------------------------------------------------


def _traced(node: ast.expr, names: Names, left: list[str], asked: Asked) -> Network:
    """The closed form: the same call, made again and again with numbers for the names that are left."""
    from nparams.frameworks._trace.engine import traced

    if "torch" not in sys.modules:
        raise ReadError(
            f"{asked.told()}: {', '.join(left)} mean nothing in the module; the closed form of names needs a model of "
            "PyTorch, else give them numbers with --set"
        )
    given = dict(names.given)

    def make(**numbers: object) -> Any:
        return worked_out(node, Names(names.module, {**given, **numbers}, names.load))

    kind = inspect.Parameter.KEYWORD_ONLY
    make.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in left])  # type: ignore[attr-defined]
    network = traced(make, {}, asked.told(node)).network
    network.notes.insert(0, f"ran {asked.told(node)} on the meta device, with numbers for {', '.join(left)}")
    return network
