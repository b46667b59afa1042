"""Numbers for symbols: the same network with values put in everywhere, and what does not fit refused."""

from __future__ import annotations

from nparams.errors import ExprError, UsageError, escaped, shown
from nparams.expr import Expr, add, equal, free_symbols, parse, render, substitute, whole_number
from nparams.network.closed import raw_sum, tidy
from nparams.network.folding import depends
from nparams.network.naming import put_in_name
from nparams.network.network import Network
from nparams.network.notes import put_in
from nparams.network.tree import Module, Over, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nparams.expr import Size

    Values = dict[str, object]

#: copies of a module that a range in plain numbers is written out to, where the sizes differ from copy to copy
MAX_COPIES = 100_000


def substituted(network: Network, values: Mapping[str, object]) -> Network:
    """A new network with `values` in place of symbols.

    Values are integers, texts of expressions ("4*d"), or lists for indexed symbols.  Raises UsageError for a symbol
    that the network does not have, a list of the wrong length, a condition that does not hold, a size below 1.
    """
    given = normalised(values)
    _check_names(network, given)
    try:
        _fit_lists(network, given)
        made = _Copier(given).module(network.root)
        root = made[0] if len(made) == 1 else Module(children=made)
        where = _conditions(network.where, given)
        lengths = {name: (first, substitute(size, given)) for name, (first, size) in network.lengths.items()}
        also = {name: tidy(substitute(size, given)) for name, size in network.also.items()}
        notes = put_in(network.notes, given)
    except ExprError as error:
        raise UsageError(str(error)) from None
    made_network = Network(
        root, source=network.source, form=network.form, read_as=f"{network.read_as} with {_told(given)}",
        described="", convention=network.convention, where=where, notes=notes, also=also,
        flags=network.flags,
        remarks=network.remarks, lengths=lengths,
    )  # fmt: skip
    for name, other in network.conventions.items():
        made_network.conventions[name] = made_network if other is network else substituted(other, values)
    return made_network


def normalised(values: Mapping[str, object]) -> Values:
    """{"h0": 784, "d": "4*e", "h": [1, 2]} as the expressions room takes it: {"h": {0: 784}, "d": 4*e, ...}."""
    result: Values = {}
    for name, value in values.items():
        key = _key(name)
        if str(key.label) in result and not (key.op == "idx" and isinstance(result[str(key.label)], dict)):
            raise UsageError(f"{key.label} is set twice, as a list and by its entries")
        if isinstance(value, (list, tuple)) and key.op == "idx":
            raise UsageError(f"{name} is one size: give it one number, or give {key.label} the list")
        if isinstance(value, (list, tuple)):
            result[str(key.label)] = [_number(name, v) for v in value]
        elif key.op == "idx":
            entries = result.setdefault(str(key.label), {})
            assert isinstance(entries, dict)
            if key.args[0] in entries:
                raise UsageError(f"{name} is set twice")
            entries[key.args[0]] = _number(name, value)
        else:
            result[str(key.label)] = _number(name, value)
    return result


def _key(name: str) -> Expr:
    try:
        key = parse(name)
    except ExprError:
        key = 0
    if not isinstance(key, Expr) or key.op not in ("sym", "idx") or not all(isinstance(a, int) for a in key.args):
        raise UsageError(f"{shown(name)} is not a symbol: write a name such as d, h or h0 before the =")
    return key


def _number(name: str, value: object) -> Size:
    if isinstance(value, str):
        try:
            value = substitute(parse(value), {})
        except ExprError as error:
            raise UsageError(f"{name}: {error}") from None
    size = value if isinstance(value, Expr) else whole_number(value)
    if size is None:
        raise UsageError(f"{name} = {escaped(repr(value)[:60])} is not a whole number")
    if isinstance(size, int) and size < 0:
        raise UsageError(f"{name} = {size}: a size cannot be negative")
    return size


def _check_names(network: Network, given: Values) -> None:
    known = {name for size in _sizes(network.root) for name in free_symbols(size)}
    known |= {name for condition in network.where for name in free_symbols(parse(f"[{condition}]"))}
    for name in given:
        if name not in known:
            what = network.source if network.is_file else network.read_as or network.source
            rest = f". Its symbols: {', '.join(sorted(known))}" if known else ": every size in it is a number"
            raise UsageError(f"{escaped(what)} has no symbol {shown(name)}{rest}")


def _sizes(root: Module) -> list[Size]:
    found: list[Size] = []
    stack = [root]
    while stack:
        module = stack.pop()
        bound = None if module.over is None else module.over.index
        inner = [d for t in module.tensors for d in t.shape or ()] + list(module.args.values())
        inner += [size for size in module.routed or () if size is not None]
        if module.over is not None:
            found += [module.over.first, module.over.last]
        found += [Expr("sum", (1, 1, d), bound) if bound and isinstance(d, Expr) else d for d in inner]
        stack.extend(module.children)
    return found


def _fit_lists(network: Network, given: Values) -> None:
    """Lists for indexed symbols: they begin at the first index that the network has, and must be of its length."""
    for name, (first, length) in network.lengths.items():
        entries = given.get(name)
        if entries is not None and not isinstance(entries, (list, dict)):
            example = f"{name}=[784,16,10]"
            raise UsageError(f"{name} has entries ({name}{first}, {name}{first + 1}, ...): give it a list, {example}")
        if isinstance(entries, list):
            _fit(name, len(entries), length, given)
            given[name] = {first + k: entry for k, entry in enumerate(entries)} if first else entries


