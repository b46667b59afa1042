"""What a table promises, whichever kind its parts are: a class of tests for the two modules that name a kind."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.errors import NparamsError, ReadError, UsageError
from nparams.fleet import store
from nparams.fleet._store import files
from nparams.fleet.rows import MOST, NAMES
from nparams.fleet.units import FOLDER, SHARDS, Entry, Listing, Unit
from tests.store_world import FIRST, ROOT, SECOND, THIRD, held, names, on_disk, row, scan, tensor, tensors_held, unit

RESULT = [f"{ROOT}/{name}" for name in sorted({*FIRST, *THIRD})]
needs_processes = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes")

HOSTILE = "a\x00b\n\r\u2028\u202e\x1b[31m\"'\\ é 漢 \U0001f600"
ODD_NAMES = ["m\udcff", "m\\udcff", "m\\\\udcff", "\\m\udcff", "\\\\m\udcff", "m\ud83d\ude00", "m\\", HOSTILE]


def broken_off(path: str, units: Iterable[Unit], problem: type[BaseException]) -> None:
    """A scan that ends with an exception when it has read some models."""
    with store.Table(path) as table:
        for each in units:
            assert not table.is_known(each)
            table.add(row(each))
        raise problem


def started(code: str) -> subprocess.Popen[bytes]:
    """A Python that runs some code, and waits where that reads a line."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)


