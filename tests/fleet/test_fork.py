"""Models in a bucket, in a process that was forked: obstore's threads are not there, and it would wait for ever."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

import nparams
from nparams.errors import UsageError
from nparams.fleet import count_batch, find
from nparams.remote import store
from tests.remote.s3_server import Store, storing, without_login
from tests.safetensors_maker import T, safetensors

SMALL = safetensors([T("w", [4])])
SAID = r"s3://models: this process was started by fork after obstore was used, .* spawn or forkserver"
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*use of fork.*"),
]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    without_login(monkeypatch, tmp_path)
    with storing() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
        made.put("models", {f"d/m{k}.safetensors": SMALL for k in range(3)})
        yield made


def listed(place: str) -> int:
    return len(list(find([place])))


def read(place: str) -> int:
    return int(nparams.read(place).total)


#: what a process does, by the function and its argument
WAYS = [(listed, "s3://models/d"), (read, "s3://models/d/m1.safetensors"), (read, "s3://models/d")]


@contextmanager
def started(how: str) -> Iterator[ProcessPoolExecutor]:
    """A process that is killed at the end, for it may wait for ever."""
    with ProcessPoolExecutor(1, multiprocessing.get_context(how)) as pool:
        try:
            yield pool
        finally:
            for process in list(pool._processes.values()):
                process.kill()


def test_a_forked_process_is_told_at_once(bucket: Store) -> None:
    units = list(find(["s3://models/d"]))
    assert [row["total"] for row in count_batch(units)] == [4] * 3
    with started("fork") as pool:
        with pytest.raises(UsageError, match=SAID):
            pool.submit(count_batch, units).result(20)
        for function, place in WAYS:
            with pytest.raises(UsageError, match=SAID):
                pool.submit(function, place).result(20)


def test_a_bucket_that_was_opened_before_is_told_of_too(bucket: Store) -> None:
    opened = store.opened("s3://models/d").folder
    assert opened is not None
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(20)
        try:
            opened.open("m2.safetensors")
        except BaseException as problem:
            os.write(writing, f"{type(problem).__name__}: {problem}".encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with open(reading) as told:
        assert told.read().startswith("Forked: s3://models: this process was started by fork")


def test_processes_that_are_spawned_read(bucket: Store) -> None:
    units = list(find(["s3://models/d"]))
    with started("spawn") as pool:
        assert [row["total"] for row in pool.submit(count_batch, units).result(60)] == [4] * 3


def test_who_has_not_used_a_bucket_may_fork(bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as we know: the note is put aside here, and the child only opens the bucket."""
    monkeypatch.setattr(store, "_users", [])
    with started("fork") as pool:
        assert pool.submit(opens, "s3://models/d").result(20) == "s3"


def opens(place: str) -> str:
    return store.Bucket(place).scheme
