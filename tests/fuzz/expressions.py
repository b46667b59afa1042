"""Hostile text for the expression parser: only ExprError leaves it, and what it reads is soon worked out."""

from __future__ import annotations

import random

from nparams.errors import ExprError
from nparams.expr import Expr, equal, evaluate, parse, render, substitute
from nparams.expr.arithmetic import Work

TOKENS = [
    *"""a b n i h0 h_1 h[ h_{ h_i [ ] ( ) { } , 0 1 2 7 64 999999999 1e9 0.5 1_000 + - * // % ** ^ / < <= == != = ..
    sum( Σ_{i= Σ Σ_ ∑ ⌊ ⌋ ⌈ ⌉ ceildiv( max( min( trunc( trunc(0.5* sum(i=1..n, sum(j=i..2, i=1.. } ² ¹⁰ · × − – … ≤ ≥ ≠
    ½ ٣ é _ __ \\ ; " ' \x00 \x1b[31m \ud800 \u202e 💥 nan inf lambda __import__ 1.5 .. .5""".split(),
    " ", "\n", "\t",
]  # fmt: skip
SEEDS = (
    "sum(i=1..l, (h[i-1] + 1)*h[i])", "Σ_{i=1..l} (h_{i-1} + 1)·h_i", "12d² + 13*d + V*d", "⌊a/b⌋*[i%4==3] + ⌈n/2⌉",
    "max(0, n - 2**b)//ceildiv(a, 3)", "trunc(0.29*d)*[a<=b]", "Σ_{i=1}^{n} Σ_{j=1..i} h_j·2", "(((a+1)*b+1)**3 % 7)",
)  # fmt: skip
DEEP = (
    "(",
    "[",
    "h[",
    "-",
    "2**",
    "max(",
    "trunc(1*",
    "sum(i=1..2,",
    "Σ_{i=1..9} ",
    "⌊",
    "a*",
    "a+",
    "9**9*",
    "h_{",
    "²",
)
VALUES = {"a": 3, "b": 2, "n": 4, "l": 3, "d": 8, "V": 100, "i": 1, "h": list(range(70))}


def texts(count: int, rng: random.Random) -> list[str]:
    return [rng.choice(MAKERS)(rng) for _ in range(count)]


def tokens(rng: random.Random) -> str:
    return "".join(rng.choices(TOKENS, k=rng.randrange(1, 16)))


def noise(rng: random.Random) -> str:
    return rng.randbytes(rng.randrange(24)).decode(rng.choice(("latin-1", "utf-16-le")), "replace")


def damaged(rng: random.Random) -> str:
    text = rng.choice(SEEDS)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        start = rng.randrange(len(text) + 1)
        text = text[:start] + rng.choice((*TOKENS, "")) + text[start + rng.randrange(3) :]
    return text


def deep(rng: random.Random) -> str:
    pieces = rng.choices(DEEP, k=rng.choice((1, 1, 2)))
    return "".join(pieces) * rng.choice((5, 40, 70, 300)) + rng.choice(("a", "1", "")) + rng.choice((")", "]", "")) * 70


MAKERS = (tokens, tokens, tokens, noise, damaged, damaged, damaged, damaged, damaged, deep)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` hostile texts; how many were accepted and how many refused.  Anything else raises."""
    accepted = 0
    for text in texts(count, random.Random(seed)):
        try:
            accepted += survives(text)
        except BaseException:
            print(f"not one of our errors, for {text!r}", flush=True)
            raise
    return {"accepted": accepted, "refused": count - accepted}


def survives(text: str) -> bool:
    """Whether the text is read; then it is rendered, worked out and compared as well."""
    try:
        size = parse(text)
    except ExprError as problem:
        _check_line(problem)
        return False
    for work in (_shown_alike, _worked_out):
        try:
            work(size)
        except ExprError as problem:
            _check_line(problem)
    return True


def _check_line(problem: ExprError) -> None:
    if not str(problem).isprintable():
        raise AssertionError(f"unprintable: {problem!r}") from problem


def _shown_alike(size: int | Expr) -> None:
    for style in ("text", "unicode"):
        render(parse(render(size, style)), style)
    render(size, "latex")


def _worked_out(size: int | Expr) -> None:
    equal(size, 0)
    substitute(size, {"n": 2}, Work(2_000))
    evaluate(size, VALUES, Work(20_000))
