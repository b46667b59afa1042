"""The guarded process: reads the files that standard input names, and tells what came of each and what it did.

python -m tests.attacks._guard < jobs.json, where a job is {"path", "beside": [paths], "text": whether a notation may
parse it}.  One line of JSON a job goes to standard output.  Everything that nparams may load is loaded first.  Then,
while a file is read and shown in every view, an audit hook stops and tells of whatever is not on its list: imports,
compiling and running of code, marshal, sockets, processes, all of os that writes, and opening or listing anything but
the file, those beside it, and those in a folder beside it.
"""

from __future__ import annotations

import ast
import codecs
import importlib
import json
import os
import pkgutil
import re
import resource
import signal
import sys
from pathlib import Path

MEGABYTES, SECONDS = 256, 5
FRAMEWORKS = frozenset("torch tensorflow keras jax numpy onnx h5py safetensors gguf".split())
#: events that mean nothing is done beyond computing
HARMLESS = frozenset(
    ("object.__getattr__", "object.__setattr__", "sys._getframe", "builtins.id", "gc.get_objects", "signal.setitimer")
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: characters that a terminal acts on
ACTING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Forbidden(BaseException):
    """Something was tried that reading a file never does; no `except Exception` may hide it."""


class Watch:
    """The audit hook: off, or on for the files of one job."""

    def __init__(self) -> None:
        self.on = False
        self.told: list[str] = []
        self.files: frozenset[str] = frozenset()
        self.folders: frozenset[str] = frozenset()
        self.text = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and not self.allows(event, arguments):
            first = arguments[0] if arguments else ""
            self.told.append(f"{event} {getattr(first, 'co_filename', first)!s:.200}")
            raise Forbidden(self.told[-1])

    def allows(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            path, _, flags = arguments
            return self.beside(path) and isinstance(flags, int) and not flags & WRITING
        if event in ("os.listdir", "os.scandir"):
            return arguments[0] in self.folders
        return event in HARMLESS or (self.text and event == "compile")

    def beside(self, path: object) -> bool:
        """Whether a path is that of a file of the job, or of one that is missing beside it."""
        if path in self.files:
            return True
        return isinstance(path, str) and os.path.dirname(path) in self.folders and not os.path.lexists(path)


#: modules of the standard library that are loaded where fcntl is not there
OTHER_SYSTEMS = ("msvcrt",) if sys.platform != "win32" else ("fcntl", "resource")


def preload() -> None:
    """Load every module of nparams, and of the standard library what they load inside functions."""
    import nparams
    from nparams._foreign import foreign
    from nparams.architectures import catalogue

    assert nparams.__path__
    wanted: set[str] = set()
    for folder in nparams.__path__:
        for path in Path(folder).rglob("*.py"):
            wanted |= imported(ast.parse(path.read_text()))
    for module in pkgutil.walk_packages(nparams.__path__, "nparams."):
        if module.name != "nparams.__main__":
            importlib.import_module(module.name)
    for name in sorted(wanted):
        if name not in OTHER_SYSTEMS and name.partition(".")[0] in sys.stdlib_module_names:
            importlib.import_module(name)
    for text in ("784-16-10", "[(3, 4)]", "nn.Linear(3, 4)", "input 8; dense 3"):
        shown(nparams.read(text))  # what is loaded, or compiled into a pattern, at first use
    catalogue.types()  # a file of this package, read once
    for encoding in (
        "ascii",
        "latin-1",
        "utf-8",
        "utf-8-sig",
        "utf-16-le",
        "unicode_escape",
        "raw_unicode_escape",
        "cp437",
    ):
        codecs.lookup(encoding)
    foreign()  # the packages that are installed are looked through once, whatever a file holds


def imported(tree: ast.Module) -> set[str]:
    """The names of all modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def shown(network: object) -> None:
    """Show a network in every view; what is printed may not act on a terminal."""
    from nparams.registry import VIEWS

    for module in (*(view.module for view in VIEWS), "nparams.views.tensors"):
        page = str(sys.modules[module].render(network))
        if acting := ACTING.search(page):
            raise AssertionError(f"{module} prints {acting[0]!r}")


def answer(path: str) -> dict[str, object]:
    """What reading the file gives."""
    import nparams
    from nparams.errors import InvariantError, NparamsError

    try:
        network = nparams.read(Path(path))
        shown(network)
    except InvariantError as problem:
        return {"outcome": "broke", "says": f"InvariantError: {problem}"}
    except NparamsError as problem:
        return {"outcome": "refused", "says": str(problem), "flags": list(getattr(problem, "flags", ()))}
    except BaseException as problem:
        return {"outcome": "broke", "says": f"{type(problem).__name__}: {str(problem)[:300]}"}
    return {
        "outcome": "counted", "says": network.read_as, "total": str(network.total), "flags": list(network.flags),
        "elements": str(network.totals.elements), "notes": list(network.notes), "form": network.form,
    }  # fmt: skip


def inside(folder: Path) -> list[Path]:
    """The folders that lie in a folder: a model may have a part of its files in one."""
    return [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]


def used() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def limit_time() -> None:
    """SECONDS for this file: first an exception, then (for what never comes back to Python) the end of the process."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used()) + SECONDS + 3, hard))


def too_slow(*_: object) -> None:
    raise Forbidden(f"no answer after {SECONDS} s of the processor")


def limit_memory() -> None:
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (MEGABYTES << 20),) * 2)


def main() -> None:
    jobs = json.load(sys.stdin)
    preload()
    assert not FRAMEWORKS & set(sys.modules), FRAMEWORKS & set(sys.modules)
    watch = Watch()
    sys.addaudithook(watch)
    signal.signal(signal.SIGPROF, too_slow)
    limit_memory()
    for job in jobs:
        watch.told, watch.text = [], job.get("text", False)
        watch.files = frozenset((job["path"], *job.get("beside", ())))
        folder = Path(job["path"]).parent
        watch.folders = frozenset((str(folder), job["path"], *map(str, inside(folder))))
        start = used()
        limit_time()
        watch.on = True
        said = answer(job["path"])
        watch.on = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps({**said, "told": watch.told, "seconds": round(used() - start, 3)}), flush=True)


if __name__ == "__main__":
    main()
