"""When a server asks to be asked later: nobody asks it until then, and a request waits for that or gives up at once.

`Retry-After` is RFC 9110 10.2.3.  `RateLimit: "api";r=0;t=55` is draft-ietf-httpapi-ratelimit-headers-09: a list of
policies, `r` what is left of each, `t` the seconds until there is more.  The hub sends it for fixed windows of five
minutes, and counts three classes of addresses (huggingface/hub-docs docs/hub/rate-limits.md;
huggingface/huggingface_hub src/huggingface_hub/utils/_http.py, `parse_ratelimit_headers`).
"""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from nparams.errors import FetchError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PATIENCE = 10.0  # seconds that one request waits, in all, because servers ask it to; a scan has more
SLICE = 0.5  # seconds between two looks at the clock: how long Ctrl-C may take where a wait cannot be broken off
MARGIN = 1.0  # seconds: whole ones are told, and the window is over after the last (huggingface_hub adds as many)
MOST_PAUSES = 10_000  # hosts and classes that are remembered
#: one policy of RateLimit, with what is left and for how long, in either order
POLICY = re.compile(r'"[^"]*"(?=[^,]*;\s*r\s*=\s*(\d{1,9})\b)(?=[^,]*;\s*t\s*=\s*(\d{1,9})\b)', re.ASCII)
#: parts of paths that the hub counts by themselves; all other paths are a class too
CLASSES = (("resolvers", "/resolve/"), ("api", "/api/"))


class Place(NamedTuple):
    """What is counted together: a host with its port, and the class of the address."""

    host: str
    kind: str


def place_of(url: str) -> Place:
    """Where the requests to an address are counted.

    >>> place_of("https://huggingface.co/org/model/resolve/main/model.safetensors")
    Place(host='huggingface.co', kind='resolvers')
    """
    parts = urlsplit(url)
    kind = next((name for name, part in CLASSES if part in parts.path), "")
    return Place(parts.netloc.rpartition("@")[2].lower(), kind)


class Turn:
    """One request with all its tries: how long it may still wait for servers that ask it to."""

    __slots__ = ("begun", "left", "name")

    def __init__(self, name: str, left: float, begun: int = 0) -> None:
        self.name = name
        self.left = left
        #: how often waits had been called off when it began
        self.begun = begun


