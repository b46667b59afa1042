"""Which layers a sum could be: the textbook's formulas, matched against its products as they were written.

Sources: the formulas of layers/ (dense, conv, recurrent, attention, transformer).  A sum never proves a layer, so
every reading that fits is told.
"""

from __future__ import annotations

from nparams.expr import Expr, product
from nparams.notation._arithmetic.terms import Term, without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._arithmetic.terms import Product

#: gates of recurrent layers, by their number
GATED = {
    4: "an LSTM", 3: "a GRU", 1: "a simple recurrent layer",
    8: "a bidirectional LSTM", 6: "a bidirectional GRU", 2: "a bidirectional simple recurrent layer",
}  # fmt: skip
#: the largest side of a kernel that is told as one
LARGEST_KERNEL = 31
#: sides of kernels that are told where k*k, or k*k*3 for colours, is worked out already: (25 + 1)*6
WORKED_OUT = (3, 5, 7, 11)
#: summands that are told one by one
TOLD = 8


def guesses(terms: list[Term]) -> list[str]:
    """Sentences: what the whole could be, else each summand."""
    _give_biases(terms)
    whole = _block(terms) or _network(terms) or _as_one(terms)
    if whole:
        return [f"it could be {'; or '.join(whole)}"]
    heads = [term for term in terms if term.of is None]
    found = [(term, _readings(term, any(t.of is term for t in terms))) for term in heads]
    if len(heads) == 1:
        return [f"it could be {'; or '.join(found[0][1])}"] if found[0][1] else _unknown(heads[0])
    told = [f"{_short(term.expression)} could be {'; or '.join(readings)}" for term, readings in found if readings]
    told += [_stray(term) for term, readings in found if not readings and term.bare]
    return [*told[:TOLD], *([f"{len(told) - TOLD:,} more summands are not told"] if len(told) > TOLD else [])]


def _unknown(term: Term) -> list[str]:
    return [] if term.bare else [f"no layer of a textbook has exactly {_short(term.expression)}"]


def _stray(term: Term) -> str:
    return f"{_short(term.expression)} is as long as no layer's output: counted as weights"


def _short(size: Size) -> str:
    told = str(size)
    return told if len(told) <= 60 else f"{told[:50]} …"


def _n(size: Size) -> str:
    return str(size) if isinstance(size, Expr) else f"{size:,}"


# -- biases of their own ----------------------------------------------------------------------------------------------


def _give_biases(terms: list[Term]) -> None:
    """A bare summand as long as what an earlier one sends (its last factor, else its first) is its bias."""
    waiting: dict[Size, list[Term]] = {}
    for term in terms:
        if term.bare:
            owners = waiting.get(term.products[0][0], [])
            if owners:
                term.of = owners.pop(0)
                _forget(waiting, term.of)
        elif len(term.products) == 1:
            for width in dict.fromkeys((term.products[0][-1], term.products[0][0])):
                waiting.setdefault(width, []).append(term)


def _forget(waiting: dict[Size, list[Term]], term: Term) -> None:
    for owners in waiting.values():
        if term in owners:
            owners.remove(term)


# -- a whole network --------------------------------------------------------------------------------------------------


def _network(terms: list[Term]) -> list[str]:
    """A fully connected network: each product begins with what the one before ends with."""
    matrices = [_matrix(term) for term in terms if term.of is None]
    if len(matrices) < 2 or any(m is None for m in matrices):
        return []
    sizes = list(matrices[0] or ())
    for pair in matrices[1:]:
        if pair is None or pair[0] != sizes[-1]:
            return []
        sizes.append(pair[1])
    heads = [term for term in terms if term.of is None]
    biased = sum(term.has_bias or any(t.of is term for t in terms) for term in heads)
    said = {0: "without biases", len(heads): "with all its biases"}.get(biased, f"with {biased} of {len(heads)} biases")
    listed = "-".join(f"({n})" if isinstance(n, Expr) and n.op == "add" else str(n) for n in sizes)
    return [f"the fully connected network {listed if len(listed) < 80 else listed[:70] + '…'}, {said}"]


