"""Files on a web server, by range requests (RFC 9110, section 14); a page of a hub or of GitHub leads to its file."""

from __future__ import annotations

from nparams.errors import FetchError, UnsupportedError, UsageError, shown
from nparams.remote.address import is_hub, joined, of_forge, web_parts, without_secrets
from nparams.remote.folders import RemoteFolder
from nparams.remote.http import RANGE, UNSATISFIED, client, same_host
from nparams.remote.ranges import FIRST, Part, RemoteFile, check_bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from nparams.remote import Place
    from nparams.remote.http import Answer

    #: what an answer that is no success means
    Words = Callable[[Answer, str], FetchError]

MOST_WHOLE = 4_000_000  # bytes of a file that is taken whole where a server knows no ranges


class WebFile:
    """One file on a web server, as a place that ranges come from."""

    __slots__ = ("_final", "_headers", "_start", "_url", "_whole", "_words", "name")

    def __init__(self, url: str, name: str, headers: Mapping[str, str], words: Words) -> None:
        self._url = url
        self.name = name
        self._headers = headers
        self._words = words
        #: where the redirects led to
        self._final: str | None = None
        #: whether the server sends the whole file whatever is asked
        self._whole = False
        self._start = b""

    def first(self) -> RemoteFile:
        """The file with its first range."""
        return RemoteFile(self.name, self, self.fetch(0, FIRST))

    def fetch(self, offset: int, length: int) -> Part:
        """The bytes at `offset`; fewer than `length` at the end of the file."""
        if self._whole:
            raise self._no_ranges()
        headers = {**self._headers, "Range": f"bytes={offset}-{offset + length - 1}"}
        answer = self._answer(headers, length)
        if answer.headers.get("content-encoding", "identity") not in ("identity", ""):
            told = shown(answer.headers["content-encoding"])
            raise FetchError(
                f"{shown(self.name, 200)}: the server packs what it sends ({told}) though it was asked not to"
            )
        if answer.status == 206:
            return self._part(answer, offset)
        if answer.status == 200 and not offset:
            return self._from_whole(answer, headers)
        if answer.status == 200:
            raise self._no_ranges()
        unsatisfied = UNSATISFIED.fullmatch(answer.headers.get("content-range", "")) if answer.status == 416 else None
        if unsatisfied is not None and int(unsatisfied[1]) <= offset:
            return Part(b"", int(unsatisfied[1]))
        if answer.status == 416 and offset == 0:
            return Part(b"", 0)  # nothing satisfies a range of an empty file
        raise self._words(answer, self.name)

    def _answer(self, headers: Mapping[str, str], most: int) -> Answer:
        """The answer from where the redirects led to the last time; asked anew where that address has expired."""
        if self._final is not None:
            own = same_host(self._final, self._url)
            theirs = {name: value for name, value in headers.items() if own or name != "Authorization"}
            answer = client().get(self._final, theirs, most, self.name)
            if answer.status in (200, 206):
                return answer
        answer = client().get(self._url, headers, most, self.name)
        self._final = answer.url if answer.url != self._url and answer.status == 206 else None
        return answer

    def _part(self, answer: Answer, offset: int) -> Part:
        told = answer.headers.get("content-range", "")
        match = RANGE.fullmatch(told)
        if match is None or int(match[1]) != offset or match[3] == "*":
            raise FetchError(
                f"{shown(self.name, 200)}: asked for bytes from {offset:,}, and the server sends {shown(told)}"
            )
        if len(answer.body) != int(match[2]) - offset + 1 or int(match[2]) >= int(match[3]):
            raise FetchError(f"{shown(self.name, 200)}: the server sends {shown(told)} and {len(answer.body):,} bytes")
        return Part(answer.body, int(match[3]), answer.headers.get("etag"))

    def _from_whole(self, answer: Answer, headers: Mapping[str, str]) -> Part:
        """The beginning of an answer that is the whole file; the whole where it is small.  The rest is not taken."""
        announced = answer.headers.get("content-length", "")
        size = int(announced) if announced.isascii() and announced.isdigit() else None
        if not answer.whole and (size is None or size <= MOST_WHOLE):
            answer = client().get(self._url, headers, MOST_WHOLE, self.name)  # once more, to its end
            if answer.status != 200 or not (answer.whole or size is not None):
                raise self._no_ranges()
        self._whole = True
        self._start = answer.body
        return Part(answer.body, len(answer.body) if answer.whole or size is None else size, None)

    def _no_ranges(self) -> FetchError:
        held = f" beyond its first {len(self._start):,} bytes" if self._start else ""
        return self._odd(f"sends whole files only, so nothing{held} was taken; download the file and count that")

    def _odd(self, what: str) -> FetchError:
        return FetchError(f"{shown(self.name, 200)}: the server {what}")


