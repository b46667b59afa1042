"""One config.json worked out: its entry, its class, its words, and everything that must be said of the answer."""

from __future__ import annotations

from functools import partial

from nparams.architectures import catalogue
from nparams.architectures._config import checkpoints, remarks
from nparams.architectures._config.experts import Router
from nparams.architectures._config.heads import chosen
from nparams.architectures._config.numbers import KEYS, PARTS, dtype_of, settings_of
from nparams.architectures._config.single import gathered
from nparams.architectures._config.versions import Plan, kind_of, renewed, undisputed
from nparams.architectures.network import network_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from nparams.architectures._config.heads import Choice
    from nparams.architectures.entry import Entry
    from nparams.network import Network


#: keys of what is rare in a file, and costs a look
RARE = frozenset((*KEYS, *PARTS, *checkpoints.DRAFTS, *(name for name, _ in remarks.UNVERIFIED), "auto_map"))


class Asked:
    """One file: its entry, its fields in today's words, and what must be said of both."""

    __slots__ = ("_router", "choice", "entry", "held", "is_plain", "notes", "plan", "raw")

    def __init__(self, raw: Mapping[str, Any], given: Mapping[str, object] | None = None) -> None:
        self.entry = entry_of(kind_of(raw), raw)
        if given:
            from nparams.architectures._config.given import put_in

            raw = put_in(raw, self.entry, given)
        #: whether the file has nothing but fields: most have
        self.is_plain = RARE.isdisjoint(raw)
        if not self.is_plain:
            remarks.check(raw)
        self.raw = raw
        self.plan = plan_of(self.entry)
        self.notes: list[str] = []
        self.held = gathered(renewed(raw, self.plan, self.notes), self.entry, self.plan.places)
        if self.plan.unstated:
            undisputed(raw, self.held, self.plan)
        if given:
            from nparams.architectures._config.given import check

            check(self.entry.resolve(self.held), self.entry, given)
        self._router: Router | None = None

    @property
    def router(self) -> Router:
        """Tells which tensors are experts', made on first use."""
        if self._router is None:
            self._router = Router(self.entry.fields, partial(self.entry.value, self.held))
        return self._router

    def network(self, which: str | None) -> Network:
        """The network of the class that is meant, and what must be said of it."""
        self.choice = choice = chosen(self.entry.heads, self.raw, which, self.entry.type, self.entry.without)
        self.notes += choice.notes
        dtype, unknown = dtype_of(self.raw, self.is_plain)
        settings = None if self.is_plain else settings_of(self.raw)
        network = self._counted(choice.name, dtype if settings is None else None)
        head = self.plan.head(choice.name)
        if head.forced:
            network = remarks.declared(network, head, self.raw, self.router)
        if settings is not None:
            from nparams.architectures._config.quantised import stored

            network = stored(network, self.entry.heads[choice.name].cells, settings, dtype, self.router)
        network.later(lambda made: self._tell(made, choice, unknown))
        return network

    def open(self, which: str | None, free: Collection[str], given: Mapping[str, object]) -> Network:
        """The network in the symbols of the fields in `free`; `given` are expressions in these for other fields."""
        from nparams.architectures._config.general import general
        from nparams.architectures.slots import symbol_of
        from nparams.expr import Expr, free_symbols

        self.choice = chosen(self.entry.heads, self.raw, which, self.entry.type, self.entry.without)
        fields = [self.entry.aliases.get(path, path) for path in (name.replace("__", ".") for name in (*free, *given))]
        made = general(self, self.choice.name, dict.fromkeys(fields))
        made.notes = [*self.notes, *self.choice.notes, *made.notes]
        if not given:
            return made
        values = {symbol_of(path): value for path, value in zip(fields[len(free) :], given.values(), strict=True)}
        symbols = free_symbols(made.totals.known) if isinstance(made.totals.known, Expr) else frozenset()
        network = made.substitute({name: value for name, value in values.items() if name in symbols})
        network.fields, network.aliases, network.settings = made.fields, made.aliases, made.settings
        return network

    def _counted(self, name: str, dtype: str | None) -> Network:
        version = self.entry.made.get("transformers", "")
        router: Any = self.router if self.plan.head(name).has_experts else None
        network = network_of(
            self.entry, name, self.held, dtype=dtype, route=router, source=NAME,
            read_as=f"{name} ({self.entry.type}, transformers {version})",
        )  # fmt: skip
        network.aliases, network.settings = self.entry.aliases, self.raw
        return network

    def _mixtures(self, network: Network) -> list[str]:
        """A sentence for each mixture of experts, which the router meets where active parameters are counted."""
        if self._router is None:
            return []
        _ = network.totals.active
        return self._router.notes()

    def _tell(self, network: Network, choice: Choice, unknown: str | None) -> None:
        """Notes, in the order of what surprises most, and the other counts."""
        notes = [*self.notes, *([] if self.is_plain else remarks.own_code(self.raw, choice.name)), *network.notes]
        network.notes = notes + self._mixtures(network) + ([unknown] if unknown else [])
        if not self.is_plain or self.plan.head(choice.name).has_buffers:
            checkpoints.tell(network, self, choice.name)
        if choice.base is not None:
            total = self._counted(choice.base, None).total
            if total is not None:
                network.also[choice.base] = total


NAME = "config.json"
#: entry of the catalogue -> what may have to be changed in files of its type
_PLANS: dict[str, Plan] = {}


def plan_of(entry: Entry) -> Plan:
    """What older files of a type may write differently, found once."""
    known = _PLANS.get(entry.type)
    if known is None or known.entry is not entry:
        known = _PLANS[entry.type] = Plan(entry)
    return known


def entry_of(kind: str, held: Mapping[str, Any]) -> Entry:
    """The entry of a type; UnsupportedError for one that the catalogue does not have."""
    found = catalogue.entry(kind)
    if found is None:
        from nparams.architectures._config.unknown import unknown

        raise unknown(kind, held)
    return found