class Cases:
    """Tests that hold for both kinds; a subclass names its kind, and sees to it that new tables are of it."""

    kind: files.Kind

    @pytest.fixture
    def path(self, tmp_path: Path) -> str:
        return str(tmp_path / "table")

    def part(self, path: str, number: int, run: int = 1, folder: str = "models") -> str:
        return os.path.join(path, folder, files.Part(run, number).name(self.kind.ending))

    def test_every_value_comes_back(self, path: str) -> None:
        full = {
            "uri": f"/models/{HOSTILE}", "total": MOST, "unknown": 0, "declared": -1, "dtypes": {HOSTILE: MOST, "": 0},
            "components": {}, "bits_per_parameter": 4.25, "flags": [{"kind": "k", "text": HOSTILE}] * 2,
            "notes": [HOSTILE, ""], "error": HOSTILE, "stamp": "", "gone": None, "size": 2**53 + 1,
        }  # fmt: skip
        empty = {name: [] if name in ("flags", "notes") else None for name in NAMES} | {"uri": "/models/b"}
        full = empty | full
        with store.Table(path) as table:
            table.add(dict(full))
            table.add(dict(empty))
            table.finish(True, [ROOT])
        assert list(store.rows(path)) == [full, empty]
        assert names(path) == [".lock", f"models/part-0001-00001{self.kind.ending}", "scan.json"]

    def test_names_that_are_no_utf8_are_escaped_and_known_again(self, path: str) -> None:
        world = dict.fromkeys(ODD_NAMES, (5, "mark"))
        assert scan(path, world) == ODD_NAMES
        assert scan(path, world) == []
        uris = {each["uri"] for each in store.rows(path)}
        assert len(uris) == len(ODD_NAMES)
        assert {"/models/m\\udcff", "/models/m\\\\udcff", f"/models/{HOSTILE}"} <= uris
        assert [each["gone"] for each in store.rows(path)] == [None] * len(ODD_NAMES)
        scan(path, {}, root=f"{ROOT}/m\udcff")
        assert [each["uri"] for each in store.rows(path) if each["gone"]] == ["/models/m\\udcff"]

    def test_texts_of_a_row_are_escaped_wherever_they_stand(self, path: str) -> None:
        odd = "\udc80"
        flags = [{"kind": odd, "text": odd}]
        made = row(unit("m", 1, odd), dtypes={odd: 1}, flags=flags, notes=[odd], tensors=[tensor("/models/m", odd, 1)])
        with store.Table(path, True) as table:
            table.add(made)
        [back] = store.rows(path)
        [beside] = store.tensors(path)
        assert "tensors" not in made
        assert (back["stamp"], back["dtypes"], back["notes"]) == ("\\udc80", {"\\udc80": 1}, ["\\udc80"])
        assert (back["flags"], beside["name"]) == ([{"kind": "\\udc80", "text": "\\udc80"}], "\\udc80")
        with store.Table(path, True) as table:
            assert table.is_known(unit("m", 1, odd))

    # when a part is committed

    def test_a_part_has_so_many_rows(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "ROWS", 4)
        with store.Table(path) as table:
            for i in range(9):
                table.add(row(unit(f"m{i}", 1, "x")))
                assert len(on_disk(path)) == (i + 1) // 4 * 4
            table.finish(True, [ROOT])
        assert [len(on_disk(path)), len(names(path))] == [9, 3 + 2]

    def test_a_part_waits_so_many_seconds_from_its_first_row(self, path: str) -> None:
        time = 1_000.0
        with store.Table(path, clock=lambda: time) as table:
            table.tick()
            for time, committed in ((1_000.0, 0), (1_029.9, 0), (1_030.0, 3), (1_059.0, 3), (1_088.9, 3), (1_089.0, 6)):
                table.add(row(unit(f"m{time}", 1, "x")))
                assert len(on_disk(path)) == committed
            time = 2_000.0
            table.add(row(unit("m", 1, "x")))
            time = 2_031.0
            assert len(on_disk(path)) == 6
            table.tick()
            assert len(on_disk(path)) == 7

    def test_many_tensors_are_not_held(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "TENSOR_ROWS", 5)
        with store.Table(path, True) as table:
            for name, committed in (("a", 0), ("a", 0), ("a", 0), ("b", 0), ("c", 3), ("d", 3)):
                table.add(row(unit(name, 1, "x")))
                assert len(on_disk(path)) == committed
        assert len(tensors_held(path)) == 8

    # what is read again

    def test_increments(self, path: str) -> None:
        assert scan(path, FIRST) == list(FIRST)
        assert scan(path, FIRST) == []
        before = {each["uri"]: each for each in store.rows(path)}
        assert scan(path, SECOND) == []
        assert scan(path, THIRD) == ["m10", "m11", "m12", "m2", "m3", "m9"]
        after = {each["uri"]: each for each in store.rows(path)}
        assert on_disk(path) == sorted(after) == RESULT
        assert [uri for uri in after if after[uri]["gone"]] == [f"{ROOT}/m4"]
        assert after[f"{ROOT}/m2"]["total"] == 9_000
        same = [f"{ROOT}/{name}" for name in ("m0", "m1", "m5", "m6", "m7", "m8")]
        assert [after[uri] for uri in same] == [before[uri] for uri in same]

    def test_a_scan_that_changes_nothing_writes_no_part(self, path: str) -> None:
        scan(path, FIRST)
        before = os.stat(self.part(path, 1))
        scan(path, FIRST)
        assert names(path) == [".lock", f"models/part-0001-00001{self.kind.ending}", "scan.json"]
        assert os.stat(self.part(path, 1)) == before

    def test_what_is_back_and_changed_is_read(self, path: str) -> None:
        scan(path, FIRST)
        scan(path, SECOND)
        assert scan(path, {**SECOND, "m5": (7, "new")}) == ["m5"]
        [back] = [each for each in store.rows(path) if each["uri"].endswith("m5")]
        assert (back["gone"], back["total"]) == (None, 7)
        assert len(on_disk(path)) == len(FIRST)

    def test_what_is_gone_keeps_the_time_when_it_was_missed(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        scan(path, FIRST)
        monkeypatch.setattr(store, "now", lambda: "2026-01-01T00:00:00Z")
        scan(path, SECOND)
        monkeypatch.setattr(store, "now", lambda: "2026-01-02T00:00:00Z")
        scan(path, {"m0": FIRST["m0"]})
        gone = {each["uri"][-2:]: each["gone"] for each in store.rows(path)}
        assert (gone["m0"], gone["m5"], gone["m8"]) == (None, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")

    @pytest.mark.parametrize(
        ("size", "stamp", "reader", "known"),
        [(1, "x", "", True), (2, "x", "", False), (None, "x", "", False), (1, "y", "", False), (1, "", "", False),
         (1, "x", "0.0.0", False)],
    )  # fmt: skip
    def test_what_makes_a_model_known(
        self, path: str, size: int, stamp: str, reader: str, known: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan(path, {"m": (1, "x")})
        if reader:
            monkeypatch.setattr(nparams, "__version__", reader)
        with store.Table(path) as table:
            assert table.is_known(unit("m", size, stamp)) is known
            assert not table.is_known(unit("n", size, stamp))
            assert table.finish(True, [ROOT]) == (0, known, 0)  # it was seen: it is not gone

    def test_what_the_listing_does_not_say_is_read_each_time(self, path: str) -> None:
        listed = unit("m", None, "")
        with store.Table(path) as table:
            table.add(row(listed, size=5, stamp="etag"))
        with store.Table(path) as table:
            assert not table.is_known(listed)
            assert table.is_known(unit("m", 5, "etag"))

    @pytest.mark.parametrize("kind", [SHARDS, FOLDER])
    def test_of_several_files_each_must_have_a_stamp(self, path: str, kind: str) -> None:
        def model(*stamps: str) -> Unit:
            found = {f"{i}.bin": Entry(5, stamp) for i, stamp in enumerate(stamps)}
            return Unit(Listing(ROOT, found), kind, tuple(found) if kind == SHARDS else ())

        for stamps, known in ((("a", "b"), True), (("a", ""), False)):
            with store.Table(path) as table:
                table.add(row(model(*stamps)))
                table.finish(True, [ROOT])
            with store.Table(path) as table:
                assert table.is_known(model(*stamps)) is known
                assert not table.is_known(model("a", "c"))

    def test_what_could_not_be_listed_is_tried_again(self, path: str) -> None:
        closed = Unit(Listing(ROOT, {}), FOLDER, (), "permission denied")
        for _ in range(2):
            with store.Table(path) as table:
                assert not table.is_known(closed)
                table.add(row(closed, error_kind="read"))

    def test_errors_that_are_tried_again(self, path: str) -> None:
        def known(**options: Any) -> list[bool]:
            with store.Table(path, **options) as table:
                return [table.is_known(unit(kind, 1, "x")) for kind in ("format", "fetch", "transfer")]

        with store.Table(path) as table:
            for kind in ("format", "fetch", "transfer"):
                table.add(row(unit(kind, 1, "x"), error_kind=kind))
        assert known() == [True, True, False]
        assert known(again=("fetch", "transfer")) == [True, False, False]

    def test_of_a_uri_that_comes_twice_the_last_row_counts(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "ROWS", 2)
        with store.Table(path, True) as table:
            for name, size in (("a", 1), ("a", 2), ("b", 3), ("c", 4), ("b", 5), ("c", 6)):
                table.add(row(unit(name, size, "x")))
            assert table.finish(True, [ROOT]).read == 3
        assert [each["total"] for each in held(path)] == [2, 5, 6]
        assert on_disk(path) == ["/models/a", "/models/b", "/models/c"]
        assert len(tensors_held(path)) == 6

    # what is gone

    def test_only_what_lies_below_the_roots_can_be_gone(self, path: str) -> None:
        for root in ("/a", "/ab", "s3://bucket/x", "/a/b"):
            scan(path, {"m": (1, "x"), "n": (1, "x")}, root=root)
        scan(path, {"m": (1, "x")}, root="/a/")
        scan(path, {"m": (1, "x")}, root="s3://bucket/x")
        gone = [each["uri"] for each in held(path) if each["gone"]]
        assert gone == ["/a/b/m", "/a/b/n", "/a/n", "s3://bucket/x/n"]

    @pytest.mark.parametrize(
        ("root", "gone"),
        [("/", 3), ("", 3), ("/models", 3), ("/models/", 3), ("/model", 0), ("/models/m0", 1), ("s3://models", 0)],
    )
    def test_roots(self, path: str, root: str, gone: int) -> None:
        scan(path, {"m0": (1, "x"), "m01": (1, "x"), "m1": (1, "x")})
        with store.Table(path) as table:
            assert table.finish(True, [root]).gone == gone

    def test_without_a_root_nothing_is_gone(self, path: str) -> None:
        scan(path, FIRST)
        with store.Table(path) as table:
            assert table.finish(True, []) == (0, 0, 0)

    def test_only_what_the_scan_would_find_can_be_gone(self, path: str) -> None:
        scan(path, dict.fromkeys(["m\udcff.bin", "m.gguf"], (1, "x")))
        asked = []

        def within(uri: str) -> bool:
            asked.append(uri)
            return uri.endswith(".gguf")

        with store.Table(path) as table:
            assert table.finish(True, [ROOT], within).gone == 1
        assert sorted(asked) == ["/models/m.gguf", "/models/m\udcff.bin"]
        assert [each["uri"] for each in store.rows(path) if each["gone"]] == ["/models/m.gguf"]

    def test_a_walk_that_was_not_whole_marks_nothing(self, path: str) -> None:
        scan(path, FIRST)
        scan(path, SECOND)
        assert scan(path, {"m2": (1, "changed"), "m5": FIRST["m5"]}, complete=False) == ["m2"]
        assert [each["gone"] for each in store.rows(path)] == [None] * len(FIRST)  # and m5 is back
        assert len(on_disk(path)) == len(FIRST)

    @pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError, ReadError])
    def test_an_exception_commits_what_is_done(self, path: str, problem: type[BaseException]) -> None:
        scan(path, FIRST)
        with pytest.raises(problem):
            broken_off(path, [unit("m2", 1, "changed"), unit("m9", 1, "new")], problem)
        assert [each["gone"] for each in store.rows(path)] == [None] * 10
        assert len(on_disk(path)) == 10
        assert scan(path, {**FIRST, "m2": (1, "changed"), "m9": (1, "new")}) == []

    # tensors

    def test_tensors_follow_their_models(self, path: str) -> None:
        for world in (FIRST, SECOND, THIRD):
            scan(path, world, tensors=True)
        expected = [(each["uri"], f"{i}.weight", each["total"] + i) for each in held(path) for i in range(2)]
        assert tensors_held(path) == expected
        scan(path, {"m0": (1, "changed")})  # without tensors: those of its older row are not its own any more
        assert tensors_held(path) == [each for each in expected if each[0] != f"{ROOT}/m0"]

    def test_tensors_that_are_lacking_make_a_model_unknown(self, path: str) -> None:
        with store.Table(path) as table:
            table.add(row(unit("bad", 1, "x"), error_kind="format"))
            table.add(row(unit("m", 1, "x")))
        assert scan(path, dict.fromkeys(["m", "bad"], (1, "x"))) == []
        assert tensors_held(path) == []
        assert scan(path, dict.fromkeys(["m", "bad"], (1, "x")), tensors=True) == ["m"]
        assert tensors_held(path) == [("/models/m", "0.weight", 1), ("/models/m", "1.weight", 2)]
        assert scan(path, dict.fromkeys(["m", "bad"], (1, "x")), tensors=True) == []

    # what a kill leaves

    @needs_processes
    def test_a_kill_at_any_moment_loses_nothing_and_repeats_nothing(self, tmp_path: Path) -> None:
        whole = str(tmp_path / "whole")
        expected = {}
        for stage, worlds in (("first", [FIRST]), ("third", [SECOND, THIRD])):
            for world in worlds:
                scan(whole, world, tensors=True)
            expected[stage] = held(whole), tensors_held(whole)
        kind = "lines" if self.kind is files.LINES else "parquet"
        command = [sys.executable, "-m", "tests.store_world", str(tmp_path / "killed"), kind]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        assert len(told) >= 50
        for each in map(json.loads, told):
            rows, tensors = expected[each["stage"]]
            world = {"first": FIRST, "third": THIRD}[each["stage"]]
            committed = {(found["uri"], found["stamp"]) for found in each["after"]}
            unread = [name for name, (_, stamp) in world.items() if (f"{ROOT}/{name}", stamp) not in committed]
            assert each["read"] == unread
            assert each["rows"] == rows
            assert list(map(tuple, each["tensors"])) == tensors
            assert each["on_disk"] == [found["uri"] for found in rows]
            assert not [name for name in each["names"] if name.endswith(".tmp")]

    def test_what_a_kill_leaves_is_cleaned_away(self, path: str) -> None:
        scan(path, FIRST, tensors=True)
        whole = names(path)
        for left in (f"{self.part(path, 1, 2)}.tmp", f"{self.part(path, 1, 2, 'tensors')}.tmp", f"{path}/scan.json.tmp",
                     self.part(path, 2, 2, "tensors")):  # fmt: skip
            Path(left).write_bytes(b"half")
        with store.Table(path):
            assert names(path) == whole

    def test_of_two_parts_the_later_one_counts(self, path: str) -> None:
        scan(path, {"m": (1, "x"), "n": (1, "x")}, tensors=True)
        scan(path, {"o": (1, "x")}, tensors=True)
        for folder in ("models", "tensors"):
            os.rename(self.part(path, 1, 1, folder), self.part(path, 12_345, 3, folder))
        scan(str(Path(path) / "../other"), {"m": (2, "y")}, tensors=True)
        for folder in ("models", "tensors"):
            os.rename(self.part(f"{path}/../other", 1, 1, folder), self.part(path, 123_456, 3, folder))
        assert len(on_disk(path)) == 4
        assert [each["total"] for each in held(path)] == [2, 1, 1]
        assert len(tensors_held(path)) == 6
        with store.Table(path):
            pass
        assert on_disk(path) == ["/models/m", "/models/n", "/models/o"]
        assert [each["total"] for each in held(path)] == [2, 1, 1]
        assert len(tensors_held(path)) == 6
        scan(path, {"p": (1, "x")})
        assert os.path.exists(self.part(path, 1, 4))

    # a disk that is full, parts that are damaged, folders that are something else

    @pytest.mark.parametrize("call", ["open", "fsync", "replace"])
    @pytest.mark.parametrize("number", range(4))
    def test_a_full_disk(self, path: str, call: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
        scan(path, FIRST, tensors=True)
        whole, before = held(path), tensors_held(path)
        left = [number]

        def full(function: Callable[..., Any]) -> Callable[..., Any]:
            def called(*args: Any) -> Any:
                if call == "open" and args[-1] != "wb":
                    return function(*args)
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return function(*args)

            return called

        world = {**FIRST, "m0": (5, "changed"), "m9": (5, "changed")}
        if call == "open":
            monkeypatch.setattr(files, "open", full(open), raising=False)
        else:
            monkeypatch.setattr(os, call, full(getattr(os, call)))
        with pytest.raises(UsageError) as caught:
            scan(path, world, tensors=True)
        monkeypatch.undo()
        assert "cannot be written: No space left on device; the parts that were finished are kept" in str(caught.value)
        assert str(caught.value).startswith(path)
        assert not [name for name in names(path) if name.endswith(".tmp")]
        after = held(path)
        assert after == whole or [each["uri"][-2:] for each in after if each["stamp"] == "changed"] == ["m0", "m9"]
        assert len(tensors_held(path)) == len(before) + 2 * (len(after) - len(whole))
        assert scan(path, world, tensors=True) == (["m0", "m9"] if after == whole else [])
        assert len(on_disk(path)) == 10

    def test_a_write_that_fails_in_the_middle(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        class Full:
            """A file that takes a hundred bytes."""

            def __init__(self, name: str, mode: str) -> None:
                self.file = open(name, mode)  # noqa: SIM115
                self.left = 100

            def write(self, data: bytes) -> int:
                self.left -= len(data)
                if self.left < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return self.file.write(data)

            def __enter__(self) -> Full:
                return self

            def __exit__(self, *_: object) -> None:
                self.file.close()

            def __getattr__(self, name: str) -> Any:
                return getattr(self.file, name)

        scan(path, SECOND)
        before = names(path)
        monkeypatch.setattr(files, "open", Full, raising=False)
        with pytest.raises(UsageError, match="No space left on device"):
            scan(path, {"m9": (1, "x")})
        monkeypatch.undo()
        assert names(path) == before
        assert len(held(path)) == len(SECOND)

    def test_a_full_disk_is_told_where_ctrl_c_cannot_commit(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(fd: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        scan(path, {})
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(UsageError, match="No space left on device"):
            broken_off(path, [unit("m", 1, "x")], KeyboardInterrupt)

    @pytest.mark.parametrize("folder", ["models", "tensors"])
    def test_a_part_that_was_cut_short_is_named(self, path: str, folder: str) -> None:
        scan(path, FIRST, tensors=True)
        part = self.part(path, 1, 1, folder)
        os.truncate(part, os.path.getsize(part) - 9)
        with pytest.raises(ReadError) as caught:
            scan(path, {"m0": (1, "changed")}, tensors=True)
        assert str(caught.value).startswith(f"{part}: damaged (")
        assert str(caught.value).endswith("; delete it and scan again: its models are read again")
        assert "\n" not in str(caught.value)
        with pytest.raises(ReadError, match=r": damaged \("):
            list(store.tensors(path))
        os.unlink(part)
        assert set(scan(path, FIRST, tensors=True)) >= {"m0", "m1"}
        assert (len(held(path)), len(on_disk(path)), len(tensors_held(path))) == (9, 9, 18)

    def test_damage_is_told_and_never_thrown(self, path: str) -> None:
        scan(path, FIRST)
        part = Path(self.part(path, 1))
        whole = part.read_bytes()
        told = 0
        for at in range(0, len(whole), max(1, len(whole) // 300)):
            for broken in (whole[:at], whole[:at] + bytes((whole[at] ^ 0xFF,)) + whole[at + 1 :]):
                part.write_bytes(broken)
                with suppress(ReadError):
                    list(store.rows(path))
                    told -= 1
                told += 1
        assert told > 300

    @pytest.mark.parametrize(
        ("made", "told"),
        [({"a.txt": "x"}, 'holds "a.txt" and no scan.json, so it is no scan\'s table; name an empty folder'),
         ({".lock": "", "\x1b[31m": ""}, 'holds "\\x1b[31m" and no scan.json'),
         ({"models/part-0001-00001.jsonl": ""}, 'holds "models" and no scan.json'),
         ({"scan.json": "{}"}, "scan.json: not the scan.json of nparams scan; name another folder"),
         ({"scan.json": "{"}, "not the scan.json of nparams scan"),
         ({"scan.json": '{"what": "nparams scan", "schema": 2, "kind": "Parquet", "nparams": "9.9"}'},
          ': a table of nparams "9.9", which this version does not know; upgrade nparams, or name another folder'),
         ({"scan.json": '{"what": "nparams scan", "schema": 1, "kind": "Avro", "nparams": "9.9"}'}, "does not know")],
    )  # fmt: skip
    def test_a_folder_that_is_something_else(self, path: str, made: dict[str, str], told: str) -> None:
        for name, text in made.items():
            os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
            Path(f"{path}/{name}").write_text(text)
        with pytest.raises(NparamsError) as caught, store.Table(path):
            pass
        assert str(caught.value).startswith(path)
        assert told in str(caught.value)
        assert [name for name in names(path) if name != ".lock"] == sorted(name for name in made if name != ".lock")

    def test_a_file_is_no_folder(self, path: str) -> None:
        Path(path).write_text("")
        with pytest.raises(UsageError, match=r"table: a file, and a table is a folder; name an empty or a new one$"):
            store.Table(path).__enter__()
        with pytest.raises(UsageError, match=r"x: Not a directory$"):
            store.Table(f"{path}/x").__enter__()

    def test_a_folder_without_a_table_is_not_read(self, path: str) -> None:
        with pytest.raises(ReadError, match=r"table: no table of a scan: there is no scan.json in it$"):
            list(store.rows(path))
        assert not os.path.exists(path)

    def test_parts_of_two_kinds(self, path: str) -> None:
        scan(path, FIRST)
        other = next(kind for kind in files.KINDS.values() if kind is not self.kind)
        Path(path, "models", f"part-0001-00002{other.ending}").write_text("")
        Path(path, "models", "notes.txt").write_text("what is no part is left alone")
        with pytest.raises(
            UsageError, match=f"models: part-0001-00002{other.ending} among parts of {self.kind.name}; a"
        ):
            scan(path, FIRST)

    # one scan at a time

    def test_two_scans_at_once(self, path: str) -> None:
        with store.Table(path):
            with pytest.raises(UsageError) as caught, store.Table(path):
                pass
            assert str(caught.value) == f"{path}: another scan is writing here; wait for it, or name another folder"
            assert list(store.rows(path)) == []  # reading needs no lock
        scan(path, FIRST)
        with pytest.raises(RuntimeError), store.Table(path):
            raise RuntimeError
        os.truncate(self.part(path, 1), 5)
        for _ in range(2):
            with pytest.raises(ReadError, match="damaged"), store.Table(path):
                pass

    @needs_processes
    def test_two_processes_at_once(self, path: str) -> None:
        scan(path, {})
        code = f"from nparams.fleet.store import Table\nwith Table({path!r}): print('in', flush=True), input()"
        with started(code) as process:
            assert process.stdout
            assert process.stdout.readline() == b"in\n"
            with pytest.raises(UsageError, match="another scan is writing here"):
                store.Table(path).__enter__()
            process.kill()
        with store.Table(path):
            pass

    @needs_processes
    def test_a_worker_that_outlives_a_killed_scan_holds_no_lock(self, path: str) -> None:
        code = (
            "import os, signal\nfrom nparams.fleet.store import Table\n"
            f"with Table({path!r}):\n    ready, begun = os.pipe()\n    if not os.fork():\n"
            "        os.write(begun, b'.')\n        input()\n        os._exit(0)\n"
            "    os.read(ready, 1)\n    os.kill(os.getpid(), signal.SIGKILL)"
        )
        scan(path, {})
        with started(code) as process:
            process.wait()
            with store.Table(path):  # the child still waits for its line
                pass

    # scan.json

    def test_scan_json_says_what_was_scanned(self, path: str) -> None:
        scan(path, FIRST)
        with store.Table(path) as table:
            table.finish(False, [f"r{i}" for i in range(150)])
        told = json.loads(Path(path, "scan.json").read_text())
        assert (told["what"], told["schema"], told["kind"]) == ("nparams scan", 1, self.kind.name)
        assert told["nparams"] == nparams.__version__
        first, second = told["scans"]
        assert first.pop("at").endswith("Z")
        assert first == {"run": 1, "complete": True, "roots": [ROOT], "of_roots": 1, "read": 9, "known": 0, "gone": 0}
        assert (second["run"], second["complete"], len(second["roots"]), second["of_roots"]) == (2, False, 100, 150)