class WebFolder(RemoteFolder):
    """What lies beside a file on a web server, which lists nothing: names are tried."""

    def __init__(self, url: str, headers: Mapping[str, str], words: Words) -> None:
        super().__init__(without_secrets(url).rpartition("/")[0])
        self._url = url
        self._headers = headers
        self._words = words

    def fetched(self, name: str) -> RemoteFile:
        """The file of a bare name."""
        url = joined(self._url, name)
        return WebFile(url, without_secrets(url), self._headers, self._words).first()

    def has(self, name: str) -> bool:
        """Whether there is a file of that name: it is asked for."""
        try:
            self.open(name)
        except FetchError as problem:
            if problem.again:
                raise  # whether it is there is not known
            return False
        return True

    def names(self) -> list[str]:
        """Nothing: a web server does not list."""
        return []

    def folders(self) -> list[str]:
        """Nothing: a web server does not list."""
        return []

    def inside(self, name: str) -> WebFolder:
        """The folder of that bare name, whether it is there or not: its files are asked for."""
        return self.folder(name)

    def folder(self, name: str) -> WebFolder:
        """The folder of that bare name, whether it is there or not."""
        check_bare(name)
        return WebFolder(joined(self._url, f"{name}") + "/x", self._headers, self._words)


def opened(text: str) -> Place:
    """The file at an address; of a hub's page, what it shows."""
    from nparams.remote import Place, hub

    parts = _checked(text)
    if is_hub(parts, hub.endpoint()):
        return hub.opened(text)
    url = of_forge(parts) or parts._replace(fragment="").geturl()
    if parts.path.endswith("/") or not parts.path:
        raise UnsupportedError(
            f"{shown(without_secrets(url), 200)} names a folder of a web server, which lists nothing: give the address "
            "of a file, of an index of shards or of a config.json"
        )
    name = without_secrets(url)
    source = WebFile(url, name, {}, words).first()
    folder = WebFolder(url, {}, words)
    folder.holds(name.rpartition("/")[2], source)
    return Place(source, folder)


def _checked(text: str) -> SplitResult:
    """The parts of an address; UsageError where it is none."""
    parts = web_parts(text)
    if parts is None:
        told = shown(text.partition("?")[0], 200)
        raise UsageError(f"{told} is no address of a file: https://host/path/model.safetensors")
    return parts


def words(answer: Answer, name: str) -> FetchError:
    """What a web server's refusal means."""
    status, where = answer.status, shown(name, 200)
    if status in (404, 410):
        return FetchError(f"{where}: there is no such file ({status}): the link has gone, or was never right")
    if status in (401, 403):
        return FetchError(f"{where}: the server asks for a login or does not allow it ({status})")
    if status == 429:
        return FetchError(f"{where}: the server asks to wait (429, too many requests); try later", again=True)
    if status >= 500:
        return FetchError(f"{where}: the server failed ({status}), several times", again=True)
    return FetchError(f"{where}: the server answers {status}, which is no file")
