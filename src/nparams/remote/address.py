"""What an address says: which repository of a hub and which file in it, and how an address is shown without secrets.

A hub's pages: huggingface/huggingface_hub src/huggingface_hub/hf_file_system.py (`resolve_path`: hf://org/model@revision/
path, revisions like refs/pr/1 hold slashes) and src/huggingface_hub/constants.py (`resolve`).
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from urllib.parse import SplitResult

#: a name on the hub: huggingface_hub utils/_validators.py (`validate_repo_id`)
NAME = r"[A-Za-z0-9_](?:[\w.-]{0,94}[\w])?"
BARE = re.compile(rf"({NAME})/({NAME})(?:@([\w.-]+))?", re.ASCII)
#: revisions that hold slashes (huggingface_hub hf_file_system.py, SPECIAL_REFS_REVISION_REGEX)
SPECIAL = re.compile(r"refs/(?:convert/\w[\w.-]*|pr/\d+)(?=/|\Z)", re.ASCII)
#: first parts of a hub's pages that are no organisation; those of repositories that hold no models
PAGES = frozenset(
    ("models", "docs", "blog", "papers", "collections", "tasks", "pricing", "settings", "join", "login", "api", "posts",
     "learn", "chat", "organizations", "new", "search", "inference", "enterprise", "support", "terms-of-service")
)  # fmt: skip
OTHER_KINDS = {"datasets": "a dataset", "spaces": "a space", "buckets": "a bucket of a hub"}
#: third parts of the page of a file, and of a folder
OF_FILE, OF_FOLDER = ("blob", "resolve", "raw", "blame", "commits"), ("tree",)
#: names, IPv4 and IPv6 addresses of hosts
HOST = re.compile(r"[\w.-]+|[0-9a-f:]*:[0-9a-f:.]*", re.ASCII)
HOSTS = frozenset(("huggingface.co", "www.huggingface.co", "hf.co"))


class Repository:
    """A model repository of a hub, and the path in it that is asked for ("" for the whole)."""

    __slots__ = ("id", "is_file", "path", "revision")

    def __init__(self, id: str, revision: str = "", path: str = "", is_file: bool | None = None) -> None:
        self.id = id
        self.revision = revision
        self.path = path
        #: what the address says of the path; None where it does not
        self.is_file = is_file

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"hf://{self.id}{revision}" + (f"/{self.path}" if self.path else "")


def is_bare(text: str) -> bool:
    """Whether a text may be the name of a model on the hub: org/model, org/model@revision.

    >>> is_bare("openai-community/gpt2"), is_bare("gpt2"), is_bare("../gpt2"), is_bare("784/16")
    (True, False, False, False)
    """
    match = BARE.fullmatch(text)
    return match is not None and not match[1].isdigit() and not match[2].isdigit() and ".." not in text


def of_hub(text: str) -> Repository:
    """The repository of an address hf://org/model@revision/path.

    >>> str(of_hub("hf://google/gemma-3-1b-it@refs/pr/2/model.safetensors"))
    'hf://google/gemma-3-1b-it@refs/pr/2/model.safetensors'
    """
    rest = unquote(text.partition("://")[2]).strip("/")
    first, _, after = rest.partition("/")
    if first == "models":
        first, _, after = after.partition("/")
    _check_kind(first, text)
    owner, mark, revision = first.partition("@")
    if mark or not after:  # a name without an organisation: gpt2, gpt2@main/model.safetensors
        return _repository(text, owner, *_revision(revision, after))
    name, _, path = after.partition("/")
    name, mark, revision = name.partition("@")
    return _repository(text, f"{owner}/{name}", *_revision(revision, path) if mark else ("", path))


def _revision(revision: str, path: str) -> tuple[str, str]:
    """(revision, path), where a revision may hold slashes."""
    special = SPECIAL.match(f"{revision}/{path}") if path else None
    if special is None:
        return revision, path
    return special[0], f"{revision}/{path}"[special.end() + 1 :]


def of_page(parts: SplitResult, text: str) -> Repository:
    """The repository of a hub's page: .../org/model, .../tree/main, .../blob/main/model.safetensors.

    >>> page = "https://huggingface.co/openai-community/gpt2/blob/main/model.safetensors?library=transformers"
    >>> str(of_page(urlsplit(page), page))
    'hf://openai-community/gpt2@main/model.safetensors'
    """
    words = [word for word in parts.path.split("/") if word]
    _check_kind(words[0] if words else "", text)
    if not words or words[0] in PAGES:
        raise UsageError(
            f"{shown(text, 200)} is a page of the hub, and no model's: give https://{parts.netloc}/org/model"
        )
    at = next((k for k, word in enumerate(words[1:3], 1) if word in OF_FILE + OF_FOLDER), min(len(words), 2))
    name, rest = "/".join(words[:at]), words[at:]
    if not rest or rest[0] not in OF_FILE + OF_FOLDER or len(rest) == 1:
        return _repository(text, unquote(name), "", "")  # the model's card, its discussions
    revision, path = _revision(unquote(rest[1]), unquote("/".join(rest[2:])))
    return _repository(text, unquote(name), revision, path, (rest[0] in OF_FILE) if path else None)


def _check_kind(first: str, text: str) -> None:
    if first in OTHER_KINDS:
        raise UsageError(f"{shown(text, 200)} is {OTHER_KINDS[first]}, not a model")


def _repository(text: str, id: str, revision: str, path: str, is_file: bool | None = None) -> Repository:
    named = all(re.fullmatch(NAME, part, re.ASCII) and ".." not in part for part in id.split("/"))
    odd = any(word in ("", ".", "..") for word in path.split("/")) if path else False
    if not named or odd or ".." in revision or not (f"{revision}{path}").isprintable():
        raise UsageError(f"{shown(text, 200)} names no model of a hub: hf://org/model, hf://org/model@revision/file")
    return Repository(id, revision, path, is_file)


def web_parts(text: str) -> SplitResult | None:
    """The parts of a web address; None where it is none: another scheme, no host, a port that is no number.

    >>> web_parts("https://host:81/m.pt").port, web_parts("https://host:x/m.pt"), web_parts("file:///etc/passwd")
    (81, None, None)
    """
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and HOST.fullmatch(host) and port != 0 and text.isprintable()
    return parts if good and not any(c.isspace() for c in parts.netloc) else None


def is_hub(parts: SplitResult, endpoint: str) -> bool:
    """Whether an address is one of the hub's own pages."""
    host = (parts.hostname or "").lower()
    return host in HOSTS or parts.netloc.lower() == urlsplit(endpoint).netloc.lower()


