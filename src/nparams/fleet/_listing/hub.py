"""The models of a hub, by its list of them.

huggingface/huggingface_hub src/huggingface_hub/hf_api.py (`list_models`: GET /api/models with author, sort, limit and
expand, which may hold sha and siblings) and utils/_pagination.py (the next page is in `Link`, as RFC 8288 writes it).
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from nparams.errors import FetchError, UsageError, shown
from nparams.fleet.units import FILE, FOLDER, Entry, Listing, Unit
from nparams.remote.address import NAME, PAGES, Repository, is_hub, of_hub, of_page, web_parts
from nparams.remote.http import client
from nparams.remote.hub import Files, check_allowed, commit_of, endpoint, files_of, login
from nparams.remote.web import words
from nparams.stored.plain import strict, whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nparams.remote.http import Answer

    Models = list[dict[str, Any]]

EVERY = ("models", "*")
PAGE = 1_000  # models; the hub gives no more at once
MOST_PAGE = 16_000_000  # bytes; a page that is longer is asked for in smaller ones
MOST_PAGES = 100_000
#: the order of a list whose places do not move while it is read: new models come at its beginning
ORDER = "createdAt"
NEXT = re.compile(r'<([^<>]*)>(?=[^<,]*;\s*rel\s*=\s*"?next\b)', re.IGNORECASE)


def units(root: str) -> Iterator[Unit]:
    """See nparams.fleet.listing.hub_units."""
    asked = _asked(root)
    if isinstance(asked, Repository):
        check_allowed(root, asked)
        yield _one(asked)
        return
    check_allowed(root)
    found = False
    for page in _pages(asked, root):
        for info in page:
            unit = _listed(info)
            if unit is not None:
                found = True
                yield unit
    if not found:
        whose = f"of {shown(asked)}; is the name right, and are its models open to the token that is sent?"
        raise FetchError(f"{shown(root, 200)}: {endpoint()} lists no models {whose if asked else ''}".rstrip())


def _asked(root: str) -> Repository | str:
    """The repository of an address, or whose repositories it means; "" for everybody's."""
    parts = web_parts(root)
    if parts is not None and not is_hub(parts, endpoint()):
        raise UsageError(f"{shown(root, 200)} is no address of a hub: hf://org, hf://org/model")
    names = [word for word in unquote(parts.path if parts else root.partition("://")[2]).split("/") if word]
    if parts is not None and parts.query and names[:1] == ["models"]:
        raise UsageError(
            f"{shown(root, 200)}: what the page filters by is not asked for: give hf://org, or hf://models"
        )
    if len(names) == 1 and names[0] in EVERY:
        return ""
    if parts is None and names[:1] == ["models"]:
        del names[0]
    if parts is None and not names:
        return _owner("", root)
    if len(names) == 1 and "@" not in names[0] and (parts is None or names[0] not in PAGES):
        return _owner(names[0], root)
    return of_hub(root) if parts is None else of_page(parts, root)


def _owner(name: str, root: str) -> str:
    if re.fullmatch(NAME, name, re.ASCII) is None or ".." in name:
        raise UsageError(f"{shown(root, 200)} names no organisation or user of a hub: hf://org, hf://models for all")
    of_hub(f"hf://{name}")  # the name of something that holds no models
    return name


# -- one repository ---------------------------------------------------------------------------------------------------


def _one(wanted: Repository) -> Unit:
    info = Files(wanted).info("?blobs=true")  # with sizes
    files, path = _entries(info), wanted.path
    if not path:
        return Unit(Listing(str(wanted), files), FOLDER)
    folder, _, name = path.rpartition("/") if path in files else (path, "", "")
    start = f"{folder}/" if folder else ""
    below = {each[len(start) :]: entry for each, entry in files.items() if each.startswith(start)}
    if not below:
        raise FetchError(f"{shown(str(wanted), 200)}: the repository holds no such file or folder")
    place = str(Repository(wanted.id, wanted.revision, folder))
    return Unit(Listing(place, below), FILE, (name,)) if name else Unit(Listing(place, below), FOLDER)


def _entries(info: Mapping[str, Any]) -> dict[str, Entry]:
    commit = commit_of(info)
    return {path: Entry(whole_number(each.get("size")), commit) for path, each in sorted(files_of(info).items())}


def _listed(info: Mapping[str, Any]) -> Unit | None:
    """The unit of a repository as the list tells of it; None for what is no name of one."""
    id = info.get("id")
    try:
        wanted = of_hub(f"hf://{id}")
    except UsageError:
        return None
    if wanted.id != id:
        return None
    if isinstance(info.get("siblings"), list):
        return Unit(Listing(str(wanted), _entries(info)), FOLDER)
    try:
        return _one(wanted)  # a hub whose list holds no files
    except FetchError as problem:
        return Unit(Listing(str(wanted), {}), FOLDER, (), str(problem))


# -- the list ---------------------------------------------------------------------------------------------------------


def _pages(owner: str, root: str) -> Iterator[Models]:
    """The pages of the list, each with models that the one before did not hold."""
    fields = [("expand", each) for each in ("sha", "siblings", "gated", "private", "disabled")]
    query = urlencode([*([("author", owner)] if owner else []), ("sort", ORDER), ("limit", str(PAGE)), *fields])
    seen: set[int] = set()
    before: set[str] = set()
    while query:
        if hash(query) in seen or len(seen) >= MOST_PAGES:
            what = "goes round in a circle" if hash(query) in seen else f"has more than {MOST_PAGES:,} pages"
            raise FetchError(f"{shown(root, 200)}: the list of models of {endpoint()} {what}")
        seen.add(hash(query))
        models, query = _page(query, root)
        yield [each for each in models if each.get("id") not in before]
        before = {str(each.get("id")) for each in models}


def _page(query: str, root: str) -> tuple[Models, str]:
    """(the models of one page, the query of the next); pages that are too long are asked for in parts."""
    limit = PAGE
    while True:
        asked = _with_limit(query, limit)
        answer = client().get(f"{endpoint()}/api/models?{asked}", login(), MOST_PAGE, root)
        if answer.status != 200:
            raise _refusal(answer, root)
        if answer.whole:
            return _models(answer, root), _next(answer)
        if limit == 1:
            raise FetchError(f"{shown(root, 200)}: what the hub says of one model is longer than {MOST_PAGE:,} bytes")
        limit //= 10


def _next(answer: Answer) -> str:
    """The query of the next page, which is asked of the same hub whatever host the link names; "" after the last.

    Behind HF_ENDPOINT stand copies of the hub too, whose links name the hub itself.
    """
    link = NEXT.search(answer.headers.get("link", "")[:10_000])
    try:
        return _with_limit(urlsplit(link[1]).query, PAGE) if link else ""
    except ValueError:
        return ""


def _with_limit(query: str, limit: int) -> str:
    held = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "limit"]
    return urlencode([*held, ("limit", str(limit))])


def _models(answer: Answer, root: str) -> Models:
    try:
        held = strict(answer.body)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, list):
        raise FetchError(f"{shown(root, 200)}: {endpoint()} answers nothing that lists models: is it a hub?")
    return [each for each in held if isinstance(each, dict)]


def _refusal(answer: Answer, root: str) -> FetchError:
    where = shown(root, 200)
    if answer.status in (401, 403):
        why = "the token that was sent is not valid here" if login() else "set HF_TOKEN, or log in with hf auth login"
        return FetchError(f"{where}: {endpoint()} does not list its models ({answer.status}); {why}")
    if answer.status in (400, 404):
        return FetchError(f"{where}: {endpoint()} answers nothing that lists models ({answer.status}): is it a hub?")
    return words(answer, root)
