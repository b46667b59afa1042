"""python -m tools.refresh_docs: run every console example again and write what it prints into the documents.

Blocks with a line `...` show only a part of what is printed and are left alone.  Read the difference before you commit
it: the tests compare the documents with the tool, so a wrong output that is written here would pass.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tests.documents import LIVE, run, steps

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"(?<=^```console\n)(.*?)(?=^```\s*$)", re.MULTILINE | re.DOTALL)


def refreshed(text: str, folder: Path) -> str:
    """The document with each console block's output as it is now."""
    return FENCE.sub(lambda found: again(found[1], folder), text)


def again(block: str, folder: Path) -> str:
    """One block, run again."""
    commands = [step.command for step in steps(block)]
    if re.search(r"^\.\.\.$", block, re.MULTILINE) or not commands:
        return block
    outputs = [out if not out or out.endswith("\n") else f"{out}\n" for out in run(commands, folder)]
    typed = [command.replace("\n", "\n> ") for command in commands]
    return "".join(f"$ {command}\n{out}" for command, out in zip(typed, outputs, strict=True))


def main() -> None:
    here = [path for path in sorted((ROOT / "docs").glob("**/*.md")) if path != LIVE]
    for document in (ROOT / "README.md", *here):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "docs/examples", folder, dirs_exist_ok=True)
            document.write_text(refreshed(document.read_text("utf-8"), Path(folder)), "utf-8")


if __name__ == "__main__":
    main()