def _matrix(term: Term) -> tuple[Size, Size] | None:
    """(from, to) of a summand that can be one dense layer: a*b, (a + 1)*b."""
    if len(term.products) == 1 and len(term.products[0]) == 2:
        return term.products[0][0], term.products[0][1]
    if len(term.products) == 2 and term.biased == [False, True] and len(term.common) == 1 and len(term.rests[0]) == 1:
        return term.rests[0][0], term.common[0]
    return None


def _block(terms: list[Term]) -> list[str]:
    """12*d^2 + 13*d: a transformer block; with more factors, so many of them."""
    if len(terms) != 2 or any(len(term.products) != 1 for term in terms):
        return []
    return _blocks(terms[0].products[0], terms[1].products[0])


def _blocks(one: Product, other: Product) -> list[str]:
    for d in one:
        if one.count(d) < 2 or 12 not in one or 13 not in other or d not in other:
            continue
        layers = without(one, (12, d, d))
        if sorted(map(str, layers)) == sorted(map(str, without(other, (13, d)))):
            many = f"{'·'.join(map(_n, layers))} transformer blocks" if layers else "a transformer block"
            return [
                f"{many} of width {_n(d)}: attention 4d² + 4d, feed-forward 8d² + 5d (4 times as wide inside), two "
                "layer norms 4d"
            ]
    return []


def _bare_blocks(factors: Product) -> list[str]:
    """12*L*d^2, as papers on scaling count (Kaplan et al. 2020, arXiv 2001.08361, table 1): the matrices alone."""
    twice = [d for d in factors if isinstance(d, Expr) and factors.count(d) == 2]
    if 12 not in factors or len(twice) != 2 or len(factors) > 4:
        return []
    layers = without(factors, (12, twice[0], twice[0]))
    many = f"{'·'.join(map(_n, layers))} transformer blocks" if layers else "a transformer block"
    return [f"{many} of width {_n(twice[0])}, matrices only: attention 4d², feed-forward 8d² (4 times as wide inside)"]


def _as_one(terms: list[Term]) -> list[str]:
    """4*n*h + 4*h*h + 4*h: one layer, multiplied out."""
    if not 2 <= len(terms) <= 4 or any(len(term.products) != 1 for term in terms):
        return []
    whole = Term(0, terms[0].expression, [term.products[0] for term in terms])
    found = (_projections(whole) or _feed_forward(whole)) if len(terms) == 2 else _gated(whole)
    if found:
        for term, biased in zip(terms, whole.biased, strict=True):
            term.of = terms[0] if biased else None
    return found


# -- one summand ------------------------------------------------------------------------------------------------------


def _readings(term: Term, biased: bool) -> list[str]:
    """Every layer that has this formula."""
    if len(term.products) == 1:
        return _of_product(term.products[0], biased)
    if len(term.products) == 2 and (blocks := _blocks(*term.products)):
        return blocks
    if len(term.products) == 2 and term.biased == [False, True]:
        return _projections(term) or _of_weights(term.rests[0], term.common, ", with biases")
    return _gated(term) or _feed_forward(term)


def _of_product(factors: Product, biased: bool) -> list[str]:
    """A plain product: a dense layer, an embedding, a convolution."""
    ending = ", with biases" if biased else ", without biases"
    if len(factors) < 2:
        return []
    if not biased and (blocks := _bare_blocks(factors)):
        return blocks
    found = _of_weights(factors[:-1], factors[-1:], ending)
    if len(factors) == 2 and factors[0] == 2 and not biased:
        return [f"a layer norm or batch norm of {_n(factors[1])} (scales and shifts)", *found]
    if len(factors) == 2 and not biased:
        found.append(f"an embedding of {_n(factors[0])} entries by {_n(factors[1])}")
    if not biased and factors[0] == 4 and len(factors) == 3 and factors[1] == factors[2]:
        found.insert(0, f"attention of width {_n(factors[1])} (4 projections), without biases")
    return found


