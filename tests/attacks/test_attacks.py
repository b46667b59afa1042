"""Every attack, and every shared real file, read in the guarded process: what comes of it, and that nothing is done."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.attacks import _run
from tests.attacks._attack import Attack, Count, write
from tests.attacks._guard import inside
from tests.conftest import shared
from tests.limits import limited, need_limits

TABLES = _run.tables()
ROWS = [(module, row) for module, rows in TABLES.items() for row in rows]
IDS = [f"{module}: {row.what}" for module, row in ROWS]
pytestmark = need_limits


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each attack; all are read by one process, as long as none ends it."""
    folder = tmp_path_factory.mktemp("attacks")
    paths = [write(row, folder / str(i)) for i, (_, row) in enumerate(ROWS)]
    texts = [row.text for _, row in ROWS]
    jobs = [{"path": str(p), "beside": beside(p.parent), "text": text} for p, text in zip(paths, texts, strict=True)]
    found = _run.answers(jobs)
    for path, said in zip(paths, found, strict=True):
        said["says"] = said["says"].replace(f"{path.parent}/", "").replace(str(path.parent), "FOLDER")
    return dict(zip(IDS, found, strict=True))


def beside(folder: Path) -> list[str]:
    """What may be opened: the files of the folder, those in folders of it, and all of a Core ML package's."""
    package = [path for name in ("Data", "weights") for path in (folder / name).rglob("*")]
    return [
        str(path) for path in (*folder.iterdir(), *(f for each in inside(folder) for f in each.iterdir()), *package)
    ]


def test_names_are_not_used_twice() -> None:
    assert len(set(IDS)) == len(IDS) > 20


#: what has been done to other readers of models: each is cited by an attack on this one
KNOWN = """
CVE-2025-32434 CVE-2026-24747 picklescan fickling nullifAI evil_keras CVE-2024-3660 CVE-2025-1550 CVE-2025-9905 #23055
CVE-2025-8747 CVE-2025-12058 CVE-2025-12060 CVE-2026-1669 #22900 #22975 #22976 tf-keras#921 #23010 #23016
CVE-2022-25882 CVE-2024-27318 CVE-2024-5187 CVE-2025-51480 CVE-2026-27489 CVE-2026-34445 CVE-2024-21802 CVE-2026-33298
CVE-2026-7482 llama.cpp#19856 CVE-2019-6446 CVE-2020-10735 CVE-2020-14343 CVE-2020-15211 CWE-776 CWE-674 CWE-1236
42.zip polyglot header_bloat ReDoS git-lfs huggingface_hub#4221
""".split()


def test_known_attacks_are_here() -> None:
    cited = " ".join(row.source for _, row in ROWS)
    assert [each for each in KNOWN if each.replace("_b", " b") not in cited and each not in cited] == []


@pytest.mark.parametrize(("module", "row"), ROWS, ids=IDS)
def test_attack(answers: dict[str, dict[str, Any]], module: str, row: Attack) -> None:
    said = answers[f"{module}: {row.what}"]
    assert said["told"] == []
    if isinstance(row.expected, Count):
        found = {"total": said.get("total"), "flags": tuple(flag["kind"] for flag in said.get("flags", ()))}
        assert (said["outcome"], said["says"], found) == (
            "counted", said["says"], {"total": str(row.expected.total), "flags": row.expected.flags},
        )  # fmt: skip
    else:
        assert (said["outcome"], said["says"]) == ("refused", row.message)


def test_real_files_are_read_and_nothing_else_is_done() -> None:
    models = shared("models")
    with (models / "manifest.tsv").open(newline="") as file:
        paths = [models / row["file"] for row in csv.DictReader(file, delimiter="\t")]
    jobs = [{"path": str(path), "beside": beside(path.parent), "text": True} for path in paths]
    broken = {
        str(path.relative_to(models)): said
        for path, said in zip(paths, _run.answers(jobs), strict=True)
        if said["told"] or said["outcome"] not in ("counted", "refused")
    }
    assert broken == {}
    assert len(paths) > 50


