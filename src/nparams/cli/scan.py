"""nparams scan PATH_OR_URI ... [-o DIR]: every model on a disk, in a bucket or a hub, counted into one table."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8

from nparams.cli.main import FAILED, FINE, STOPPED, say, write
from nparams.errors import NparamsError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from nparams.cli.arguments import OneLine
    from nparams.fleet.progress import Progress

    Sink = Callable[[Mapping[str, Any]], None]

ABOUT = """\
Every model below folders and addresses (s3://bucket/prefix, gs://, az://, hf://org, https://host/folder/), one row
each: sharded models, repositories and adapters are one.  With - the places are read from standard input, one a line.

-o DIR writes a table that a rerun continues: what has not changed is not read again.  Without it the rows are printed:
a line each on a terminal, JSON Lines in a pipe.  `nparams scan report DIR` says what is in the table.
Exit status: 0, 1 with --strict where a model is refused or flagged, 2 if a place cannot be listed, 130 after Ctrl-C."""


class Scan:
    """What the words ask for."""

    roots: list[str]
    out: str | None = None
    tensors: bool = False
    include: list[str]
    exclude: list[str]
    concurrency: int
    processes: int | None = None
    engine: str = "local"
    scheduler: str | None = None
    retry: bool = False
    strict: bool = False
    quiet: bool = False


def run(words: list[str]) -> int:
    """Scan, or report on a table that was scanned."""
    if words[:1] == ["report"]:
        from nparams.cli.scan_report import run as report

        return report(words[1:])
    request = parser().parse_args(words, Scan())
    if not request.roots:
        raise UsageError("what should be scanned? For example: nparams scan models/ -o counts")
    from nparams.fleet.progress import Progress

    told = Progress(None if request.quiet else sys.stderr, terminal=sys.stderr is not None and sys.stderr.isatty())
    try:
        _scan(request, told)
    except KeyboardInterrupt:
        told.end()
        say(f"stopped: {told.summary()}")
        if request.out is not None:
            say(f"what was read is in {request.out}: the same command goes on from there")
        return STOPPED
    except NparamsError:
        told.end()
        if told.rows + told.known and not request.quiet:
            say(told.summary())
        raise
    if not request.quiet:
        say(told.summary())
    return FAILED if request.strict and told.refused + told.flagged else FINE


def _scan(request: Scan, told: Progress) -> None:
    from nparams.fleet.batch import prepare
    from nparams.fleet.scanning import Options, scan

    prepare()
    options = Options(
        request.engine, request.concurrency, request.processes, request.scheduler, request.tensors, request.include,
        request.exclude, request.retry,
    )  # fmt: skip
    roots = [root for root in request.roots if root != "-"]
    listed = lines() if "-" in request.roots else ()
    scan(roots, request.out, listed=listed, sink=_printed(request, told), progress=told, options=options)


def _printed(request: Scan, told: Progress) -> Sink | None:
    """What prints each row; nothing where they go into a table."""
    if request.out is not None:
        return None
    if sys.stdout is None:
        raise UsageError("standard output is closed: -o DIR writes the rows into a table")
    from nparams.views.lines import data, line

    if not sys.stdout.isatty():
        return lambda row: write(data(row))
    from nparams.cli.show import columns

    width = columns()

    def printed(row: Mapping[str, Any]) -> None:
        told.end()
        write(line(row, width))

    return printed


def lines() -> Iterator[str]:
    """The lines of standard input that say something, each as it comes."""
    if sys.stdin is None:
        raise UsageError("standard input is closed: pipe in paths or addresses, one a line")
    for text in sys.stdin.buffer:
        place = text.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape").strip("\r\n")
        if place.strip():
            yield place


def parser() -> OneLine:
    """The words of a scan."""
    from nparams.cli.arguments import OneLine, formatter, whole
    from nparams.fleet.batch import CONCURRENCY

    made = OneLine(
        prog="nparams scan", usage="nparams scan PATH_OR_URI ... [-o DIR] [options]", description=ABOUT, add_help=False,
        allow_abbrev=False, formatter_class=formatter,
    )  # fmt: skip
    made.add_argument(
        "roots", nargs="*", metavar="PATH_OR_URI", help="folders, files, addresses; - reads them from stdin"
    )
    made.add_argument(
        "-o", "--out", metavar="DIR", help="the table's folder: Parquet with the extra scan, else JSON Lines"
    )
    made.add_argument("--tensors", action="store_true", help="one row a tensor as well")
    for name, what in (("include", "only what matches, whatever its ending"), ("exclude", "not what matches")):
        made.add_argument(f"--{name}", action="append", default=[], metavar="GLOB", help=f"{what}; repeatable")
    made.add_argument("--retry", action="store_true", help="read what could not be counted again, changed or not")
    made.add_argument("--strict", action="store_true", help="exit 1 where a model that was read is refused or flagged")
    made.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    how = made.add_argument_group("how it reads")
    how.add_argument(
        "--concurrency", type=whole, default=CONCURRENCY, metavar="N", help="requests under way at once (%(default)s)"
    )
    how.add_argument(
        "--processes", type=whole, metavar="N", help="processes (one a core for local files, one for what is elsewhere)"
    )
    how.add_argument("--engine", choices=("local", "dask"), default="local", help="dask: on the workers of a cluster")
    how.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that runs; else its own settings are asked"
    )
    made.add_argument("-h", "--help", action="help", help="show this help")
    return made