def _of_weights(inside: Product, outside: Product, ending: str) -> list[str]:
    """Layers whose every output has so many weights: a window over channels, or every input."""
    out, n_in = product(outside), product(inside)
    found = []
    for kernel, channels in _kernels(inside):
        c = f"{_n(channels)} channel{'' if channels == 1 else 's'}"
        line = "a 1-d convolution" if len(kernel) == 1 else "a convolution"
        found.append(
            f"{line} with {_n(out)} filter{'' if out == 1 else 's'} of {'x'.join(map(_n, kernel))} over {c}{ending}"
        )
    found.append(f"a dense layer {_n(n_in)} -> {_n(out)}{ending}")
    return found


def _kernels(inside: Product) -> list[tuple[Product, Size]]:
    """The ways in which factors are a kernel and channels: sides first or last, of 2 equal ones or 3."""
    if len(inside) == 1:
        return [((k, k), inside[0] // (k * k)) for k in WORKED_OUT if inside[0] in (k * k, 3 * k * k)]
    if len(inside) == 2:
        square = inside[0] == inside[1] and _is_side(inside[0])
        return [(inside, 1)] if square else [(inside[:1], inside[1])] * _is_side(inside[0])
    if len(inside) == 3 and all(map(_is_side, inside)) and len(set(inside)) == 1:
        return [(inside[:2], inside[2]), (inside, 1)]
    if len(inside) >= 4 and inside[0] == inside[1] == inside[2] and _is_side(inside[0]):
        return [(inside[:3], product(inside[3:]))]
    if len(inside) >= 3 and all(map(_is_side, inside[:2])) and (inside[0] == inside[1] or inside[1] != inside[2]):
        return [(inside[:2], product(inside[2:]))]
    if len(inside) >= 3 and all(map(_is_side, inside[-2:])):
        return [(inside[-2:], product(inside[:-2]))]
    return []


def _is_side(size: Size) -> bool:
    return (isinstance(size, int) and 1 <= size <= LARGEST_KERNEL) or (isinstance(size, Expr) and str(size)[0] == "k")


def _projections(term: Term) -> list[str]:
    """4*(d*d + d): the four projections of attention."""
    rest, common = term.rests[0], term.common
    if len(rest) == 1 and len(common) == 2 and without(common, (4,)) == rest and term.biased == [False, True]:
        return [
            f"attention of width {_n(rest[0])} (4 projections), with biases",
            f"4 dense layers {_n(rest[0])} -> {_n(rest[0])}, with biases",
        ]
    return []


def _feed_forward(term: Term) -> list[str]:
    """8*d*d + 5*d: a feed-forward block 4 times as wide inside."""
    factors = sorted(term.products, key=len, reverse=True)
    if len(factors) == 2 and factors[0][0] == 8 and factors[1][0] == 5 and factors[0][1:] == factors[1][1:] * 2:
        return [f"a feed-forward block of width {_n(factors[1][1])}, 4 times as wide inside"]
    return []


def _gated(term: Term) -> list[str]:
    """g*(n*h + h*h + h): a recurrent layer; with a 1 counted among the inputs its biases are in there."""
    weights = [rest for rest, biased in zip(term.rests, term.biased, strict=True) if not biased]
    if len(weights) != 2 or any(len(rest) != 1 for rest in weights):
        return []
    found = []
    for h in dict.fromkeys(term.common):
        gates = product(without(term.common, (h,))) if len(term.common) > 1 else 1
        if isinstance(gates, int) and gates in GATED and (h,) in weights:
            n = weights[1][0] if weights[0] == (h,) and weights[1] != (h,) else weights[0][0]
            if weights[1] == (h,):
                n = weights[0][0]
            found += _recurrent(GATED[gates], n, h, term)
    return list(dict.fromkeys(found))


def _recurrent(name: str, n: Size, h: Size, term: Term) -> list[str]:
    cells = f"{name} of {_n(h)} cells on {{}} input{'' if n == 1 else 's'}, {{}}"
    vectors = sum(2 if rest == (2,) else 1 for rest, biased in zip(term.rests, term.biased, strict=True) if biased)
    if vectors:
        return [cells.format(_n(n), "with biases" if vectors == 1 else f"with {vectors} bias vectors a gate")]
    with_one = n - 1 if isinstance(n, int) else None
    found = [cells.format(_n(with_one), f"with biases (the 1 in {_n(n)})")] if with_one else []
    return [*found, cells.format(_n(n), "without biases")]


__all__ = ["guesses"]
