"""One range of one address, over connections that are kept: redirects, another try where a transfer failed, no secrets.

RFC 9110, section 14 (range requests): a server may answer 200 and send the whole, so the answer is looked at before
its body is: never more than was asked for is taken.  The standard library alone; HTTPS_PROXY and NO_PROXY as usual.
"""

from __future__ import annotations

import http.client
import os
import re
import sys
import threading
import time
from urllib.parse import quote, urljoin, urlsplit

from nparams.errors import FetchError, shown
from nparams.remote.address import web_parts, without_secrets
from nparams.remote.manners import Pauses

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from nparams.remote.manners import Turn

TIMEOUT = 20.0  # seconds without a byte
TRIES = 4
FIRST_WAIT = 0.3  # seconds; three times as long before each further try
#: answers that a later try may change (RFC 9110 15.5.9, 15.6; RFC 6585 4)
AGAIN = frozenset((408, 429, 500, 502, 503, 504))
REDIRECTS = frozenset((301, 302, 303, 307, 308))
MOST_REDIRECTS = 6
MOST_SAID = 65_536  # bytes of an error's body, and of a redirect's
#: an answer that may be worth a look even where it is no range: what a server that ignores ranges sends
RANGE = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+|\*)", re.ASCII | re.IGNORECASE)
UNSATISFIED = re.compile(r"bytes\s+\*/(\d+)", re.ASCII | re.IGNORECASE)
#: what stays as it is in a request's path (RFC 3986, 3.3), percent signs of what was quoted already
PLAIN = "/%:@!$&'()*+,;=~-._"
FAILURES = (OSError, http.client.HTTPException)


