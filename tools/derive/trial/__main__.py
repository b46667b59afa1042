"""python -m tools.derive.trial: throw random configs at verified types and compare with the real constructors.

Exit code 1 where any answer is wrong.  The same seed draws the same types and configs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from tools.derive.pool import Limits, Outcome, each
from tools.derive.store import Store
from tools.derive.work import warm

MOST_REFUSED = 0.1


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    doc, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tools.derive.trial", description=doc.partition(": ")[2], epilog=more
    )
    parser.add_argument("names", nargs="*", metavar="TYPE", help="these types, not drawn ones")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the types and the configs (1)")
    parser.add_argument("--types", type=int, default=100, metavar="N", help="how many types are drawn (100)")
    parser.add_argument("--configs", type=int, default=20, metavar="N", help="configs for each type (20)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at a time (2)")
    parser.add_argument("--limit-s", type=float, default=120, metavar="S", help="seconds for one type (120)")
    parser.add_argument("--entries", action="store_true", help="by the entries' files, not by the packed catalogue")
    parser.add_argument("--quiet", action="store_true", help="no line for a type that is right")
    return parser.parse_args(words)


def work(model_type: str, seed: int, configs: int, seconds: float, packed: bool) -> dict[str, Any]:
    """The trial of one type, in a process of its own."""
    from tools.derive.trial.judge import judge

    return judge(model_type, seed, configs, time.monotonic() + seconds, packed)


def main(words: Sequence[str] | None = None) -> int:
    """Try the types, a line for each on standard output, the summary last."""
    args = arguments(words)
    warm()
    verified = Store().verified()
    drawn = random.Random(args.seed).sample(verified, min(args.types, len(verified)))
    names = args.names or sorted(drawn)
    task = partial(work, seed=args.seed, configs=args.configs, seconds=args.limit_s, packed=not args.entries)
    counts, started = Counter[str](), time.monotonic()
    for outcome in each(task, names, args.jobs, Limits(args.limit_s, 6 * 2**30)):
        counts.update(told(outcome, args.quiet))
    asked = max(1, counts["right"] + counts["wrong"] + counts["refused"])
    print(
        f"{len(names)} types: {counts['right']} right, {counts['wrong']} wrong, {counts['refused']} refused"
        f" ({100 * counts['refused'] / asked:.1f} %), {counts['untried']} types not tried,"
        f" seed {args.seed}, {time.monotonic() - started:.0f} s"
    )
    return 1 if counts["wrong"] else 0


def told(outcome: Outcome, quiet: bool) -> Counter[str]:
    """Print what became of a type."""
    result = outcome.answer
    if result is None or "untried" in result:
        why = result["untried"] if result else outcome.ended + outcome.log[-2000:]
        print(f"{outcome.name:<28} not tried: {why}", flush=True)
        return Counter(untried=1)
    right, wrong, refused = result["right"], len(result["wrong"]), sum(result["refused"].values())
    asked = max(1, right + wrong + refused)
    much = f", more than {100 * MOST_REFUSED:.0f} %" if refused > MOST_REFUSED * asked else ""
    line = f"{right} right, {wrong} wrong, {refused} refused{much}; {result['distinct']} totals"
    if wrong or refused or not quiet:
        of = f"{result['changed']} of {result['fields']} fields changed"
        print(f"{outcome.name:<28} {line}, {of}, {outcome.seconds:.1f} s")
    for text, n in result["refused"].items():
        print(f"  refused {n}: {text}")
    for case in result["wrong"]:
        print(
            f"  WRONG {case['head']} {case['changes']}\n" + "".join(f"    {part}\n" for part in case["differs"]), end=""
        )
    sys.stdout.flush()
    return Counter(right=right, wrong=wrong, refused=refused)


if __name__ == "__main__":
    sys.exit(main())
