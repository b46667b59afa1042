"""Damaged pastes of every text notation; only our own errors leave the readers, each in one printable line.

The pastes are those of the notations' own tables of cases.  Each damaged one is read as what it is taken for, as what
it was, and as something else; what is read is printed in every way as well, and nothing that is printed may act on a
terminal.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import nparams
from nparams.errors import NparamsError
from nparams.registry import SOURCES, VIEWS
from tests.fuzz._mutate import check_line
from tests.fuzz.code import DAMAGE as CODE_DAMAGE

#: address space of this fuzzer, in megabytes; it holds pytest and hypothesis as well
MEGABYTES = 512
#: the seconds of one input, and from when it is told as slow; no test but a fuzzer may look at the clock
SECONDS, SLOW = 60, 10
#: how many times fewer inputs than other fuzzers: each is read three times, by whichever notation takes it
SLOWER = 10
TESTS = Path(__file__).parents[1]
#: form: the tables of cases in tests/test_<form>.py (the first text of each row), folders of pastes
TABLES = {
    "summary": ("CASES NOTES ERRORS", "summaries"),
    "torch-print": ("CASES REFUSED", "prints"),
    "keras-code": ("CASES REFUSED", ""),
    "shapes": ("READ REFUSED NOTED", ""),
    "flux": ("READ STATES NOTED REFUSED PRINTED", ""),
    "hyper": ("TOTALS SYMBOLIC ASSUMED REFUSED", ""),
    "paper": ("READ SYMBOLIC NOTED REFUSED", ""),
    "name": ("SPELLINGS CONVENTIONS REFUSED", ""),
    "arithmetic": ("READ SYMBOLIC CLAIMS REFUSED", ""),
}
FORMS = [row.form for row in SOURCES if row.kind == "text"]
#: characters of the longest paste that is damaged
LONGEST = 8_000
#: layers of a network that is no longer printed in every way
MANY = 500
#: characters that one notation or another gives a meaning, numbers at their ends, and what a terminal acts on
PIECES = (
    *"()[]{}<>|,;:=+-*/×·^²%#'\"`\\│├└─━═_ \n\t", "\r\n", "\x1b[31m", "\x00", "\x7f", "\u202e", "\u2028", "\ud800", "é",
    "٣", "²", "½", "0", "-1", "1.5", "1e9", "9" * 40, "9" * 5000, "(" * 300, "[" * 3000, "None", "True", "nan", "...",
    " x ", "=>", "->", "torch.Size([", "(0-99999999): 99999999 x ", "(None, ", "Param #", "Total params: ", "L=10**9",
    " x 1000000000", "{i}", "%s", "h[i]", "..hl", "10**10**10", "C3-", "1_0", "1,000,", "K", "M", "B",
)  # fmt: skip
#: what a number may be made
ENDS = ("0", "1", "2", "00", "1000000", str(2**31), str(2**63), "9" * 30, "9" * 4500, "", "1.5", "-3", "n")


def texts_in(value: object) -> Iterator[str]:
    """The first text of each row of a table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from [part for part in value if isinstance(part, str)][:1]
    elif isinstance(value, list):
        for row in value:
            yield from texts_in(row)


def seeds() -> list[tuple[str, str]]:
    """(form, paste): those of the tables, and the short ones of the folders."""
    found = []
    for form, (tables, folder) in TABLES.items():
        module = import_module(f"tests.test_{form.replace('-', '_')}")
        texts = [text for table in tables.split() for text in texts_in(getattr(module, table))]
        texts += [path.read_text() for path in sorted((TESTS / folder).iterdir())] if folder else []
        found += [(form, text) for text in texts if 3 < len(text) < LONGEST]
        assert len(texts) > 30, form
    return found


# -- damage -----------------------------------------------------------------------------------------------------------


def strange(text: str, other: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(PIECES) * rng.choice((1, 1, 1, 2, 20)) + text[at + rng.choice((0, 0, 1, 3)) :]


def number_at_its_end(text: str, other: str, rng: random.Random) -> str:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return text
    chosen = rng.choice(found)
    new = rng.choice(
        ("0", "1", "2", "00", "1000000", str(2**31), str(2**63), "9" * 30, "9" * 4500, "", "1.5", "-3", "n")
    )
    return text[: chosen.start()] + new + text[chosen.end() :]


def flattened(text: str, other: str, rng: random.Random) -> str:
    return rng.choice((" ".join(text.split()), re.sub(r"(?m)^ +", "", text), text.upper(), text.lower(), text.title()))


def wrapped(text: str, other: str, rng: random.Random) -> str:
    width = rng.choice((10, 40, 72))
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def repeated(text: str, other: str, rng: random.Random) -> str:
    return rng.choice(("", "\n", "; ", " + ", "-")).join([text] * rng.choice((2, 3, 20)))


Damage = Callable[[str, str, random.Random], str]
DAMAGE: tuple[Damage, ...] = (*CODE_DAMAGE, *[strange] * 8, *[number_at_its_end] * 6, flattened, wrapped, repeated)


def damaged(pastes: list[tuple[str, str]], rng: random.Random) -> tuple[str, str]:
    form = rng.choice([*TABLES])
    text = rng.choice([text for known, text in pastes if known == form])
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(DAMAGE)(text, rng.choice(pastes)[1], rng)
    return form, text


# -- reading ----------------------------------------------------------------------------------------------------------


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged pastes; how many were accepted and how many refused.  Anything else raises."""
    rng = random.Random(seed)
    pastes = seeds()
    accepted = 0
    signal.signal(signal.SIGALRM, _too_slow)
    for _ in range(count):
        form, text = damaged(pastes, rng)
        read = [survives(text, tried) for tried in (None, form, rng.choice(FORMS))]
        accepted += any(read)
    return {"accepted": accepted, "refused": count - accepted}


def survives(text: str, form: str | None) -> bool:
    """Whether the text is read; then it is printed in every way as well."""
    start = time.perf_counter()
    signal.alarm(SECONDS)
    try:
        return _read(text, form)
    except BaseException:
        print(f"not one of our errors, for {text!r} as {form}", flush=True)
        if not os.environ.get("KEEP_GOING"):
            raise
        print(f"{sys.exc_info()[0]}: {sys.exc_info()[1]}", flush=True)
        return False
    finally:
        signal.alarm(0)
        if (took := time.perf_counter() - start) > SLOW:
            print(f"slow: {took:.1f} s for {len(text):,} characters as {form}: {text[:200]!r}", flush=True)


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"no answer in {SECONDS} s")


def _read(text: str, form: str | None) -> bool:
    try:
        network = nparams.read(text, form=form, paths=False)
    except NparamsError as problem:
        check_line(problem)
        return False
    for line in (network.read_as, *network.notes):
        if not line.isprintable():
            raise AssertionError(f"not one printable line: {line!r}")
    views = (*(view.module for view in VIEWS), "nparams.views.tensors")
    for module in views if len(network.layers) < MANY else views[:1]:
        try:
            _check_page(str(import_module(module).render(network)))
        except NparamsError as problem:
            check_line(problem)
    return True


def _check_page(page: str) -> None:
    if acting := re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", page):
        raise AssertionError(f"{acting[0]!r} in {page[max(0, acting.start() - 60) :][:120]!r}")
