"""A folder that holds Python code under every name that somebody might import, beside what it seems to hold."""

from __future__ import annotations

import sys
from pathlib import Path

#: other modules that processes of a scan may import
MORE = ("sitecustomize", "usercustomize", "obstore", "pyarrow", "duckdb", "dask", "distributed", "rich", "numpy")
PLUGIN = "[nparams.sources]\nevil = evil_plugin:SOURCE\n"


def planted(folder: Path, mark: Path) -> None:
    """Put the code there; whatever of it runs writes its name into the file `mark`."""
    code = f"with open({str(mark)!r}, 'a') as file:\n    print(__name__, file=file)\n"
    for name in (*sys.stdlib_module_names, *MORE, "evil_plugin"):
        (folder / f"{name}.py").write_text(code)
    (folder / "nparams").mkdir()
    (folder / "nparams/__init__.py").write_text(code)
    about = folder / "evil-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(PLUGIN)
