"""Models on a hub: hf://org/model, its pages' addresses, or a bare org/model.

huggingface/huggingface_hub: src/huggingface_hub/constants.py (`HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`,
`HF_HUB_OFFLINE`), hf_api.py (`model_info`: /api/models/ID/revision/REVISION lists the files), file_download.py
(`hf_hub_url`: /ID/resolve/REVISION/PATH), utils/_http.py (`hf_raise_for_status`: X-Error-Code).
"""

from __future__ import annotations

import os
from urllib.parse import quote, urlsplit

from nparams.errors import FetchError, ReadError, UsageError, escaped, shown
from nparams.remote.address import of_hub, of_page, web_parts
from nparams.remote.folders import RemoteFolder
from nparams.remote.http import client
from nparams.remote.web import WebFile
from nparams.remote.web import words as plain_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.remote import Place
    from nparams.remote.address import Repository
    from nparams.remote.http import Answer
    from nparams.remote.ranges import RemoteFile

HUB = "https://huggingface.co"
MAIN = "main"
YES = ("1", "ON", "YES", "TRUE")  # huggingface_hub constants.py, `ENV_VARS_TRUE_VALUES`
MOST_LISTING = 32_000_000  # bytes of what the hub says of a repository: a name takes about 100
MOST_TOKEN = 4_096


def endpoint() -> str:
    """The hub that is asked: HF_ENDPOINT, or the public one."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def opened(text: str) -> Place:
    """The repository, folder or file of a hub that an address names.

    Raises UsageError for an address of none, FetchError where the hub is not there, or does not give it.
    """
    from nparams.remote import Place

    wanted = _named(text)
    check_allowed(text, wanted)
    files = Files(wanted)
    if not wanted.path:
        return Place(None, HubFolder(files, ""))
    before, _, name = wanted.path.rpartition("/")
    folder = HubFolder(files, before)
    if wanted.is_file or (wanted.is_file is None and "." in name):
        try:
            return Place(folder.open(name), folder)
        except FetchError as problem:
            if wanted.is_file or problem.again or not files.has_folder(wanted.path):
                raise
    elif wanted.is_file is None and files.has_file(wanted.path):
        return Place(folder.open(name), folder)
    if not files.has_folder(wanted.path):
        raise FetchError(f"{shown(str(wanted), 200)}: the repository holds no such file or folder")
    return Place(None, HubFolder(files, wanted.path))


def check_allowed(text: str, wanted: Repository | None = None) -> None:
    """Raise UsageError or FetchError where the user's settings name no hub, or forbid to ask it."""
    if web_parts(endpoint()) is None:
        raise UsageError(f"HF_ENDPOINT is {shown(endpoint())}, which is no address of a hub: {HUB}")
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in YES:
        kept = "" if wanted is None else _kept(wanted)
        told = f"{shown(text, 200)} is on a hub, and HF_HUB_OFFLINE forbids to ask it{kept}"
        raise FetchError(told, reached=False)


def _named(text: str) -> Repository:
    if text.lower().startswith("hf://"):
        return of_hub(text)
    if "://" in text:
        return of_page(urlsplit(text), text)
    return of_hub(f"hf://{text}")


class Files:
    """A repository at one revision: its files' names, asked for once, and one file of it."""

    def __init__(self, wanted: Repository) -> None:
        self.wanted = wanted
        self.revision = wanted.revision or MAIN
        self._names: list[str] | None = None

    def listed(self) -> list[str]:
        """The paths of all files in it; from then on, all are fetched of the very commit that was listed."""
        if self._names is None:
            held = self.info()
            self._names = sorted(files_of(held))
            self.revision = commit_of(held) or self.revision
        return self._names

    def info(self, query: str = "") -> dict[str, Any]:
        """What the hub says of the repository at this revision; `query` asks for more of it."""
        revision = quote(self.revision, safe="")
        answer = self._get(f"/api/models/{self.wanted.id}/revision/{revision}{query}")
        return _object(answer, str(self.wanted))

    def has_file(self, path: str) -> bool:
        """Whether there is a file of that path."""
        return path in self.listed()

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder of that path."""
        return any(name.startswith(f"{path}/") for name in self.listed())

    def web(self, path: str) -> WebFile:
        """A file of the repository, as a place that ranges come from."""
        url = f"{endpoint()}/{self.wanted.id}/resolve/{quote(self.revision, safe='')}/{quote(path)}"
        revision = f"@{self.wanted.revision}" if self.wanted.revision else ""
        return WebFile(url, f"hf://{self.wanted.id}{revision}/{path}", login(), self._words)

    def file(self, path: str) -> RemoteFile:
        """A file of the repository, with its first range."""
        try:
            return self.web(path).first()
        except FetchError as problem:
            raise self._offline(problem) from None

    def _get(self, path: str) -> Answer:
        try:
            answer = client().get(endpoint() + path, login(), MOST_LISTING, str(self.wanted))
        except FetchError as problem:
            raise self._offline(problem) from None
        if answer.status != 200:
            raise self._words(answer, str(self.wanted))
        return answer

    def _offline(self, problem: FetchError) -> FetchError:
        """Where no answer came, the copy that lies in the hub's cache is named."""
        if not problem.reached:
            problem.args = (f"{problem}{_kept(self.wanted)}",)
        return problem

    def _words(self, answer: Answer, name: str) -> FetchError:
        """What the hub's refusal means; without a login a repository that is absent looks like a private one)."""
        code, where = answer.headers.get("x-error-code", ""), shown(name, 200)
        page = f"{endpoint()}/{self.wanted.id}"
        token = "the token that was sent does not allow it" if login() else "set HF_TOKEN, or log in with hf auth login"
        if code == "GatedRepo":
            return FetchError(f"{where}: the model is gated: ask for access at {page}; {token}")
        if code == "RevisionNotFound":
            return FetchError(f"{where}: the model has no revision {shown(self.revision)}")
        if code == "EntryNotFound":
            return FetchError(f"{where}: the model has no such file")
        if code == "RepoNotFound" or answer.status in (401, 404):
            known = (
                "wrong name, or private and not open to the token that was sent"
                if login()
                else f"if it is private, {token}"
            )
            return FetchError(f"{where}: there is no such model at {endpoint()}; {known}")
        if answer.status == 403:
            return FetchError(f"{where}: the hub does not allow it ({answer.status}); {token}")
        return plain_words(answer, name)


