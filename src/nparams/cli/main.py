"""nparams SOURCE: parse the request, read, print.

Results go to stdout, notes to stderr.  Exit status: 0 fine; 1 a check did not hold (--expect); 2 the request or the
source could not be understood.
"""

from __future__ import annotations

import gc
import os
import sys

from nparams.cli.request import Request, parse
from nparams.errors import NparamsError, UsageError, uncounted
from nparams.registry import COMMANDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import TextIO

    from nparams.network import Network

FINE, FAILED, REFUSED, STOPPED = 0, 1, 2, 130


def main(argv: list[str] | None = None) -> int:
    """Run one command line; the exit status."""
    words = argv
    if words is None:
        gc.disable()  # one answer and the process ends: looking for cycles takes time and frees nothing
        words = sys.argv[1:]
    try:
        return run(words)
    except NparamsError as error:
        say(f"nparams: {error}")
        return REFUSED
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _abandon(sys.stdout)
        return FINE
    except KeyboardInterrupt:
        return STOPPED


def run(words: list[str]) -> int:
    """The command that the first word names, or the main question."""
    for command in COMMANDS:
        if words and words[0] == command.name:
            from importlib import import_module

            return int(import_module(command.module).run(words[1:]))
    return answer(parse(words))


def answer(request: Request) -> int:
    """Read the source and print the view that was asked for."""
    network = taken(request)
    if request.quiet and network.total is None:
        tell(network)  # which sizes are not known, before the refusal
    if request.quiet:
        write(quiet(network))
    else:
        from nparams.cli.show import show

        write(show(network, request))
    tell(network)
    if network.flags and request.view != "report":
        more = "what is" if len(network.flags) == 1 else f"{len(network.flags):,} things that are"
        say(f"note: --report shows {more} suspicious in it")
    return expected(network, request.expect)


def taken(request: Request) -> Network:
    """The network; where it is refused, --report still shows what was suspicious until then."""
    try:
        return read(request)
    except NparamsError as problem:
        if request.view == "report":
            from nparams.views.report import refused

            write(refused(problem))
        raise


def tell(network: Network) -> None:
    """The notes."""
    for note in network.notes:
        say(f"note: {note}")


def read(request: Request, free: Collection[str] = (), given: Mapping[str, object] | None = None) -> Network:
    """The network that the request names; `free` fields of a config stay symbols, `given` stands for --set."""
    from nparams._read import read as read_source
    from nparams.cli.arguments import settings

    source: str | bytes = " ".join(request.source).strip()
    piped = source == "-"
    if piped:
        from nparams.cli.stdin import taken

        request.taken = source = taken() if request.taken is None else request.taken
    return read_source(
        source,
        form=request.form,
        bias=request.bias,
        convention=request.convention,
        set=settings(request.set) if given is None else given,
        free=free,
        which=request.which,
        limits=request.limits == "on",
        paths=not piped,
        run=True,
        library=request.library,
    )


def quiet(network: Network) -> str:
    """The bare total; UsageError where there is none."""
    if network.total is None:
        raise UsageError(f"{uncounted(network.totals.unknown)}, so there is no total")
    return str(network.total)


def expected(network: Network, wanted: int | None) -> int:
    """FAILED, with a sentence, if --expect was given and is not the total."""
    if wanted is None or network.total == wanted:
        return FINE
    say(f"nparams: expected {wanted:,} parameters, found {quiet(network)}")
    return FAILED


def write(text: str) -> None:
    """Print a result; a character that the terminal cannot show is escaped, never an error."""
    stream = sys.stdout
    if stream is None:
        raise UsageError("standard output is closed: nowhere to write the answer")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:  # a full disk
        _abandon(stream)
        raise UsageError(f"the answer could not be written: {error.strerror}") from None


def _abandon(stream: TextIO) -> None:
    """Let what is still in the stream's buffer go nowhere, so that Python does not fail on it again while leaving."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """Print a note or an error, control characters escaped."""
    from nparams.errors import escaped

    stream = sys.stderr
    if stream is None:
        return
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    stream.write(f"{escaped(text)}\n")
