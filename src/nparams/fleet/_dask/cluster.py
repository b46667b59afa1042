"""The cluster that is named, or processes of this machine: connected to in bounded time, quiet, and left as it was."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

from nparams.errors import FetchError, UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

CONNECT = 10  # seconds
#: a variable of Python's: whoever is started looks for no module in the folder that it works in
SAFE = "PYTHONSAFEPATH"
SILENT = 60  # a level of logging above the highest
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado.application", "asyncio")


@contextmanager
def connected(scheduler: str | None) -> Iterator[Any]:
    """A client of the cluster that is named, or of one on this machine that ends with it."""
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise UsageError(
            "the engine dask needs distributed: pip install 'nparams[dask]', or distributed beside it"
        ) from None
    address = scheduler or dask.config.get("scheduler-address", None)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"}))
        if address is None:
            stack.enter_context(_paths_safe())
        cluster = stack.enter_context(_here()) if address is None else None
        client = _connected(Client, address if cluster is None else cluster.scheduler_address)
        stack.callback(client.close)
        yield client


def _connected(client: Any, address: str) -> Any:
    import asyncio
    import warnings
    from concurrent.futures import ThreadPoolExecutor

    try:
        with warnings.catch_warnings(), ThreadPoolExecutor(1) as pool:
            warnings.simplefilter("ignore")  # of other versions of packages that no row depends on
            pool.submit(asyncio.run, _probed(client, address)).result()
            return client(address, timeout=CONNECT, set_as_default=False)
    except Exception as problem:
        reason = "" if isinstance(problem, OSError) else f" ({shown(str(problem))})"
        raise FetchError(
            f"Dask: no scheduler answers at {shown(address, 200)} within {CONNECT} s{reason}: is it running, and may "
            f"this machine reach it? `dask scheduler` starts one",
            again=True,
            reached=False,
        ) from None


async def _probed(client: Any, address: str) -> None:
    """TimeoutError where something answers that is no scheduler: Dask waits without end for what it should say.

    distributed/comm/core.py `connect`: its timeout ends before the handshake is read.
    """
    import asyncio

    tried = client(address, timeout=CONNECT, set_as_default=False, asynchronous=True)
    try:
        async with asyncio.timeout(CONNECT + 1):
            await tried
    finally:
        await tried.close()


@contextmanager
def _here() -> Iterator[Any]:
    """A cluster of processes of this machine.

    Ctrl-C goes to all processes of a terminal: it is blocked in the threads and processes that are begun here, so that
    this one alone decides what becomes of them.
    """
    import dask
    from distributed import LocalCluster

    try:
        with dask.config.set({"distributed.scheduler.allowed-failures": 1}), _interrupts_blocked():
            cluster = LocalCluster(
                threads_per_worker=1,
                host="127.0.0.1",
                worker_dashboard_address=None,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                silence_logs=SILENT,
            )
    except Exception as problem:
        raise UsageError(
            f"Dask cannot begin workers on this machine ({shown(str(problem), 200)}): name the scheduler of a cluster"
        ) from None
    with cluster:
        yield cluster


@contextmanager
def _paths_safe() -> Iterator[None]:
    """For a `with` block: processes that are begun, the first time or again, import nothing that is merely scanned.

    multiprocessing starts them by `python -c`, which looks for modules in the working folder first.
    """
    import os

    before = os.environ.get(SAFE)
    os.environ[SAFE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE]
        else:
            os.environ[SAFE] = before


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    import signal
    from multiprocessing import resource_tracker

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the thread that begins it has them unblocked by that
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def quiet() -> Iterator[None]:
    """Dask's own log is not for whoever looks at a progress line: what matters of it is an error or a row."""
    import logging

    before = [(logger, logger.level) for logger in map(logging.getLogger, LOGGERS)]
    try:
        for logger, _ in before:
            logger.setLevel(SILENT)
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
