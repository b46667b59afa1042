"""python -m tools.derive: derive the entries of transformers' architectures from their constructors.

Every type runs in a process of its own with limits of time and memory.  A type that is verified becomes a file in
tools/derive/entries, one that is not a line in tools/derive/refused.json; both are left alone by the next run, unless
the type is named or --redo asks for it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from tools.derive.errors import KINDS
from tools.derive.pool import Limits, Outcome, each
from tools.derive.store import Store
from tools.derive.work import Wish, all_types, record, versions, warm, work

PASSING = ("limit", "failed")  # says nothing against an entry of the same sources
REDO = ["refused", "stale", "all", *(kind.replace(" ", "-") for kind in KINDS)]


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    doc, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m tools.derive", description=doc.partition(": ")[2], epilog=more)
    parser.add_argument("types", nargs="*", metavar="TYPE", help="model types, derived whether or not they were before")
    parser.add_argument("--all", action="store_true", help="every type of the mapping that was not tried")
    parser.add_argument("--heads", choices=["main", "all"], help="which classes (main; for --diff those of the entry)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at a time (2)")
    parser.add_argument("--limit-s", type=float, default=90, metavar="S", help="seconds for one type (90)")
    parser.add_argument("--memory-gib", type=float, default=6, metavar="G", help="resident memory of one process (6)")
    parser.add_argument("--redo", choices=REDO, metavar="WHICH", help=f"again: {', '.join(REDO)}")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random configs (1)")
    parser.add_argument("--diff", action="store_true", help="write nothing; print the formulas that would change")
    parser.add_argument("--trace", action="store_true", help="print what a process wrote, and where it raised")
    return parser.parse_args(words)


def chosen(args: argparse.Namespace, store: Store, known: list[str]) -> list[str]:
    """The types to derive now."""
    if unknown := [name for name in args.types if name not in known]:
        sys.exit(f"{unknown[0]!r} is no model type of transformers {versions()['transformers']}")
    if args.types and not args.redo:
        return args.types
    pool = args.types or (known if args.all or args.redo == "stale" else [])
    refused = store.refusals()
    if not pool and args.redo:
        pool = [name for name in known if name in refused or (args.redo == "all" and store.has(name))]
    if args.diff and not args.types:
        return store.verified()
    return [name for name in pool if due(name, args, store, refused)]


def due(name: str, args: argparse.Namespace, store: Store, refused: dict[str, Any]) -> bool:
    """Whether a type is to be derived: it never was, or --redo asks for what became of it."""
    if args.redo in ("all", "stale"):
        return True
    if name in refused and refused[name]["kind"] != "not tried":
        return args.redo in ("refused", refused[name]["kind"].replace(" ", "-"))
    return not store.has(name, args.heads or "main")


def settle(outcome: Outcome, store: Store, keep: bool) -> tuple[str, str]:
    """Write down what became of a type; a word for the count, and the progress line's text."""
    answer = outcome.answer or {"refused": record(outcome.name, *stopped(outcome))}
    if "same" in answer:
        if keep:
            store.carry(outcome.name, versions()["transformers"])
        return "unchanged", "the sources are the same"
    if "refused" in answer:
        if keep and answer["refused"]["kind"] in PASSING and store.holds(outcome.name, answer["refused"]):
            return "kept", f"the earlier entry stays: {answer['refused']['reason']}"
        if keep:
            store.refuse(outcome.name, answer["refused"])
        return answer["refused"]["kind"], answer["refused"]["reason"]
    if keep:
        store.keep(answer["entry"])
    return "verified", summary(answer["entry"])


def stopped(outcome: Outcome) -> tuple[str, str]:
    """The kind of refusal and the reason of a process that gave no answer."""
    return ("limit" if "GiB" in outcome.ended or "within" in outcome.ended else "failed"), outcome.ended


def summary(entry: dict[str, Any]) -> str:
    """An entry in a few words.

    >>> summary({"heads": {"A": {"verified": {"configs": 60, "refused": 2}, "cells": []}}})
    '1 class, 60 configs, 2 refused, 0 cells'
    """
    heads = entry["heads"].values()
    classes = f"{len(heads)} class" + "es" * (len(heads) != 1)
    configs, refused = (sum(head["verified"][key] for head in heads) for key in ("configs", "refused"))
    return f"{classes}, {configs} configs, {refused} refused, {max(len(head['cells']) for head in heads)} cells"


def main(words: Sequence[str] | None = None) -> int:
    """Derive, telling each type on a line of standard error."""
    args = arguments(words)
    warm()
    importlib.import_module("tools.derive.learn")  # once, so that all types are derived by the same code
    store, known = Store(), all_types()
    names = chosen(args, store, known)
    wish = Wish(args.heads or ("same" if args.diff else "main"), args.seed, args.limit_s, args.redo == "stale")
    limits = Limits(args.limit_s, int(args.memory_gib * 2**30))
    counts, started = Counter[str](), time.monotonic()
    try:
        for outcome in each(partial(work, wish=wish), names, args.jobs, limits):
            word, text = settle(outcome, store, keep=not args.diff)
            counts[word] += 1
            tell(f"[{counts.total():>3}/{len(names)}]", outcome, word, text, args.trace)
            if args.diff and outcome.answer and "entry" in outcome.answer:
                from tools.derive.difference import difference

                print(difference(store.entry(outcome.name), outcome.answer["entry"]), end="", flush=True)
    except KeyboardInterrupt:
        print("stopped: what is derived is kept; the same command goes on", file=sys.stderr)
        return 130
    finally:
        parts = ", ".join(f"{n} {word}" for word, n in counts.most_common()) or "nothing to do"
        print(f"{parts} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


def tell(place: str, outcome: Outcome, word: str, text: str, trace: bool) -> None:
    """A progress line; with `trace`, what the process wrote and where it raised."""
    cost = f"{outcome.seconds:5.1f} s {outcome.peak_bytes >> 20:5} MiB"
    print(f"{place} {outcome.name:<28} {cost}  {word}: {text}", file=sys.stderr, flush=True)
    if trace:
        print(outcome.log + (outcome.answer or {}).get("trace", ""), end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
