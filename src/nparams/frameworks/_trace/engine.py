"""The whole way: a callable in, a verified symbolic Network out."""

from __future__ import annotations

import inspect

from nparams.errors import ExprError, ReadError, UsageError
from nparams.frameworks._trace.arguments import Arguments
from nparams.frameworks._trace.cells import cells_of
from nparams.frameworks._trace.conditions import settle
from nparams.frameworks._trace.leaks import cleaned
from nparams.frameworks._trace.probes import Study
from nparams.frameworks._trace.run import Runner
from nparams.frameworks._trace.seeds import find
from nparams.frameworks._trace.state import undisturbed
from nparams.frameworks._trace.texts import condition_text
from nparams.frameworks._trace.tree import tree_of
from nparams.frameworks._trace.verify import Claim, checked
from nparams.frameworks._trace.whole import Whole
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from nparams.frameworks._trace.cells import Cell


class Traced:
    """What was found: the network, and what its arguments are."""

    __slots__ = ("arguments", "network")

    def __init__(self, network: Network, arguments: Arguments) -> None:
        self.network = network
        self.arguments = arguments


def traced(make: Callable[..., Any], like: Mapping[str, Any], name: str) -> Traced:
    """The symbolic network that `make` makes, verified; ReadError with the reason where there is none."""
    arguments = Arguments(make, like)
    if not arguments.symbols:
        raise UsageError(f"{name}: nothing is symbolic: {_without(make)}")
    network, problem = None, ""
    try:
        with undisturbed():
            network = _network(arguments, Runner(make), name)
    except (ExprError, ReadError) as error:
        problem = str(error)  # nothing of the error is kept: its frames hold tracked numbers
    finally:
        replaced, left = cleaned()
    if network is None:
        raise ReadError(f"{name}: no closed form: {problem}")
    if left:
        raise ReadError(f"{name}: no closed form: the code keeps what it was given beyond its own objects ({left})")
    if replaced:
        network.notes.append(
            "the code keeps numbers that it was given; those that were traced are plain ones there now"
        )
    return Traced(network, arguments)


def _without(make: Callable[..., Any]) -> str:
    """What to do with a callable that needs no argument, or is to be given none."""
    held = [(p.name, p.default) for p in inspect.signature(make).parameters.values()]
    sized = [(name, value) for name, value in held if type(value) in (int, bool)] or [
        (name, value) for name, value in held if value is None
    ]
    if sized:
        name, value = sized[0]
        return (
            f"it has no required argument; like={{{name!r}: {8 if value is None else value!r}}} makes {name} a symbol"
        )
    return "it has no argument that is a size; nparams.read counts what it makes"


def _network(arguments: Arguments, runner: Runner, name: str) -> Network:
    base = find(arguments, runner)
    study = Study(arguments, runner, base)
    study.explore()
    cells, left_out = cells_of(study)
    claim = Claim(arguments, cells, _made(cells, study, name).totals.known, left_out)
    claim.where = settle(study, claim)
    whole = Whole(claim.where)
    for cell in cells:
        cell.dims = tuple(map(whole, cell.dims))
    claim.total = _made(cells, study, name).totals.known
    traced_at = [s.point for s in study.samples()]
    agreed = checked(claim, runner, study.base, {s.key for s in study.features}, traced_at)
    network = _made([c for c in cells if c.key.told not in claim.left_out], study, name)
    network.where = tuple(map(condition_text, claim.where))
    fixed = ", ".join(f"{key} = {value!r}" for key, value in arguments.fixed.items())
    network.notes += [f"traced with {fixed}"] if fixed else []
    if claim.left_out:
        network.notes.append(f"buffers that follow no rule are left out: {', '.join(sorted(claim.left_out))}")
    network.notes.append(f"verified on {len(agreed)} fresh random sizes against the constructor itself")
    return network


def _made(cells: Sequence[Cell], study: Study, name: str) -> Network:
    root = tree_of(cells, study.arguments.values(study.base))
    title = study.samples()[0].run.title
    symbols = ", ".join(s.key for s in study.arguments.symbols)
    return Network(
        root, source=name, form="trace", read_as=name,
        described=f"PyTorch model {title}" + (f" in {symbols}" if symbols else ""),
        lengths={each: (0, len(keys)) for each, (_, keys) in study.arguments.lists.items()},
    )  # fmt: skip
