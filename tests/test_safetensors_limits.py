"""The worst headers and indexes that the limits let through: little memory, little work, and only our own errors."""

from __future__ import annotations

import pytest

from nparams.files._safetensors.header import MOST_TENSORS
from nparams.files._shards.index import MOST_INDEX, MOST_MAPPED
from nparams.files.safetensors import MOST_HEADER
from tests.limits import limited, need_limits
from tests.safetensors_maker import file_of

HEADER, INDEX = MOST_HEADER, MOST_INDEX
PLACE = '"data_offsets":[0,0]'
EMPTY = '{"dtype":"U8","shape":[0],' + PLACE + "}"


def filled(entry, limit: int, most: int = 1 << 60) -> bytes:
    """{entry(0),entry(1),...}: as many as `limit` bytes (and `most`) allow."""
    size, parts = 2, []
    for text in map(entry, range(most)):
        raw = text.encode()
        size += len(raw) + 1
        if size > limit:
            break
        parts.append(raw)
    return b"{" + b",".join(parts) + b"}"


def most_tensors(entry) -> bytes:
    return filled(entry, HEADER, MOST_TENSORS)


def numbers(i: int, k: int) -> str:
    """k numbers that no other entry has, each larger than Python keeps ready."""
    return ",".join(str(300 + i * k + j) for j in range(k))


def shaped(i: int) -> str:
    return f'"{i}":{{"dtype":"U8","shape":[0,{numbers(i, 7)}],{PLACE}}}'


def odd(i: int) -> str:
    return f'"{i}":{{{PLACE},"shape":[0,{numbers(i, 7)}],"dtype":"U8"}}'


def mapped(entry) -> bytes:
    return b'{"weight_map":' + filled(entry, INDEX - 100, MOST_MAPPED) + b"}"