def _fit(name: str, count: int, length: Size, given: Values) -> None:
    """A list says how many entries there are: h = [784, 16, 10] means l = 2 where h has l + 1 entries."""
    wanted = substitute(length, given)
    unknown = sorted(free_symbols(wanted))
    if len(unknown) == 1:
        offset = substitute(wanted, {unknown[0]: 0})
        if isinstance(offset, int) and equal(wanted, add(Expr("sym", (), unknown[0]), offset)):
            found: dict[str, Size] = {unknown[0]: count - offset}
            given.update({k: substitute(v, found) for k, v in given.items() if isinstance(v, Expr)} | found)
            return
    if unknown:
        raise UsageError(f"{name} is a list: give {', '.join(unknown)} a number as well")
    if wanted != count:
        needed = str(wanted) if length == wanted else f"{render(length)} = {wanted}"
        raise UsageError(f"{name} has {count} entries, but {needed} are needed here")


def _conditions(where: tuple[str, ...], given: Values) -> list[str]:
    kept = []
    for condition in where:
        holds = substitute(parse(f"[{condition}]"), given)
        if holds == 0:
            raise UsageError(f"{_told(given)}: this network needs {condition}")
        if isinstance(holds, Expr):
            kept.append(_condition(holds))
    return kept


def _condition(flag: Expr) -> str:
    """A flag as a condition in words: l >= 1."""
    if flag.op == "le" and isinstance(flag.args[0], int):
        return f"{render(flag.args[1])} >= {flag.args[0]}"
    return str(flag).removeprefix("[").removesuffix("]")


def bounds(where: Iterable[str]) -> dict[str, int]:
    """The lower bounds of symbols among conditions.

    >>> bounds(["l >= 1", "a + b >= 2"])
    {'l': 1}
    """
    found: dict[str, int] = {}
    for condition in where:
        flag = parse(f"[{condition}]")
        if isinstance(flag, Expr) and flag.op in ("le", "lt"):
            least, symbol = flag.args
            if isinstance(least, int) and isinstance(symbol, Expr) and symbol.op == "sym":
                found[str(symbol.label)] = least + (flag.op == "lt")
    return found


def _told(given: Values) -> str:
    parts = []
    for name, value in given.items():
        if isinstance(value, dict):
            parts += [f"{name}{index} = {entry}" for index, entry in value.items()]
        else:
            parts.append(f"{name} = {value if not isinstance(value, list) else '[' + ', '.join(map(str, value)) + ']'}")
    return ", ".join(parts)


class _Copier:
    """Copies a tree with values put in; a repeat whose copies differ is written out as separate modules."""

    def __init__(self, values: Values, bound: Values | None = None) -> None:
        self.values = values
        #: the indices of the copies that this one stands in, for messages
        self.bound = bound or {}

    def module(self, module: Module) -> list[Module]:
        """The module, or its separate copies."""
        if module.over is None:
            return [self._copy(module, module.name, None)]
        over = module.over
        first, last = substitute(over.first, self.values), substitute(over.last, self.values)
        inner = _Copier({k: v for k, v in self.values.items() if k != over.index})
        if isinstance(first, int) and isinstance(last, int) and depends(module, over.index):
            if last - first >= MAX_COPIES:
                raise UsageError(
                    f"{over.index} = {first}..{last} makes {last - first + 1:,} layers: at most {MAX_COPIES:,}"
                )
            return [self._with(inner, over.index, i)._copy(module, module.name, None) for i in range(first, last + 1)]
        return [inner._copy(module, module.name, Over(over.index, first, last))]

    def _with(self, inner: _Copier, index: str, i: int) -> _Copier:
        return _Copier({**inner.values, index: i}, {**self.bound, index: i})

    def _copy(self, module: Module, name: str, over: Over | None) -> Module:
        name = put_in_name(name, self.values)
        formula, args = self._formula(module)
        return Module(
            name, module.kind, args, formula, over=over, routed=self._route(module.routed), inputs=module.inputs,
            takes=self._shape(module.takes, name), out=self._shape(module.out, name),
            tensors=[self._tensor(t, put_in_name(t.name, self.values)) for t in module.tensors],
            children=[copy for child in module.children for copy in self.module(child)], why=module.why,
        )  # fmt: skip

    def _formula(self, module: Module) -> tuple[Expr | int | None, dict[str, Size]]:
        """The formula and what its letters are now; of a module without one, its shapes in their own symbols."""
        args = {k: substitute(v, self.values) for k, v in module.args.items()}
        shapes = None if module.formula is not None else raw_sum(module)
        if not isinstance(shapes, Expr):
            return module.formula, args
        letters = {name: self.values[name] for name in free_symbols(shapes) if name in self.values}
        if args.keys() & letters or not all(isinstance(value, (int, Expr)) for value in letters.values()):
            return None, args  # entries of a list are no letters
        return (shapes, {**args, **letters}) if letters else (None, args)  # type: ignore[dict-item]

    def _route(self, routed: tuple[Size | None, Size] | None) -> tuple[Size | None, Size] | None:
        if routed is None:
            return None
        used, experts = routed
        return None if used is None else substitute(used, self.values), substitute(experts, self.values)

    def _tensor(self, t: Tensor, name: str) -> Tensor:
        tied_to = t.tied_to and put_in_name(t.tied_to, self.values)
        return Tensor(name, self._shape(t.shape, name), t.dtype, t.role, t.trainable, tied_to, t.stored, t.note)

    def _shape(self, shape: tuple[Size, ...] | None, name: str) -> tuple[Size, ...] | None:
        return None if shape is None else tuple(self._size(size, name) for size in shape)

    def _size(self, size: Size, name: str) -> Size:
        value = substitute(size, self.values)
        if isinstance(value, int) and value < 1 and isinstance(size, Expr):
            told = render(substitute(size, self.bound))
            raise UsageError(f"{told} = {value} in {name}: every size must be at least 1")
        return value