class HubFolder(RemoteFolder):
    """A folder of a repository."""

    def __init__(self, files: Files, path: str) -> None:
        revision = f"@{files.wanted.revision}" if files.wanted.revision else ""
        super().__init__(f"hf://{files.wanted.id}{revision}" + (f"/{path}" if path else ""))
        self._in = files
        self._path = f"{path}/" if path else ""

    def _inside(self) -> list[str]:
        return [name[len(self._path) :] for name in self._in.listed() if name.startswith(self._path)]

    def fetched(self, name: str) -> RemoteFile:
        """The file of a bare name."""
        return self._in.file(self._path + name)

    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""
        return sorted({name.partition("/")[0] for name in self._inside()})

    def folders(self) -> list[str]:
        """The bare names of the folders in it, sorted."""
        return sorted({name.partition("/")[0] for name in self._inside() if "/" in name})

    def folder(self, name: str) -> HubFolder:
        """The folder of that bare name."""
        if name not in self.folders():
            raise ReadError(f"{escaped(self.name)}: {shown(name)} is no folder in it")
        return HubFolder(self._in, self._path + name)


def files_of(info: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The files of a repository by their paths, with what the hub says of each; names that lead elsewhere left out.

    >>> files_of({"siblings": [{"rfilename": "a/model.safetensors"}, {"rfilename": "../b"}]})
    {'a/model.safetensors': {'rfilename': 'a/model.safetensors'}}
    """
    found = info.get("siblings")
    held = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    named = [(each.get("rfilename"), each) for each in held]
    return {name: each for name, each in named if isinstance(name, str) and is_path(name)}


def commit_of(info: Mapping[str, Any]) -> str:
    """The commit that the hub tells of; "" where it tells none."""
    sha = info.get("sha")
    return sha if isinstance(sha, str) and sha.isalnum() else ""


def is_path(name: str) -> bool:
    """Whether a name in a listing leads to a file below the place that is listed.

    >>> is_path("a/b.bin"), is_path("a/../b.bin"), is_path("/b.bin")
    (True, False, False)
    """
    return not any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in name.split("/"))


def _object(answer: Answer, name: str) -> dict[str, Any]:
    """The object in a JSON answer."""
    from nparams.stored.plain import strict

    try:
        held = strict(answer.body) if answer.whole else None
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise FetchError(f"{shown(name, 200)}: {endpoint()} answers nothing that lists a model's files: is it a hub?")
    return held


def login() -> Mapping[str, str]:
    """The header with the user's token, from the usual places; never over a connection that others can read."""
    parts = urlsplit(endpoint())
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return {}
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN") or ""
    if not token and os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() not in YES:
        token = _stored_token()
    token = token.strip()
    return {"Authorization": f"Bearer {token}"} if token and token.isascii() and token.isprintable() else {}


def _stored_token() -> str:
    """The token that the hub's own tool has stored."""
    path = os.environ.get("HF_TOKEN_PATH") or os.path.join(_home(), "token")
    try:
        with open(os.path.expanduser(path), encoding="ascii") as file:
            return file.read(MOST_TOKEN)
    except (OSError, ValueError):
        return ""


def _home() -> str:
    """Where the hub's own tools keep what they keep."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return os.path.expanduser(os.environ.get("HF_HOME") or os.path.join(cache, "huggingface"))


def _kept(wanted: Repository) -> str:
    """The folder of the hub's cache that holds a copy, as the end of a sentence; "" where there is none."""
    cache = os.environ.get("HF_HUB_CACHE") or os.path.join(_home(), "hub")
    path = os.path.join(os.path.expanduser(cache), "models--" + wanted.id.replace("/", "--"))
    return f"; a copy lies on this machine: nparams {escaped(path)}" if os.path.isdir(path) else ""
