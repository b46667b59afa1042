"""Lay out what the page runs: Pyodide's core from npm, and the wheel; the same files, packed so that they travel well.

python pack.py WHEEL PYODIDE OUT

An archive whose members are compressed one by one is little smaller over brotli; members that are only stored make one
stream that brotli shrinks to two thirds.  The catalogue of architectures is half of the wheel and needed for a
config.json alone, so it is a file of its own that the page fetches after its first answer.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

CATALOGUE = "nparams/architectures/catalogue.bin"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")


def stored(source: Path, target: Path, without: str = "") -> None:
    """The same members, not compressed, in an order in which like stands beside like."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        for name in sorted(given.namelist(), key=lambda name: (name.rpartition(".")[2], name)):
            if name != without and not name.endswith("/"):
                made.writestr(zipfile.ZipInfo(name), given.read(name))


def main(wheel: Path, pyodide: Path, out: Path) -> None:
    """Fill OUT/public/python-HASH, and write OUT/python.json, which tells the page where that is."""
    shutil.rmtree(out, ignore_errors=True)
    folder = out / "public" / "python"
    folder.mkdir(parents=True)
    for name in CORE:
        shutil.copyfile(pyodide / name, folder / name)
    stored(pyodide / "python_stdlib.zip", folder / "python_stdlib.zip")
    stored(wheel, folder / "nparams.zip", without=CATALOGUE)
    with zipfile.ZipFile(wheel) as given:
        (folder / "catalogue.bin").write_bytes(given.read(CATALOGUE))
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    named = folder.with_name(f"python-{digest.hexdigest()[:12]}")
    folder.rename(named)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    told = {"folder": named.name, "nparams": wheel.name.split("-")[1], "lock": {"info": lock["info"], "packages": {}}}
    (out / "python.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