HEADERS = {
    "as many tensors as are allowed": lambda: most_tensors(lambda i: f'"{i}":{EMPTY}'),
    "one tensor more": lambda: filled(lambda i: f'"{i}":{EMPTY}', HEADER, MOST_TENSORS + 1),
    "as many tensors as fit": lambda: filled(lambda i: f'"{i}":{EMPTY}', HEADER),
    "as many tensors, an escape hiding them": lambda: filled(
        lambda i: f'"{i}":' + EMPTY.replace("data_", "data\\u005f"), HEADER
    ),
    "no two shapes alike": lambda: most_tensors(shaped),
    "no two shapes alike, the slow way": lambda: most_tensors(odd),
    "names widened by one letter": lambda: most_tensors(lambda i: f'"{i}😀{"x" * 34}":{EMPTY}'),
    "modules of their own": lambda: most_tensors(lambda i: f'"{i}.weight":{EMPTY}'),
    "packed weights": lambda: most_tensors(lambda i: f'"{i // 2}.{"weight" if i % 2 else "scale"}":{EMPTY}'),
    "shapes to be read, one by one": lambda: most_tensors(
        lambda i: f'"{i // 3}.{("W_q", "nbits", "shape")[i % 3]}":{EMPTY}'
    ),
    "experts and copies": lambda: most_tensors(lambda i: f'"model_ema.experts.{i}.weight_v":{EMPTY}'),
    "names of 64 KB": lambda: filled(lambda i: f'"{"n" * 65_000}{i}":{EMPTY}', HEADER),
    "names of dots": lambda: filled(lambda i: f'"{i}{"." * 60_000}":{EMPTY}', HEADER),
    "one metadata text": lambda: b'{"__metadata__":{"a":"' + b"x" * (HEADER - 30) + b'"}}',
    "metadata of escapes": lambda: b'{"__metadata__":{"a":"' + b"\\u0041" * (HEADER // 6 - 10) + b'"}}',
    "metadata of pairs": lambda: b'{"__metadata__":' + filled(lambda i: f'"{i}":"{i}"', HEADER - 30) + b"}",
    "metadata of a widened text": lambda: b'{"__metadata__":{"a":"' + "😀".encode() + b"x" * (HEADER - 40) + b'"}}',
    "one list in another": lambda: b'{"a":' + b"[" * (HEADER - 6),
    "one object in another": lambda: b'{"a":' * (HEADER // 5),
    "a list of lists": lambda: b'{"a":[' + b"[]," * (HEADER // 3 - 9) + b"0]}",
    "spaces": lambda: b"{" + b" " * (HEADER - 1),
    "spaces and an end": lambda: b"{" + b" " * (HEADER - 2) + b"}",
    "spaces after the end": lambda: b"{}" + b" " * (HEADER - 2),
    "spaces inside an entry": lambda: b'{"a":{"dtype":"U8"' + b" " * (HEADER - 30) + b"}",
    "quotes": lambda: b"{" + b'"' * (HEADER - 1),
    "quotes and colons": lambda: b"{" + b'"":{' * (HEADER // 4 - 1),
    "ends of entries": lambda: b'{"' + b'},"' * (HEADER // 3 - 1),
    "backslashes": lambda: b'{"' + b"\\" * (HEADER - 2),
    "half of every pair": lambda: b'{"' + b"\\ud800" * (HEADER // 6 - 1),
    "a number": lambda: b'{"a":{"shape":[' + b"9" * (HEADER - 20),
    "zeros": lambda: b"\0" * HEADER,
    "bytes that are no text": lambda: b"{" + b"\xff" * (HEADER - 1),
    "text of four bytes a letter": lambda: b'{"' + "😀".encode() * (HEADER // 4 - 1),
}
INDEXES = {
    "as many names as are allowed": lambda: mapped(lambda i: f'"{i}":"a"'),
    "as many names as fit": lambda: b'{"weight_map":' + filled(lambda i: f'"{i}":"a"', INDEX - 100) + b"}",
    "as many shards as are allowed": lambda: mapped(lambda i: f'"{i}":"{i}"'),
    "long names": lambda: mapped(lambda i: f'"{i}{"n" * 100}":"a"'),
    "names widened by one letter": lambda: mapped(lambda i: f'"{i}😀{"x" * 60}":"a"'),
    "names of 64 KB": lambda: mapped(lambda i: f'"{"n" * 65_000}{i}":"{"f" * 255}"'),
    "metadata of lists": lambda: b'{"metadata":' + b"[" * (INDEX - 20),
    "keys": lambda: filled(lambda i: f'"{i}":0', INDEX),
    "keys of 64 KB": lambda: filled(lambda i: f'"{"k" * 65_000}{i}":0', INDEX),
    "a key": lambda: b'{"' + b"k" * (INDEX - 10) + b'":0}',
    "values of 64 KB": lambda: filled(lambda i: f'"{i}":"{"v" * 65_000}"', INDEX),
    "spaces": lambda: b"{" + b" " * (INDEX - 1),
    "text of four bytes a letter": lambda: b'{"' + "😀".encode() * (INDEX // 4 - 1),
    "a file name": lambda: b'{"weight_map":{"a":"' + b"f" * (INDEX - 30) + b'"}}',
    "backslashes": lambda: b'{"weight_map":{"a":"' + b"\\" * (INDEX - 30) + b'"}}',
}
BEFORE = """
import resource
from nparams.errors import NparamsError
from nparams.files.bytesource import FileSource, LocalFolder
from nparams.files import safetensors, safetensors_index
"""
CHILD = """
reader = safetensors if sys.argv[1] == "header" else safetensors_index
try:
    reader.read(FileSource(sys.argv[2]), LocalFolder(sys.argv[3])).total
except NparamsError as problem:
    said = type(problem).__name__ + " " + str(problem)
else:
    said = "counted"
assert said.isprintable() and len(said) < 400, said
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss // 1024, round(used.ru_utime, 1), said)
"""
CASES = [("header", name) for name in HEADERS] + [("index", name) for name in INDEXES]


@need_limits
@pytest.mark.parametrize(("kind", "name"), CASES, ids=[" ".join(c) for c in CASES])
def test_memory_stays_under_256_mb(tmp_path, kind, name):
    path = tmp_path / "m.safetensors"
    made = (HEADERS if kind == "header" else INDEXES)[name]()
    assert len(made) <= (HEADER if kind == "header" else INDEX)
    path.write_bytes(file_of(made) if kind == "header" else made)
    run = limited(BEFORE, CHILD, kind, path, tmp_path)
    print(kind, name, run.stdout)
    assert (run.returncode, run.stderr[-500:]) == (0, "")