#: pages that show a file -> the same file itself
GITHUB = re.compile(r"/([\w.-]+)/([\w.-]+)/(?:blob|raw)/(.+)", re.ASCII)


def of_forge(parts: SplitResult) -> str | None:
    """The file that a page of GitHub shows; None for any other address.

    >>> of_forge(urlsplit("https://github.com/las7/weight-inspect/blob/main/tiny.gguf"))
    'https://github.com/las7/weight-inspect/raw/main/tiny.gguf'
    """
    match = GITHUB.fullmatch(parts.path) if parts.hostname in ("github.com", "www.github.com") else None
    return None if match is None else f"https://github.com/{match[1]}/{match[2]}/raw/{match[3]}"


def without_secrets(address: str) -> str:
    """An address as it is shown: no user and password, no query (signatures and tokens stand there), no fragment.

    >>> without_secrets("https://me:pass@host/a%20b.pt?X-Amz-Signature=abc#x")
    'https://host/a b.pt'
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{unquote(parts.path)}"


def joined(base: str, name: str) -> str:
    """The address of a bare name beside a file: same query, where a signature for the whole folder may stand.

    >>> joined("https://host/a/model.json?sig=1", "x y.bin")
    'https://host/a/x%20y.bin?sig=1'
    """
    parts = urlsplit(base)
    return parts._replace(path=f"{parts.path.rpartition('/')[0]}/{quote(name)}", fragment="").geturl()
