"""How a scan is getting on: counters, their rate, and the line that says so; drawn on a terminal, told in a log."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from nparams.fleet.rows import Row

EVERY, EVERY_LOG = 0.2, 60.0  # seconds between lines: on a terminal, where each replaces the last; in a log
FIRST = 1.0  # seconds before a terminal shows any
RECENT = 20.0  # seconds that the rate is taken over


class Progress:
    """What has been done so far, and how it is told: `stream` None says nothing."""

    def __init__(
        self, stream: TextIO | None = None, terminal: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rows = self.known = self.gone = self.refused = self.flagged = self.parameters = 0
        #: models that there are in all, once that is known
        self.expected: int | None = None
        #: says what is waited for, "" for nothing
        self.waits: Callable[[], str] = str
        self._stream = stream
        self._terminal = terminal
        self._clock = clock
        self._began = self._told = clock()
        #: (time, rows) of moments that the rate is worked out from
        self._moments = [(self._began, 0)]
        self._drawn = 0

    @property
    def is_shown(self) -> bool:
        """Whether anybody is told."""
        return self._stream is not None

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def row(self, row: Row) -> None:
        """Count a row that was read."""
        self.rows += 1
        self.refused += row["error_kind"] is not None
        self.flagged += bool(row["flags"])
        self.parameters += row["total"] or 0
        self.tell()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._stream is not None:
            self.end()
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def tell(self) -> None:
        """Say how it goes, if it is time to."""
        now = self._clock()
        every = EVERY if self._terminal else EVERY_LOG
        if self._stream is None or now - self._told < every or (self._terminal and now - self._began < FIRST):
            return
        self._told = now
        self._moments = [each for each in self._moments if now - each[0] < RECENT] or self._moments[-1:]
        line = self.line(now)
        self._moments.append((now, self.rows))
        self._draw(line)

    def line(self, now: float) -> str:
        """The counters in one line: models, rate, what was refused, and how long it will take.

        >>> progress = Progress(clock=iter((0.0, 0.0)).__next__)
        >>> progress.rows, progress.known, progress.refused, progress.expected = 1200, 300, 7, 6000
        >>> progress.line(4.0)
        '1,500 of 6,000 models, 300/s, 7 refused, 15 s left'
        """
        done = self.rows + self.known
        then, before = self._moments[0]
        rate = (self.rows - before) / max(now - then, 0.001)
        parts = [f"{done:,}" + (f" of {self.expected:,}" if self.expected else "") + " models", f"{rate:,.0f}/s"]
        parts += [f"{self.refused:,} refused"] if self.refused else []
        parts += [f"{self.flagged:,} flagged"] if self.flagged else []
        if self.expected and rate and self.expected > done:
            parts.append(f"{span((self.expected - done) / rate)} left")
        return ", ".join(filter(None, [*parts, self.waits()]))

    def end(self) -> None:
        """Take the line away."""
        if self._drawn and self._stream is not None:
            self._stream.write(f"\r{' ' * self._drawn}\r")
            self._stream.flush()
            self._drawn = 0

    def summary(self) -> str:
        """What was done, in one line.

        >>> progress = Progress(clock=iter((0.0, 4.0)).__next__)
        >>> progress.rows, progress.parameters, progress.known = 1200, 7_000_000, 300
        >>> progress.summary()
        '1,200 models read, 7,000,000 parameters, 300 unchanged; 4.0 s, 300/s'
        """
        seconds = self.seconds
        told = f"{self.rows:,} model{'' if self.rows == 1 else 's'} read, {self.parameters:,} parameters"
        others = (("unchanged", self.known), ("gone", self.gone), ("refused", self.refused), ("flagged", self.flagged))
        parts = [told if self.rows else "nothing new" if self.known else "no model found"] + [
            f"{count:,} {what}" for what, count in others if count
        ]
        rate = f", {self.rows / max(seconds, 0.001):,.0f}/s" if self.rows else ""
        return f"{', '.join(parts)}; {span(seconds)}{rate}"

    def _draw(self, line: str) -> None:
        assert self._stream is not None
        if self._terminal:
            self._stream.write(f"\r{line}{' ' * (self._drawn - len(line))}")
            self._drawn = len(line)
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()


def span(seconds: float) -> str:
    """A length of time as people say it.

    >>> span(0.4), span(75), span(7300)
    ('0.4 s', '75 s', '122 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 4 * 3600 else f"{seconds / 3600:.1f} h"
