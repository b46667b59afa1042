"""Questions about a network whose sizes are letters: its formulas, numbers put in, and a formula with a gap."""

from __future__ import annotations

from nparams.errors import NparamsError
from nparams.expr import Expr, free_symbols, indexed
from nparams.network.closed import written_form
from nparams.views._exercises.parts import Name, Question, Say, Show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network
    from nparams.views._exercises.facts import Facts
    from nparams.views._exercises.parts import Block, Slot

#: symbols of a formula that numbers are put in for, and the copies that a number of copies becomes
MOST, COPIES = 8, 3


def questions(facts: Facts) -> list[Question]:
    """The formulas, a check with numbers, and a formula in which a layer is missing."""
    if facts.network.totals.total is None:
        return []
    return [_formulas(facts), *_checked(facts), *_gap(facts)]


def _formulas(facts: Facts) -> Question:
    totals = facts.network.totals
    solved: list[Block] = []
    for name, size in (("weights", totals.weights), ("biases", totals.biases), ("parameters", totals.known)):
        solved += [Say(f"{name[0].upper()}{name[1:]}:"), Show([size])]
    return Question([Say("Write down a formula for the number of weights, of biases, and of all parameters.")], solved)


def _checked(facts: Facts) -> list[Question]:
    """Small numbers put in: the answer is that of the network with these sizes."""
    values = numbers_for(facts.network)
    try:
        made = facts.network.substitute(values) if values else None
    except NparamsError:  # sizes that are bound to each other: no numbers by a simple rule
        return []
    if made is None or not isinstance(made.totals.known, int):
        return []
    words, slots = _put_in(facts.network, values)
    asked = Say(f"Put {words} into your formula. How many parameters are there then?", **slots)
    return [
        Question(
            [asked], [Say("With these numbers it is"), Show([written_form(made), made.totals.known], "parameters")]
        )
    ]


def _put_in(network: Network, values: dict[str, int | list[int]]) -> tuple[str, dict[str, Slot]]:
    pairs: list[tuple[Slot, int]] = []
    for name, size in values.items():
        first = network.lengths[name][0] if name in network.lengths else 0
        if isinstance(size, int):
            pairs.append((Expr("sym", (), name), size))
        else:
            pairs += [(indexed(name, first + k), entry) for k, entry in enumerate(size)]
    slots: dict[str, Slot] = {f"s{k}": symbol for k, (symbol, _) in enumerate(pairs)}
    slots |= {f"v{k}": size for k, (_, size) in enumerate(pairs)}
    return ", ".join(f"{{s{k}}} = {{v{k}}}" for k in range(len(pairs))), slots


def numbers_for(network: Network) -> dict[str, int | list[int]]:
    """A number for each symbol, 2, 3, 4 and so on; a list for the sizes that a number of layers asks for.

    >>> import nparams
    >>> numbers_for(nparams.read("h0..hl")), numbers_for(nparams.read("d-4*d-d"))
    ({'l': 3, 'h': [2, 3, 4, 5]}, {'d': 2})
    """
    from nparams.expr import substitute

    known = network.totals.known
    names = sorted(free_symbols(known) - network.lengths.keys())
    if len(names) > MOST:
        return {}
    counts = frozenset().union(*(free_symbols(size) for _, size in network.lengths.values()))
    values: dict[str, int | list[int]] = {name: COPIES for name in names if name in counts}
    for name, (_, length) in network.lengths.items():
        size = substitute(length, dict.fromkeys(counts, COPIES))
        if not isinstance(size, int):
            return {}
        values[name] = list(range(2, 2 + size))
    for k, name in enumerate(name for name in names if name not in counts):
        entries = _entries(known, name)
        values[name] = list(range(2, 3 + max(entries))) if entries else 2 + k
    return values


def _entries(size: Size, name: str) -> list[int]:
    """The entries of an indexed symbol that stand in an expression: 0, 1, 2 of h0·h1 + h1·h2."""
    found: list[int] = []
    stack = [size]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            if node.op == "idx" and node.label == name and isinstance(node.args[0], int):
                found.append(node.args[0])
            stack.extend(node.args)
    return found


def _gap(facts: Facts) -> list[Question]:
    """A formula for the weights that leaves a layer out: the rows' own, but for one."""
    rows = [row for row in facts.holding if row.weights != 0]
    if len(rows) < 3 or len(rows) < len(facts.rows) or any(row.copies != 1 for row in rows) or len(rows) > 12:
        return []
    left = rows[-2]
    gap = Expr("add", tuple(row.weights for row in rows if row is not left))
    asked: list[Block] = [Say("A friend writes for the number of weights:"), Show([gap]), Say("What did they forget?")]
    return [Question(asked, [Say("The weights of {name} are missing:", name=Name(left.name)), Show([left.weights])])]
