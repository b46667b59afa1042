"""A PyTorch checkpoint of 5,000 tensors and 490 MB, in the zip format and in the one before, against torch.load.

torch lives in an environment of its own (`make test-torch` builds it): it writes the files, and loads them as cheaply
as it can, mapped and onto the meta device.  Without that environment there is nothing to compare.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._measure import Row, below, faster, processes

TORCH = Path(sys.prefix).parent / "torch" / "bin" / "python"
WRITE = """
import sys, torch
held = {f"layers.{i}.{part}.weight": torch.zeros(157, 156) for i in range(1000) for part in ("q", "k", "v", "o", "up")}
torch.save(held, sys.argv[1])
torch.save(held, sys.argv[2], _use_new_zipfile_serialization=False)
"""
OURS = "import sys; from nparams.files.bytesource import FileSource; from nparams.files.{0} import read; "
OURS += "read(FileSource(sys.argv[1])).total"
THEIRS = "import sys, torch; torch.load(sys.argv[1], map_location='meta', weights_only=True{0})"
REPEATS = 5


def run() -> list[Row]:
    """Whole processes of ours and of torch's; the format from before 1.6 cannot be mapped, so torch reads all of it."""
    if not TORCH.exists():
        print(f"no {TORCH}: make test-torch builds it; without torch there is nothing to compare with", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        new, old = os.path.join(folder, "new.pt"), os.path.join(folder, "old.pt")
        subprocess.run([str(TORCH), "-c", WRITE, new, old], check=True)
        return [
            *compared(".pt of 490 MB, 5,000 tensors: torch.load(mmap, meta)", new, "pytorch", ", mmap=True", 20),
            *compared(".pth from before 1.6: torch.load(meta)", old, "pytorch_legacy", "", 20),
        ]


def compared(name: str, path: str, module: str, how: str, limit: float) -> list[Row]:
    """Seconds against torch's, and memory against bare Python's."""
    ours, theirs, bare = processes(
        [
            [sys.executable, "-c", OURS.format(module), path],
            [str(TORCH), "-c", THEIRS.format(how), path],
            [sys.executable, "-c", "pass"],
        ],
        REPEATS,
    )
    return [
        faster(name, ours.seconds, theirs.seconds, limit),
        below("  peak memory, whole process: python -c pass", ours.peak, bare.peak, 40_000_000),
    ]