class Pauses:
    """Until when which place is left alone; all threads of the process hold to it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], object] | None = None,
        today: Callable[[], float] = time.time,
    ) -> None:
        #: seconds that one request waits, in all, because servers ask it to
        self.patience = PATIENCE
        self._clock = clock
        self._today = today
        self._changed = threading.Condition()
        self._rest = self._changed.wait if rest is None else rest
        self._until: dict[Place, float] = {}
        self._waiting: dict[Place, int] = {}
        #: `with` blocks in which no request waits; how many there were
        self._called_off = self._times = 0

    @contextmanager
    def patient(self, seconds: float) -> Iterator[None]:
        """For a `with` block: that one request waits this long, in all, because servers ask it to."""
        before, self.patience = self.patience, seconds
        try:
            yield
        finally:
            self.patience = before

    def turn(self, name: str) -> Turn:
        """What one request, about `name`, may wait."""
        return Turn(name, self.patience, self._times)

    def hear(self, url: str, status: int, headers: Mapping[str, str]) -> float:
        """The seconds that an answer asks to wait before this place is asked again; 0 where it does not.

        The names of `headers` are in small letters.

        >>> Pauses().hear("https://host/api/models", 200, {"ratelimit": '"api";r=0;t=55'})
        56.0
        """
        asked = max(used_up(headers), after(headers, self._today()) if status in (429, 503) else 0.0)
        if asked > 0:
            place, until = place_of(url), self._clock() + asked
            with self._changed:
                if len(self._until) >= MOST_PAUSES:
                    self._drop()
                self._until[place] = max(until, self._until.get(place, until))
        return asked

    def ahead(self, url: str) -> float:
        """The seconds that a request to an address has to wait."""
        with self._changed:
            return self._ahead(place_of(url))

    def wait(self, url: str, turn: Turn) -> None:
        """Wait until an address may be asked.

        Raises FetchError, at once, where that takes longer than the request may wait, and where waits are called off.
        """
        place = place_of(url)
        with self._changed:
            if not self._ahead(place):
                return
            self._waiting[place] = self._waiting.get(place, 0) + 1
            try:
                while (ahead := self._ahead(place)) > 0:
                    self._rest_a_little(place, turn, ahead)
            finally:
                self._waiting[place] -= 1
                if not self._waiting[place]:
                    del self._waiting[place]

    def _rest_a_little(self, place: Place, turn: Turn, ahead: float) -> None:
        # the block may be over before this thread looks, or before its server asks to wait: it stays called off
        if self._called_off or turn.begun != self._times:
            raise FetchError(f"{shown(turn.name, 200)}: the wait for {escaped(place.host)} was called off", again=True)
        if ahead > turn.left + SLICE:  # clocks are no exact numbers
            raise _later(turn.name, place, ahead)
        before = self._clock()
        self._rest(min(ahead, SLICE))
        turn.left -= self._clock() - before

    @contextmanager
    def called_off(self) -> Iterator[None]:
        """For a `with` block: no request waits, and one that began before never waits again: Ctrl-C was pressed."""
        with self._changed:
            self._called_off += 1
            self._times += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._called_off -= 1

    def waiting(self) -> list[tuple[str, float]]:
        """The hosts that requests are waiting for now, each with the seconds that are left, the longest first."""
        with self._changed:
            held = {place.host: self._ahead(place) for place in sorted(self._waiting, key=self._ahead)}
        return sorted(((host, ahead) for host, ahead in held.items() if ahead > 0), key=lambda each: -each[1])

    def said(self) -> str:
        """The same for a line that shows progress; "" where nothing waits.

        >>> Pauses().said()
        ''
        """
        told = (f"waiting {-int(-ahead // 1):,} s for {escaped(host)}: it asks to" for host, ahead in self.waiting())
        return ", ".join(told)

    def forget(self) -> None:
        """Forget what was asked."""
        with self._changed:
            self._until.clear()
            self._changed.notify_all()

    def _ahead(self, place: Place) -> float:
        until = self._until.get(place)
        return 0.0 if until is None else max(0.0, until - self._clock())

    def _drop(self) -> None:
        now = self._clock()
        self._until = {place: until for place, until in self._until.items() if until > now}
        if len(self._until) >= MOST_PAUSES:
            self._until.clear()


def used_up(headers: Mapping[str, str]) -> float:
    """The seconds until a policy of which nothing is left has more again; 0 where there is something left of each.

    >>> used_up({"ratelimit": '"burst";r=9;t=1, "resolvers";r=0;t=54'}), used_up({"ratelimit": '"api";r=1;t=54'})
    (55.0, 0.0)
    """
    told = headers.get("ratelimit", "")
    waits = (int(each[2]) for each in POLICY.finditer(told[:2_000]) if int(each[1]) == 0)
    return max((wait + MARGIN for wait in waits), default=0.0)


def after(headers: Mapping[str, str], now: float) -> float:
    """The seconds that Retry-After asks for, as a number or as a date; 0 where it does not, or makes no sense.

    >>> after({"retry-after": "120"}, 0.0)
    120.0
    >>> after({"retry-after": "Fri, 27 Nov 2026 10:00:30 GMT", "date": "Fri, 27 Nov 2026 10:00:00 GMT"}, 0.0)
    30.0
    """
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told) if len(told) < 10 else float("inf")
    until, said = _seconds(told), _seconds(headers.get("date", ""))
    if until is None:
        return 0.0
    return max(0.0, until - (now if said is None else said))  # by the server's own clock where it tells the time


def _seconds(date: str) -> float | None:
    """A date of HTTP as seconds since 1970."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, TypeError, OverflowError):
        return None


def _later(name: str, place: Place, ahead: float) -> FetchError:
    long = f"{int(ahead):,} s" if ahead < 1e9 else "for ever"
    told = f"{escaped(place.host)} asks to wait {long} before it is asked again; try later"
    return FetchError(f"{shown(name, 200)}: {told}", again=True)
