"""Arithmetic: `(5*5*3+1)*100`, `4*(4097*256+256^2)`, `784*16 + 16 = 12560`, and which layers it could be.

It is worked out by our own parser (expr.parse), never as code; what it could be is told by the textbook's formulas
(_arithmetic/layers).
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._arithmetic.text import THOUSANDS, plain, steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network

MAX_TEXT = 20_000
# Patterns as text, so that a list of sizes that is asked about compiles none of them.
ALLOWED = r"[\w\s()\[\]{}+\-−–*×·^.,²³⁰¹⁴-⁹/%=?]+"
#: 784*16 = 12544, = ?, =, = 12,544 parameters
CLAIM = r"\s*(?:=|==|≈)\s*(\?|[\d,_]+|)\s*(?:parameters|params|weights)?\s*\??\s*$"
TIMES = r"^\s*\d+(?:\s*\+\s*\d+)+\s*$|[*·^²³⁰¹⁴-⁹]|[\d)\]]\s*[×x]\s*[\d(\[]|\d\s*\(|\)\s*\("
ONLY_TIMES = r"[\s\d_.]+(?:[x×][\s\d_.]+)*"
WORD = r"[^\W\d]\w*"


def may_be(text: str) -> bool:
    """Whether `text` is arithmetic: numbers or symbols with a product, a power or a bracket in it, and no list.

    >>> may_be("(5*5*3+1)*100"), may_be("784-16-10"), may_be("d-4*d-d"), may_be("784x16x10")
    (True, False, False, False)
    """
    if len(text) > MAX_TEXT or not text.strip() or ".." in text:
        return False
    if "\n" in text.strip():
        return False
    whole, more = steps(plain(text))
    if ":" in whole or any(not re.fullmatch(ALLOWED, step) or _has_words(step) for step in more):
        return False
    body = re.sub(THOUSANDS, lambda m: m[0].replace(",", ""), re.sub(CLAIM, "", whole))
    if "," in body or "=" in body or not re.fullmatch(ALLOWED, body):
        return False
    if re.search(TIMES, body) is None or ("=" not in text and re.fullmatch(ONLY_TIMES, body) is not None):
        return False
    return not _has_words(body) and not _is_list(body)


def _has_words(body: str) -> bool:
    """Words that stand beside words or numbers, or are called: prose, layers or code."""
    spaced = re.sub(r"(?<=[\d)\]\s])\s*x\s*(?=[\d(\[])", "*", body)
    beside = re.search(rf"{WORD}\s+[\w(]|[\w)]\s+{WORD}|{WORD}\(|\d[A-Za-z]\d|\.\D|\D\.", spaced)
    return beside is not None or re.search(r"(?<!\w)[A-Za-z_]\w*\d[x×]\d", body) is not None


def _is_list(body: str) -> bool:
    """Sizes divided by dashes, as in d-4*d-d: a minus outside brackets, and no plus there."""
    outside = _outside(body)
    dashes = len(re.findall(r"[-−–]", outside))
    return dashes > 0 and ("+" not in outside or len(re.findall(r" [-−–] ", outside)) < dashes)


def _outside(body: str) -> str:
    """What stands outside brackets."""
    depth, kept = 0, []
    for c in body:
        depth += (c in "([{") - (c in ")]}")
        if depth == 0:
            kept.append(c)
    return "".join(kept)


def read(text: str) -> Network:
    """The network whose count `text` works out, one row for each summand; notes say which layers it could be.

    Raises NotationError with the character that is not understood.

    >>> n = read("(5*5*3+1)*100")
    >>> n.total, n.biases, n.notes[0]
    (7600, 100, 'it could be a convolution with 100 filters of 5x5 over 3 channels, with biases; or a dense layer 75 -> 100, with biases')
    >>> read("784*16 + 16 = 12,561").notes[-1]
    'it is 12,560, not 12,561 as the text says'
    """  # noqa: E501
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of arithmetic: at most {MAX_TEXT:,} are read")
    from nparams.expr import render
    from nparams.network import Module, Network
    from nparams.notation._arithmetic.layers import guesses
    from nparams.notation._arithmetic.terms import terms_of

    whole, more = steps(plain(text))
    body, claim = _split(whole)
    expression = _parsed(body, text)
    terms, value = terms_of(expression, body)
    notes = guesses(terms)
    network = Network(
        Module(children=[term.module() for term in terms]), source=text, form="arithmetic",
        read_as=_cut(render(expression)), notes=notes, described="arithmetic",
    )  # fmt: skip
    if not isinstance(value, int):
        _ = network.layers  # a division by nothing is found here, not while it is printed
    for step in more:
        _follow(network, step, value)
    if claim:
        _check(network, claim, value)
    return network


def _cut(told: str) -> str:
    return told if len(told) <= 200 else f"{told[:190]} …"


def _split(text: str) -> tuple[str, str]:
    """The expression in the parser's signs, and the number that it is said to be."""
    body, claim = " ".join(text.split()), ""
    if (match := re.search(CLAIM, body)) is not None:
        body, claim = body[: match.start()], match[1].strip("?").replace(",", "").replace("_", "")
    elif (label := re.match(rf"\s*{WORD}\s*=(?!=)", body)) is not None:
        body = body[label.end() :]  # n = 784*16
    body = re.sub(THOUSANDS, lambda m: m[0].replace(",", ""), body)
    body = re.sub(r"(?<=[\d)\]}])(\s*)[x×](\s*)(?=[\d(\[{])", r"\1*\2", body)
    return body if any(c in body for c in "Σ∑⌊⌈") or "_{" in body else _rounded(body), claim


def _rounded(body: str) -> str:
    """Square and curly brackets as round ones, except those of an index (h[1]); a product where brackets meet."""
    found, stack = [], []
    for place, c in enumerate(body):
        if c in "[{(":
            index = c == "[" and place > 0 and (body[place - 1].isalpha() or body[place - 1] == "_")
            stack.append("]" if index else ")")
            found.append("[" if index else "(")
        elif c in "]})" and stack:
            found.append(stack.pop())
        else:
            found.append(c)
    return re.sub(r"\)(\s*)(?=[(\w])", r")*\1", "".join(found))


def _parsed(body: str, text: str) -> Size:
    from nparams.errors import ExprError, WorkLimitError
    from nparams.expr import parse

    if not body.strip():
        raise NotationError(f"{shown(text)} has no arithmetic; write for example (5*5*3+1)*100")
    try:
        return parse(body)
    except WorkLimitError:
        raise
    except ExprError as error:
        raise NotationError(str(error)) from None


def _follow(network: Network, step: str, value: Size) -> None:
    """Whether what the text goes on with comes to the same."""
    from nparams.expr import substitute
    from nparams.network.notes import number

    found = substitute(_parsed(_split(step)[0], step), {})
    if found != value:
        network.notes.append(f"the step {shown(step)} is {number(found)}, not {number(value)}")


def _check(network: Network, claim: str, value: Size) -> None:
    """Whether the number after the = is right."""
    if len(claim) > 4000:
        raise NotationError(f"a number of {len(claim):,} digits after the =: at most 4,000 are read")
    said = int(claim)
    network.also["declared"] = said
    if isinstance(value, int):
        right = value == said
        network.notes.append(f"it is {value:,}, {'as' if right else f'not {said:,} as'} the text says")
    else:
        network.notes.append(f"it is {value}, which is {said:,} only for some values of its symbols")


__all__ = ["may_be", "read"]
