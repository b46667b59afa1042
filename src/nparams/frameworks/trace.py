"""The closed form of a class of your own, verified: its constructor is run with integers that remember where from.

The constructor runs on the meta device, so that no size needs memory; nothing of it is left behind.  What cannot be
traced, or does not agree with the constructor on fresh random sizes, is refused with the reason.
"""

from __future__ import annotations

from nparams.errors import ReadError, UsageError, shown
from nparams.expr import Expr, free_symbols, parse, symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.expr import Size
    from nparams.frameworks._trace.engine import Traced
    from nparams.network import Network


def trace(make: Callable[..., Any], like: Mapping[str, Any] | None = None, name: str | None = None) -> Network:
    """The network that `make` makes, in symbols: its required arguments, and those that `like` names.

    `make` is a class or a function that returns a torch.nn.Module.  `like` gives numbers to start from, where not any
    will do: {"h": 768}; a bool is 0 or 1 in the formula, a list of integers gives h[0], h[1], ..., and anything else
    stays as it is.  `name` is what the source is called.  Raises ReadError with the reason where the formula cannot be
    found, or does not hold on fresh random sizes.
    """
    return _traced(make, like, name).network


def formula(make: Callable[..., Any], like: Mapping[str, Any] | None = None) -> Formula:
    """The closed form of the number of parameters of what `make` makes: its required arguments are the symbols.

    formula(lambda h: Net(hidden=h)) needs nothing else; formula(Net, like={"hidden": 64}) makes a symbol of an argument
    that has a default, or says where to start.  The arguments are those of trace.
    """
    found = _traced(make, like, None)
    return Formula(found.network, frozenset(s.argument for s in found.arguments.symbols))


def _traced(make: Callable[..., Any], like: Mapping[str, Any] | None, name: str | None) -> Traced:
    from nparams.frameworks._trace.engine import traced

    _check(make)
    return traced(make, like or {}, name or _called(make))


class Formula:
    """A closed form that was verified: as text, as LaTeX, and as a function of numbers."""

    __slots__ = ("arguments", "network")

    def __init__(self, network: Network, arguments: frozenset[str] = frozenset()) -> None:
        #: the symbolic network, with its modules, rows and notes
        self.network = network
        #: what it may be given: some may change nothing, such as the number of heads
        self.arguments = arguments

    @property
    def expr(self) -> Size:
        """The total as an expression."""
        return self.network.totals.known

    @property
    def where(self) -> tuple[str, ...]:
        """The conditions under which it holds."""
        return self.network.where

    @property
    def text(self) -> str:
        """The closed form in plain characters, which can be read back."""
        return self.network.formula("text")

    @property
    def latex(self) -> str:
        """The closed form in LaTeX."""
        return self.network.formula("latex")

    def __call__(self, **values: object) -> int:
        """The number of parameters for these numbers; UsageError where one is missing, or `where` does not hold."""
        known = self._used()
        given = {name: int(v) if isinstance(v, bool) else v for name, v in values.items() if name in known}
        given |= {name: v for name, v in values.items() if name not in known | self.arguments}
        network = self.network.substitute(given) if given else self.network
        total = network.total
        if not isinstance(total, int):
            raise UsageError(f"{total}: give every symbol a number")
        if network.where:
            raise UsageError(f"it holds where {', '.join(network.where)}: give every symbol in that a number")
        return total

    def _used(self) -> frozenset[str]:
        """The symbols that stand in the formula or its conditions."""
        sizes = [self.expr, *(parse(f"[{condition}]") for condition in self.where)]
        named = frozenset().union(*(free_symbols(size) for size in sizes if isinstance(size, Expr)))
        return named | {name for name in self.arguments if _base(name) in named}

    def __str__(self) -> str:
        return self.network.formula("unicode")

    def __repr__(self) -> str:
        where = f" where {', '.join(self.where)}" if self.where else ""
        return f"<Formula {self}{where}>"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def _check(make: object) -> None:
    import sys

    if not callable(make):
        raise UsageError(
            f"{shown(type(make).__name__)} is not callable: give a class, or a function such as lambda h, n: Net(h, n)"
        )
    if "torch" not in sys.modules:
        try:
            import torch  # noqa: F401
        except ImportError:
            raise ReadError("the closed form of a class needs PyTorch, which is not installed here") from None
    if issubclass(type(make), sys.modules["torch"].nn.Module):  # to call it would be a forward pass
        called = type(make).__name__[:60]
        raise UsageError(
            f"a {called} that is made already has its sizes: nparams.read(model) counts it; for the closed form give "
            f"its class, or a function such as lambda h, n: {called}(h, n)"
        )


def _base(name: str) -> str:
    """h0 is an entry of h."""
    made = symbol(name)
    return str(made.label)


def _called(make: Callable[..., Any]) -> str:
    name = str(getattr(make, "__name__", type(make).__name__))
    return "the model" if name == "<lambda>" else name
