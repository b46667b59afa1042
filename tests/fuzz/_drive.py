"""What fuzzers of binary formats share: seeds from real files, and the loop over damaged copies of them."""

from __future__ import annotations

import csv
import os
import random
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from nparams.errors import NparamsError
from tests.fuzz._mutate import DAMAGE, Damage, check_line, mutants

#: of the processor, for one input; no test but a fuzzer may look at the clock
SECONDS = 5
MODELS = (Path(__file__).parents[2] / os.environ.get("NPARAMS_SHARED", "../shared") / "models").resolve()


def real(*formats: str, largest: int = 1 << 20) -> list[bytes]:
    """The shared real files of these formats (a column of the manifest), shortest first; none if absent."""
    manifest = MODELS / "manifest.tsv"
    if not manifest.exists():
        return []
    with manifest.open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["format"] in formats]
    assert rows, f"the manifest holds no {formats}"
    held = [(MODELS / row["file"]).read_bytes() for row in rows if (MODELS / row["file"]).stat().st_size <= largest]
    return sorted(held, key=len)


def drive(
    count: int,
    seed: int,
    seeds: Sequence[bytes],
    read: Callable[[bytes], object],
    *,
    damage: Sequence[Damage] = DAMAGE,
) -> dict[str, int]:
    """Give `read` each of `count` damaged copies of `seeds`; how many it accepted and how many it refused.

    It refuses by one of our own errors in one printable line, within SECONDS of the processor.  Anything else raises,
    and the input is kept in a file whose name is printed.
    """
    accepted = 0
    signal.signal(signal.SIGPROF, _too_slow)
    for data in mutants(seeds, count, random.Random(seed), damage):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            accepted += survives(data, read)
        except BaseException:
            signal.setitimer(signal.ITIMER_PROF, 0)
            keep(data, seed)
            raise
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return {"accepted": accepted, "refused": count - accepted}


def survives(data: bytes, read: Callable[[bytes], object]) -> bool:
    """Whether `read` accepts the data; False where it refuses as it should."""
    try:
        read(data)
    except NparamsError as problem:
        check_line(problem)
        return False
    return True


def keep(data: bytes, seed: int) -> None:
    """Write down what broke a reader."""
    handle, path = tempfile.mkstemp(f"-{seed}.bin", "nparams-fuzz-")
    with open(handle, "wb") as file:
        file.write(data)
    print(f"not one of our errors: for the {len(data):,} bytes in {path}", flush=True)
    if len(data) <= 600:
        print(f"which are {data.hex()}", flush=True)


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"no answer after {SECONDS} s of the processor")
