"""Hostile lists of layers: only our own errors leave the reader, in one line and in bounded time.

What is read is printed in every way as well.  An InvariantError counts as a crash: it is a promise of ours that did
not hold.
"""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Callable

import nparams
from nparams.errors import NparamsError
from nparams.layers.catalogue import kinds, words
from nparams.layers.kind import CONVENTIONS
from tests.fuzz._mutate import check_line

#: the seconds of one input; no test but a fuzzer may look at the clock
SECONDS = 10

LISTS = (
    "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10",
    "input 3x224x224; conv 64 11x11 s4 pad 2; maxpool 3 s2; conv 192 5x5 pad 2; maxpool 3 s2; flatten; dense 4096",
    "Conv1: 32 filters, kernel 3x3, stride 1, padding = same\n- relu\n* pool 2 # halves the sides\n3) dense 10",
    "input 32x32x3, 3 x (conv 64 3x3 same -> bn -> relu), gap, dense 10 softmax",
    "input 56x56x64; residual (conv 64 3x3 same; bn; relu; conv 64 3x3 same; bn) x 3; relu; gap; dense 1000",
    "input 28x28x192; concat (conv 64 1x1 | conv 96 1x1; conv 128 3x3 same | maxpool 3 s1 same; conv 32 1x1) as mix",
    "input 64x64x3; conv 16 3x3 same as c1; maxpool 2; conv 32 3x3 same; upsample 2; concat c1; conv 1 1x1",
    "embedding 50257 768 as wte; positions 1024; 12 x encoder 768 heads 12 ff 3072; dense 50257 no bias tied to wte",
    "input 400x3; bidirectional lstm 50 seq; timedistributed dense 8; gru 2; dense 1",
    "embedding V d; L x (attention d heads h kv 2; ln; ffn 4*d; ln); dense V no bias",
    "4096 -> 512 -> batchnorm -> dropout 0.5 -> dense 80 as out -> reuse out on 512 -> goto out",
    "moe 8 experts top 2 ff 14336 swiglu on 4096; mla 5120 heads 128 kv rank 512 q rank 1536 nope 128 rope 64",
    "conv 16 5x5 table 6x3 9x4 1x6 on 6; se 16 no bias on 64; dense 64 lora 8 dora on 64; digitcaps 10 16 on 1152x8",
    "2 x (3 x (dense 64; 2 x (dense 64; relu))); frozen dense 10; lstm 5 layers=2 peephole projection 3; dense 64 x 3",
    "input 512 tokens; embedding 100 8; transformer 8 2 1 1 16; input 8x8x3 channels last; conv 4 k=3 groups 2",
    "x".join("123456789") + "; dense 3 on 4 named a; dense 4 on 3 tied to a; add (dense 3 | dense 3) on 3",
)  # fmt: skip
PIECES = [
    *""";  ,  |  (  )  [  ]  {  }  ->  →  x  ×  X  =  :  *  +  -  /  //  **  %  .  '  "  #  \n  \t  \x00  \x1b[31m
    \ud800  \u202e  💥  ½  ²  ٣  é  ß  İ  １２  0  00  1  2  -1  1.5  .5  1e9  1_000  1,000  4*d  d  L  h0  d_model
    same  valid  no  without  on  as  tied  to  reuse  goto  residual  concat  add  input  tokens  batch  frozen  times
    timedistributed  true  false  none  relu  3x3  x3  s2  k3  12x  2-layer  28x28x1  channels  first  last  1e400  ...
    inf  nan  lambda  __class__  {0}  %s""".split(),
    " ",
    "9" * 400,
    "1" + "0" * 1001,
]  # fmt: skip
#: regular expressions and readers of ambiguous words work hardest on many of these
HARD = (
    "x", "1x", "1 x ", "x1", "(", "(x", "((1)", "1x(", "2 x (", "d*", "1*", "1-", "- ", "a.", "a_", "a-", "_", " ",
    "\n", "\t \n", "#", "1,", "1,000,", "1.", "1)", "1. ", "->", "=>", "-", "=", "|", "(|", "()", "(),", ";", ",",
    "[1,", "no ", "conv ", "conv x ", "conv 1 ", "k 3 ", "3 k ", "3 units ", "d d ", "a of ", "filters 3 ",
    "1 layers 2 ", "dense 10;", "relu;", "relu x 3;", "lstm 2 layers 2;", "dense 10 as a; reuse a;", "(dense 1) x 2;",
    "residual (dense 3 on 3);", "dense 2 of ", "table 1x1 ", "1x1 ", "as as ", "tied to ", "é", "💥", "1e", "1.5", "%",
    "x x ", "input ", "time ", "heads 2 ", "masked ", "same padding ", "bidirectional ", "bi ", "timedistributed ",
    "encoder ", "global average ",
)  # fmt: skip
NUMBERS = (
    *"1 2 3 8 16 64 3x3 8x8x4 2x2x2x2 d 4*d h0 d//2 0 1x1 same 100000 2**64 10**400 5x0".split(),
    "9" * 40,
)
LENGTHS = (2, 3, 5, 10, 20, 40, 41, 80, 81, 200, 1000, 5000)


def texts(count: int, rng: random.Random) -> list[str]:
    return [rng.choice(MAKERS)(rng) for _ in range(count)]


def damaged(rng: random.Random) -> str:
    text = rng.choice(LISTS)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(DAMAGE)(text, rng)
    return text


def dropped(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.choice((1, 1, 2, 8)) :]


