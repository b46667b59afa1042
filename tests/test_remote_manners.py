"""Servers that ask to be asked later: how long a request waits, whom that holds back, and when it gives up.  No test
waits: the clock is a counter."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import nparams
from nparams.errors import FetchError
from nparams.remote import http
from nparams.remote.http import Client
from nparams.remote.manners import MOST_PAUSES, Pauses, place_of
from nparams.remote.web import WebFile, WebFolder, words
from tests.range_server import Server, first, saying, serving
from tests.safetensors_maker import T, safetensors

SMALL = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])])
TODAY = 1_795_773_600.0  # Fri, 27 Nov 2026 10:00:00 GMT


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.now += seconds

    @property
    def waited(self) -> float:
        return self.now - 1_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses(clock: Clock) -> Pauses:
    return Pauses(clock, clock.rest, lambda: TODAY)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, pauses: Pauses) -> Iterator[Server]:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(http, "_CLIENT", Client(pauses))
    with serving() as made:
        made.files["/m.safetensors"] = SMALL
        yield made


# what a server says with 429 | the seconds that are waited
ASKED = [
    ({"Retry-After": "40"}, 40.0),
    ({"Retry-After": "Fri, 27 Nov 2026 10:00:40 GMT", "Date": "Fri, 27 Nov 2026 10:00:00 GMT"}, 40.0),
    ({"RateLimit": '"api";r=0;t=55'}, 56.0),
    ({"RateLimit": '"api";t=55;r=0', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 56.0),
    ({"RateLimit": '"api"; r=0; t=55', "Retry-After": "70"}, 70.0),
    ({"RateLimit": '"second";r=0;t=1, "day";r=0;t=99, "year";r=4;t=9999'}, 100.0),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "seconds"), ASKED, ids=[str(row[0])[:50] for row in ASKED])
@pytest.mark.parametrize("status", [429, 503])
def test_who_has_patience_waits_as_long_as_is_asked(
    server: Server, clock: Clock, pauses: Pauses, headers: dict[str, str], seconds: float, status: int
) -> None:
    server.odd["/m.safetensors"] = first(1, saying(status, b"", headers))
    with pauses.patient(600):
        assert nparams.read(f"{server.address}/m.safetensors").total == 16
    assert clock.waited == pytest.approx(seconds)
    assert len(server.asked) == 2
    assert pauses.patience == 10


def test_a_date_without_the_servers_own_is_held_against_our_clock(pauses: Pauses) -> None:
    asked = pauses.hear("https://host/a", 429, {"retry-after": "Fri, 27 Nov 2026 10:00:40 GMT"})
    assert asked == 40


# what asks for nothing
NOTHING = [
    (429, {}), (429, {"retry-after": "0"}), (429, {"retry-after": "soon"}), (429, {"retry-after": "-5"}),
    (429, {"retry-after": "Fri, 27 Nov 2026 09:00:00 GMT"}), (429, {"retry-after": "Fri, 99 Foo 99999 10:00:00"}),
    (404, {"retry-after": "40"}), (500, {"retry-after": "40"}), (200, {"ratelimit": '"api";r=1;t=55'}),
    (200, {"ratelimit": '"api";r=0'}), (200, {"ratelimit": '"api";t=5'}), (200, {"ratelimit": '"api";r=00x;t=5'}),
    (200, {"ratelimit": "limit=100, remaining=0, reset=30"}), (200, {"ratelimit": '"a";r=0, "b";t=9'}),
    (200, {"ratelimit": '"a";r=0;t=' + "9" * 400}), (200, {"ratelimit": '"' * 100_000}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "headers"), NOTHING)
def test_what_asks_for_nothing(pauses: Pauses, status: int, headers: dict[str, str]) -> None:
    assert pauses.hear("https://host/a", status, headers) == 0
    assert pauses.ahead("https://host/a") == 0


def test_who_has_no_patience_asks_once_and_says_so(server: Server, clock: Clock) -> None:
    server.odd["/m.safetensors"] = saying(429, b"", {"Retry-After": "3600"})
    with pytest.raises(FetchError, match=r"asks to wait \(429") as problem:
        nparams.read(f"{server.address}/m.safetensors")
    assert problem.value.again
    with pytest.raises(FetchError, match="asks to wait 3,600 s before it is asked again; try later") as problem:
        nparams.read(f"{server.address}/other.safetensors")
    assert problem.value.again
    assert len(server.asked) == 1
    assert clock.waited == 0


def test_patience_is_for_all_tries_of_one_request(server: Server, clock: Clock, pauses: Pauses) -> None:
    server.odd["/m.safetensors"] = saying(503, b"", {"Retry-After": "250"})
    with pauses.patient(600), pytest.raises(FetchError, match="503"):
        nparams.read(f"{server.address}/m.safetensors")
    assert len(server.asked) == 3
    assert clock.waited == pytest.approx(500)


def test_a_server_that_asks_for_ever_is_asked_four_times(server: Server, pauses: Pauses) -> None:
    server.odd["/m.safetensors"] = saying(429, b"", {"Retry-After": "1"})
    with pauses.patient(600), pytest.raises(FetchError, match="429"):
        nparams.read(f"{server.address}/m.safetensors")
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_other_refusals_are_never_tried_again(server: Server, clock: Clock, status: int) -> None:
    server.odd["/m.safetensors"] = saying(status, b"", {"Retry-After": "5"})
    with pytest.raises(FetchError):
        nparams.read(f"{server.address}/m.safetensors")
    assert len(server.asked) == 1
    assert clock.waited == 0


def test_when_nothing_is_left_the_next_request_waits(server: Server, clock: Clock, pauses: Pauses) -> None:
    """The answer itself is good; only who asks again would be refused."""
    server.odd["/m.safetensors"] = first(1, saying(200, SMALL, {"RateLimit": '"files";r=0;t=54'}))
    with pauses.patient(600):
        assert nparams.read(f"{server.address}/m.safetensors").total == 16
        assert clock.waited == 0
        assert pauses.ahead(f"{server.address}/other") == 55
        assert nparams.read(f"{server.address}/m.safetensors").total == 16
    assert clock.waited == pytest.approx(55)


def test_a_pause_is_for_one_host_and_one_class_of_addresses(pauses: Pauses) -> None:
    hub = "https://huggingface.co"
    pauses.hear(f"{hub}/api/models?author=org", 200, {"ratelimit": '"api";r=0;t=54'})
    assert pauses.ahead(f"{hub}/api/models/org/one") == 55
    assert pauses.ahead("https://me:pass@HuggingFace.co/api/models") == 55
    assert pauses.ahead(f"{hub}/org/one/resolve/main/model.safetensors") == 0
    assert pauses.ahead("https://other.example/api/models") == 0
    assert place_of(f"{hub}/org/one").kind == ""


def test_a_pause_holds_back_all_threads(server: Server, clock: Clock, pauses: Pauses) -> None:
    """While the time is not over, none of eight threads asks; then all of them do."""
    held, free = threading.Event(), threading.Event()

    def rest(seconds: float) -> None:
        pauses._changed.release()  # as a real wait does
        held.set()
        free.wait(10)
        pauses._changed.acquire()
        clock.now += seconds

    pauses._rest = rest
    pauses.hear(f"{server.address}/m", 429, {"retry-after": "40"})
    totals: list[object] = []
    with pauses.patient(600):
        threads = [
            threading.Thread(target=lambda: totals.append(nparams.read(f"{server.address}/m.safetensors").total))
            for _ in range(8)
        ]
        for each in threads:
            each.start()
        assert held.wait(10)
        assert not server.asked
        assert pauses.said() == f"waiting 40 s for {server.address.removeprefix('http://')}: it asks to"
        free.set()
        for each in threads:
            each.join(10)
    assert totals == [16] * 8
    assert pauses.said() == ""


def test_a_wait_can_be_called_off(server: Server) -> None:
    """As Ctrl-C does: the waiting threads come back at once, and nobody begins to wait until it is over."""
    pauses = Pauses()
    pauses.patience = 600
    pauses.hear("https://host/a", 429, {"retry-after": "500"})
    problems: list[FetchError] = []

    def waiting() -> None:
        try:
            pauses.wait("https://host/a", pauses.turn("m"))
        except FetchError as problem:
            problems.append(problem)

    thread = threading.Thread(target=waiting)
    thread.start()
    while thread.is_alive() and not pauses.waiting():
        pass
    with pauses.called_off():
        thread.join(10)
        assert not thread.is_alive()
        waiting()
    assert len(problems) == 2
    assert "the wait for host was called off" in str(problems[0])
    assert problems[0].again
    pauses._rest = lambda seconds: pauses._until.clear()
    pauses.wait("https://host/a", pauses.turn("m"))  # as before


def test_a_wait_that_was_called_off_stays_so(pauses: Pauses) -> None:
    """The block is over before the thread that waits looks, or before its server asks to wait."""

    def pressed(seconds: float) -> None:
        with pauses.called_off():
            pass

    turn = pauses.turn("m")
    pauses._rest = pressed
    pauses.hear("https://host/a", 429, {"retry-after": "5"})
    for _ in range(2):
        with pytest.raises(FetchError, match="the wait for host was called off"):
            pauses.wait("https://host/a", turn)


def test_ctrl_c_ends_the_waits_of_all_threads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool of threads ends when they do: a shard that waits for a server must not hold up the end for minutes."""
    pauses = Pauses()
    monkeypatch.setattr(http, "_CLIENT", Client(pauses))
    pauses.hear(f"{server.address}/m", 429, {"retry-after": "500"})
    problems: list[FetchError] = []

    def one(name: str) -> None:
        if name == "pressed":
            while not pauses.waiting():
                assert not problems
            raise KeyboardInterrupt
        try:
            WebFile(f"{server.address}/{name}", name, {}, words).first()
        except FetchError as problem:
            problems.append(problem)

    folder = WebFolder(f"{server.address}/m/x", {}, words)
    with pauses.patient(600), pytest.raises(KeyboardInterrupt):
        folder.each(one, ["pressed", "a", "b"])
    assert problems
    assert not pauses.waiting()
    assert not server.asked


def test_ctrl_c_ends_a_wait(pauses: Pauses) -> None:
    def pressed(seconds: float) -> None:
        raise KeyboardInterrupt

    pauses._rest = pressed
    pauses.hear("https://host/a", 429, {"retry-after": "5"})
    with pytest.raises(KeyboardInterrupt):
        pauses.wait("https://host/a", pauses.turn("m"))
    assert not pauses.waiting()


def test_what_is_remembered_is_bounded(pauses: Pauses, clock: Clock) -> None:
    for k in range(2 * MOST_PAUSES):
        pauses.hear(f"https://host{k}/a", 429, {"retry-after": "5"})
        clock.now += 0.001
    assert len(pauses._until) <= MOST_PAUSES
    assert pauses.ahead(f"https://host{2 * MOST_PAUSES - 1}/a") > 4


def test_what_a_server_asked_is_forgotten_with_its_connections(server: Server, pauses: Pauses) -> None:
    pauses.hear(f"{server.address}/m", 429, {"retry-after": "500"})
    http.client().close()
    assert nparams.read(f"{server.address}/m.safetensors").total == 16
