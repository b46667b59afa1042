"""Code in a process of its own, under limits on its addresses and on its time; no framework is loaded there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MEGABYTES, SECONDS = 256, 60

#: for tests that need them
need_limits = pytest.mark.skipif(
    resource is None or sys.platform == "darwin", reason="no limit on a process's address space here"
)

#: what stands in front of the code: limit() with megabytes that count from nothing, or beyond what is held by then
PRELUDE = """
def limit(megabytes, seconds, beyond):
    import resource
    held = 0
    if beyond:
        with open("/proc/self/statm") as file:
            held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (megabytes << 20),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
"""


def limited(
    before: str,
    code: str,
    *words: object,
    megabytes: int = MEGABYTES,
    seconds: int = SECONDS,
    beyond: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `code` with `words` as sys.argv[1:]; the limits hold after `before`, which imports what it needs.

    `megabytes` are of addresses, the interpreter's own included unless `beyond`; `seconds` are of the processor.  The
    process finds the nparams, and the tests, that this one has.
    """
    program = f"import sys\n{before}\n{PRELUDE}\nlimit({megabytes}, {seconds}, {beyond})\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