class Answer:
    """What a server answered: status, headers in small letters, the body as far as it was taken, the last address."""

    __slots__ = ("asked", "body", "headers", "status", "url", "whole")

    def __init__(
        self, status: int, headers: Mapping[str, str], body: bytes, url: str, whole: bool, asked: float = 0.0
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
        #: whether the body was taken to its end
        self.whole = whole
        #: seconds that the server asks to wait before it is asked again
        self.asked = asked


class Client:
    """Connections by host, each used again once its answer was taken whole; several threads may ask at once."""

    def __init__(self, pauses: Pauses | None = None) -> None:
        #: when which server may be asked again; its `patience` is how long a request waits for that
        self.pauses = pauses or Pauses()
        self._idle: dict[tuple[str, str], list[http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()
        self._secure: ssl.SSLContext | None = None

    def get(self, url: str, headers: Mapping[str, str], most: int, name: str) -> Answer:
        """The answer to a GET, redirects followed, tried again where the transfer failed; at most `most` bytes of it.

        Authorization is sent to the host of `url` alone.  Raises FetchError, about `name`, where no answer came.
        """
        if sys.platform == "emscripten":
            raise FetchError(
                f"{shown(name, 200)}: Python in a browser fetches nothing: download the file", reached=False
            )
        wait, turn = FIRST_WAIT, self.pauses.turn(name)
        for left in range(TRIES - 1, -1, -1):
            try:
                answer = self._followed(url, headers, most, turn)
            except FAILURES as problem:
                if not left or not _passes(problem):
                    raise unreachable(url, name, problem) from None
            else:
                if answer.status not in AGAIN or not left:
                    return answer
                if answer.asked > max(turn.left, 0.0):
                    return answer
                if answer.asked:
                    continue  # the next try waits for as long as was asked
            time.sleep(wait)
            wait *= 3
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections that wait to be used again, and forget what servers asked."""
        self.pauses.forget()
        with self._lock:
            held = [made for idle in self._idle.values() for made in idle]
            self._idle.clear()
        for made in held:
            made.close()

    def _followed(self, url: str, headers: Mapping[str, str], most: int, turn: Turn) -> Answer:
        at = url
        for _ in range(MOST_REDIRECTS):
            own = same_host(at, url)
            sent = headers if own else {k: v for k, v in headers.items() if k != "Authorization"}
            self.pauses.wait(at, turn)
            answer = self._once(at, sent, most)
            answer.asked = self.pauses.hear(at, answer.status, answer.headers)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            at = _next(at, answer.headers["location"])
        raise FetchError(f"{shown(without_secrets(url), 200)}: more than {MOST_REDIRECTS} redirects")

    def _once(self, url: str, headers: Mapping[str, str], most: int) -> Answer:
        """One request; a connection that was kept and has gone in the meantime is made anew."""
        parts = urlsplit(url)
        # one of a process that was forked is not its parent's: on that it would hear answers to others
        key = f"{os.getpid()} {parts.scheme}", parts.netloc.rpartition("@")[2]
        with self._lock:
            idle = self._idle.get(key)
            kept = idle.pop() if idle else None
        if kept is not None:
            try:
                return self._asked(kept, key, parts, headers, most)
            except (ConnectionError, http.client.HTTPException):
                kept.close()
        return self._asked(self._connection(parts), key, parts, headers, most)

    def _asked(
        self, made: http.client.HTTPConnection, key: tuple[str, str], parts: SplitResult, headers: Mapping[str, str],
        most: int,
    ) -> Answer:  # fmt: skip
        keep = False
        try:
            sent = {"User-Agent": agent(), "Accept": "*/*", "Accept-Encoding": "identity", **_login(parts), **headers}
            made.request("GET", _target(parts, made), headers=sent)
            got = made.getresponse()
            found = {name.lower(): value for name, value in got.getheaders()}
            take = most if got.status in (200, 206) else MOST_SAID
            body = got.read(take)
            whole = got.isclosed() or not got.read(1)
            keep = whole and got.isclosed() and not got.will_close
            _check_length(got.status, found, body, take)
            return Answer(got.status, found, body, parts.geturl(), whole)
        finally:
            if keep:
                with self._lock:
                    self._idle.setdefault(key, []).append(made)
            else:
                made.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        proxy = _proxy(parts)
        if parts.scheme == "http":
            where = (host, port) if proxy is None else (proxy.hostname or "", proxy.port)
            return http.client.HTTPConnection(*where, timeout=TIMEOUT)
        secure = self._context()
        if proxy is None:
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=secure)
        made = http.client.HTTPSConnection(proxy.hostname or "", proxy.port, timeout=TIMEOUT, context=secure)
        made.set_tunnel(host, port, headers=_login(proxy, "Proxy-Authorization"))
        return made

    def _context(self) -> ssl.SSLContext:
        """Certificates of the system, or of the file that the usual variables name."""
        with self._lock:
            if self._secure is None:
                import ssl

                named = next((v for v in map(os.environ.get, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")) if v), None)
                is_folder = named is not None and os.path.isdir(named)
                self._secure = ssl.create_default_context(
                    cafile=None if is_folder else named, capath=named if is_folder else None
                )
            return self._secure


_CLIENT = Client()


def agent() -> str:
    """How a request says who asks."""
    from nparams import __version__

    return f"nparams/{__version__}"


def client() -> Client:
    """The process's own connections."""
    return _CLIENT


def _check_length(status: int, headers: Mapping[str, str], body: bytes, take: int) -> None:
    """Raise IncompleteRead where fewer bytes came than were announced, so that they are asked for again."""
    announced = headers.get("content-length", "")
    if status in (200, 206) and announced.isascii() and announced.isdigit() and len(body) < min(take, int(announced)):
        raise http.client.IncompleteRead(b"", min(take, int(announced)) - len(body))


def _target(parts: SplitResult, made: http.client.HTTPConnection) -> str:
    """What stands in the request: a path, or the whole address where a proxy is asked without a tunnel."""
    path = quote(parts.path or "/", safe=PLAIN) + (f"?{quote(parts.query, safe=PLAIN + '?')}" if parts.query else "")
    if parts.scheme != "http" or made.host == parts.hostname:
        return path
    host = (parts.hostname or "").encode("idna").decode()
    return f"http://{f'[{host}]' if ':' in host else host}{f':{parts.port}' if parts.port else ''}{path}"


def _login(parts: SplitResult, name: str = "Authorization") -> dict[str, str]:
    """The header for a user and password that stand in an address."""
    if parts.username is None:
        return {}
    from base64 import b64encode
    from urllib.parse import unquote

    told = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {name: f"Basic {b64encode(told.encode()).decode()}"}


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for an address."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

    held = getproxies_environment()
    named = held.get(parts.scheme) or held.get("all")
    if not named or proxy_bypass_environment(parts.netloc.rpartition("@")[2], held):
        return None
    return urlsplit(named if "://" in named else f"http://{named}")


def same_host(one: str, other: str) -> bool:
    """Whether two addresses lie on one host, asked in the same way: a login for the one is one for the other.

    >>> same_host("https://host/a", "https://host/b?c"), same_host("https://host/a", "http://host/a")
    (True, False)
    """
    parts = urlsplit(one), urlsplit(other)
    return len({(each.scheme, each.hostname, each.port) for each in parts}) == 1


def _next(at: str, location: str) -> str:
    """Where a redirect leads: to another http address, and never from a secure one to one that is not."""
    try:
        url = urljoin(at, location)
    except ValueError:
        url = location
    parts = web_parts(url)
    if parts is None:
        raise FetchError(f"{shown(without_secrets(at), 200)}: redirects to {shown(url)}, which is not followed")
    if parts.scheme == "http" and urlsplit(at).scheme == "https":
        raise FetchError(
            f"{shown(without_secrets(at), 200)}: redirects to {shown(without_secrets(url), 200)}, which is not "
            "encrypted; it is not followed"
        )
    return url


def _passes(problem: Exception) -> bool:
    """Whether a later try may find it gone: names that cannot be looked up, ports that refuse and certificates stay."""
    import socket
    import ssl

    return not isinstance(problem, socket.gaierror | ConnectionRefusedError | ssl.SSLCertVerificationError | ValueError)


def unreachable(url: str, name: str, problem: Exception) -> FetchError:
    """That no answer came, and why."""
    import socket
    import ssl

    host = urlsplit(url).netloc.rpartition("@")[2]
    where = shown(name, 200)
    if isinstance(problem, socket.gaierror):
        why = f"the name {host} cannot be looked up: is there a network, and is the name right?"
    elif isinstance(problem, ConnectionRefusedError):
        why = f"{host} refuses connections"
    elif isinstance(problem, ssl.SSLCertVerificationError):
        why = f"{host} has a certificate that is not trusted ({problem.verify_message}); SSL_CERT_FILE names others"
    elif isinstance(problem, TimeoutError):
        why = f"{host} did not answer within {TIMEOUT:.0f} seconds"
    elif isinstance(problem, http.client.HTTPException):
        why = f"{host} broke off its answer ({type(problem).__name__})"
    else:
        why = f"{host} cannot be reached ({(getattr(problem, 'strerror', None) or str(problem)).lower()})"
    return FetchError(f"{where}: {why}", again=_passes(problem), reached=False)