# what a reader might do, as a line of Python | the event that must stop it
DONE = [
    ("import pickletools", "import pickletools"),
    ("import xml.sax.expatreader", "import xml.sax.expatreader"),
    ("eval('1 + 1')", "compile"),
    ("exec(compile('x = 1', 'f', 'exec'))", "compile"),
    ("__import__('marshal').loads(b'N')", "marshal.loads"),
    ("open('/etc/passwd')", "open /etc/passwd"),
    ("os.open(path, os.O_RDWR)", "open PATH"),
    ("open(path, 'ab')", "open PATH"),
    ("os.listdir('/')", "os.listdir /"),
    ("os.system('true')", "os.system"),
    ("os.remove(path)", "os.remove PATH"),
    ("os.mkdir(path + 'x')", "os.mkdir PATHx"),
    ("os.symlink(path, path + 'x')", "os.symlink PATH"),
    ("os.putenv('A', 'b')", "os.putenv"),
    ("os.fork()", "os.fork"),
    ("__import__('_socket').socket()", "socket.__new__"),
    ("__import__('_posixsubprocess')", "import _posixsubprocess"),
    ("__import__('pickle').loads(b'cos\\nsystem\\n.')", "pickle.find_class os"),
    ("b'x'.decode('cp1252')", "import encodings.cp1252"),
    ("(lambda: 0).__code__.replace(co_name='f')", "code.__new__"),
    ("sys.addaudithook(print)", "sys.addaudithook"),
    ("import ctypes; ctypes.string_at(0)", "import ctypes"),
]
CANARY = """
import json, os, sys
import marshal, pickle, _socket
from tests.attacks import _guard
path, lines = sys.argv[1], json.loads(sys.argv[2])
held = {"os": os, "sys": sys}
for i, line in enumerate(lines):
    exec(f"def f{i}(path):\\n {line}", held)
watch = _guard.Watch()
watch.files = frozenset([path])
sys.addaudithook(watch)
for i in range(len(lines)):
    watch.told, watch.on = [], True
    try:
        held[f"f{i}"](path)
    except BaseException:
        pass
    watch.on = False
    print(json.dumps(watch.told))
"""


def test_the_guard_stops_what_it_should(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    path.write_bytes(b"")
    run = limited("", CANARY, path, json.dumps([line for line, _ in DONE]), seconds=20)
    assert run.returncode == 0, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    wanted = [event for _, event in DONE]
    seen = [" ".join(t).replace(str(path), "PATH")[: len(w)] for t, w in zip(told, wanted, strict=True)]
    assert seen == wanted
    assert list(tmp_path.iterdir()) == [path]


# a reader that ends badly | what is told of it
BAD = [
    ("while True: pass", "Forbidden: no answer after 1 s of the processor"),
    ("bytes(1 << 29)", "MemoryError: "),
    ("f(path)", "RecursionError: maximum recursion depth exceeded"),
    ("raise KeyError('x')", "KeyError: 'x'"),
    ("import _posixsubprocess", "Forbidden: import _posixsubprocess"),
    ("os._exit(3)", "exit 3 "),
]
READER = """
import os, sys
from tests.attacks import _guard
_guard.SECONDS, line = 1, sys.argv[1]
import nparams, nparams.errors
held = {"os": os}
exec(f"def f(path):\\n {line}", held)
nparams.read = lambda path: held["f"](path)
_guard.preload = lambda: None
_guard.main()
"""


@pytest.mark.parametrize(("code", "says"), BAD)
def test_the_guard_tells_of_a_reader_that_ends_badly(tmp_path: Path, code: str, says: str) -> None:
    (said,) = _run.answers([{"path": str(tmp_path)}], "-c", READER, code)
    assert said["outcome"] in ("broke", "killed")
    assert said["says"].startswith(says)