def doubled(text: str, rng: random.Random) -> str:
    at, size = rng.randrange(len(text) + 1), rng.choice((1, 1, 3, 20))
    return text[:at] + text[at : at + size] * rng.choice((2, 2, 3)) + text[at + size :]


def swapped(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def put_in(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(("", " ")) + rng.choice(PIECES) + rng.choice(("", " ")) + text[at:]


def replaced(text: str, rng: random.Random) -> str:
    """A word, number or sign made another one."""
    found = list(re.finditer(r"\w+|[^\w\s]", text))
    if not found:
        return text
    chosen = rng.choice(found)
    return text[: chosen.start()] + rng.choice((word(rng), rng.choice(PIECES))) + text[chosen.end() :]


def reordered(text: str, rng: random.Random) -> str:
    parts = re.split(r"(\s+)", text)
    one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return "".join(parts)


def spliced(text: str, rng: random.Random) -> str:
    other = rng.choice(LISTS)
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other)) :]


def word(rng: random.Random) -> str:
    """A word that some layer knows."""
    kind = rng.choice([*kinds().values()])
    known = [w for param in kind.params.values() for w in param.words]
    return rng.choice(known) if known and rng.random() < 0.6 else rng.choice([*words()])


def drawn(rng: random.Random) -> str:
    """Layers with any of their arguments, in any order, with any number."""
    return rng.choice(("; ", "; ", ", ", "\n", " -> ")).join(layer(rng) for _ in range(rng.choice((1, 2, 3, 6))))


def layer(rng: random.Random) -> str:
    kind = rng.choice([*kinds().values()])
    order = rng.choice(kind.orders) if kind.orders else ()
    parts = [rng.choice([*kind.words, *kind.presets]), *(number(rng) for _ in order)]
    for param in rng.sample([*kind.params.values()], min(len(kind.params), rng.choice((0, 1, 1, 2, 4)))):
        said = rng.choice(param.words or ["of"])
        parts.append(said if param.takes == "flag" else f"{said}{rng.choice(' =')}{number(rng)}")
    parts += rng.choice(([], [], ["on", number(rng)], ["as", "a"], ["x", number(rng)], ["tied to a"], ["frozen"]))
    return " ".join(parts)


def number(rng: random.Random) -> str:
    return rng.choice(NUMBERS)


def hard(rng: random.Random) -> str:
    pieces = "".join(rng.choices(HARD, k=rng.choice((1, 1, 1, 2))))
    closing = rng.choice(("", "", "", ")", "]", "1", ";", " dense 10")) * rng.choice((1, 1, 41))
    return (
        rng.choice(("", "", "dense 10; ", "conv 3 ", "input 8x8x3; ", "2 x (")) + pieces * rng.choice(LENGTHS) + closing
    )


def nested(rng: random.Random) -> str:
    """Copies of copies of copies."""
    depth = rng.choice((1, 2, 5, 20, 39, 40, 41))
    times = rng.choice(("2", "3", "1000", "L", "9" * 30, "2"))
    front = rng.choice(
        (f"{times} x (", f"{times} x (dense 8; ", f"residual (dense 8 x {times}; ", "concat (relu | ", "(")
    )
    inner = rng.choice(
        ("dense 8 on 8", "relu", "dense 8", "bilstm 4 seq on 8", "conv 8 3x3 same", "dense 8 as a; reuse a")
    )
    return f"{rng.choice(('', 'input 8; '))}{front * depth}{inner}{')' * depth}{rng.choice(('', ' x 3', '; dense 2'))}"


def noise(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return " ".join(rng.choice((word(rng), rng.choice(PIECES))) for _ in range(rng.randrange(1, 12)))
    return rng.randbytes(rng.randrange(40)).decode(rng.choice(("latin-1", "utf-16-le")), "replace")


def long(rng: random.Random) -> str:
    """Very many layers, or one layer with very much said of it."""
    text = rng.choice(LISTS).partition(";")[2].strip() or "dense 10"
    return rng.choice(("; ", "\n", ", ")).join([text] * rng.choice((10, 50, 100)))


Damage = Callable[[str, random.Random], str]
DAMAGE: tuple[Damage, ...] = (dropped, doubled, swapped, put_in, put_in, replaced, replaced, reordered, spliced)
MAKERS: tuple[Callable[[random.Random], str], ...] = (
    *[damaged] * 40,
    *[drawn] * 40,
    *[noise] * 14,
    *[nested] * 4,
    hard,
    long,
)
CHOICES = (None, None, None, "all", *CONVENTIONS)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` hostile lists; how many were accepted and how many refused.  Anything else raises."""
    rng = random.Random(seed)
    accepted = 0
    signal.signal(signal.SIGALRM, _too_slow)
    for text in texts(count, rng):
        convention = rng.choice(CHOICES)
        signal.alarm(SECONDS)
        try:
            accepted += survives(text, convention)
        except BaseException:
            print(f"not one of our errors, for {text!r} under {convention}", flush=True)
            raise
        finally:
            signal.alarm(0)
    return {"accepted": accepted, "refused": count - accepted}


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"no answer in {SECONDS} s")


def survives(text: str, convention: str | None) -> bool:
    """Whether the list is read; then it is printed in every way as well."""
    try:
        network = nparams.read(text, form="stack", convention=convention)
    except NparamsError as problem:
        check_line(problem)
        return False
    for work in (str, nparams.Network.explain, nparams.Network.to_json, nparams.Network.formula):
        try:
            work(network)
        except NparamsError as problem:
            check_line(problem)
    return True
