"""Files below the addresses of web servers: what each server writes about a folder, and the walk over its pages.

The pages are as the servers' sources write them (see nparams/fleet/_listing/pages.py), with the same three entries.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest

from nparams.errors import FetchError, ReadError, UsageError
from nparams.fleet._listing import pages, web
from nparams.fleet.listing import web_entries
from nparams.fleet.units import Entry
from nparams.remote import http
from tests.range_server import Handler, Server, saying, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A web server on loopback, which is no hub."""
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    with serving() as made:
        yield made


# -- pages of web servers ---------------------------------------------------------------------------------------------

LISTINGS = Path(__file__).parent / "listings"
BIG, SMALL_SIZE = 1_288_490_188, 104
# page | sizes of the two files | stamps
PAGES = [
    ("apache_lines.html", (None, SMALL_SIZE), ("", "")),
    ("apache_table.html", (None, SMALL_SIZE), ("", "")),
    ("apache_plain.html", (None, None), ("", "")),
    ("nginx.html", (BIG, SMALL_SIZE), ("", "")),
    ("nginx_short.html", (None, SMALL_SIZE), ("", "")),
    ("nginx.json", (BIG, SMALL_SIZE), ("Fri, 02 Jan 2026 10:00:01 GMT", "Fri, 02 Jan 2026 10:00:02 GMT")),
    ("lighttpd.html", (BIG, SMALL_SIZE), ("", "")),
    ("lighttpd.json", (BIG, SMALL_SIZE), ("1767348001", "1767348002")),
    ("caddy.html", (BIG, SMALL_SIZE), ("", "")),
    ("caddy.json", (BIG, SMALL_SIZE), ("2026-01-02T10:00:01.123456789Z", "2026-01-02T10:00:02Z")),
    ("go.html", (None, None), ("", "")),
    ("iis.html", (None, None), ("", "")),
]  # fmt: skip


@pytest.mark.parametrize(("page", "sizes", "stamps"), PAGES, ids=[row[0] for row in PAGES])
def test_what_servers_write(page: str, sizes: tuple[int | None, ...], stamps: tuple[str, ...]) -> None:
    found = pages.page_of((LISTINGS / page).read_bytes(), "https://host/m/")
    assert found is not None
    assert found.folders == ["sub"]
    long = "a-name-that-is-much-too-long.bin"
    assert set(found.files) == {"a b.gguf", "tiny.safetensors", *([long] if page == "apache_lines.html" else [])}
    for name, size, stamp in zip(("a b.gguf", "tiny.safetensors"), sizes, stamps, strict=True):
        assert found.files[name] == Entry(size, stamp)


# a page that is no listing
NO_LISTING = [
    "", "plain text", "{}", '{"name": "x"}', "[1, 2]", '["a"]', '[{"id": 3}]', "[" * 100_000, "<ListBucketResult",
    '<html><title>Welcome</title><a href="about/">About us</a><a href="/login">Log in</a></html>',
    '<html><title>A model</title><a href="model.bin">Download it here</a></html>',
    '<html><body><a href="model.bin">model.bin</a> by <a href="https://me.example/">me</a></body></html>',
    "<!--" * 300_000, "<a " * 300_000, "<" * 300_000, "&" * 300_000, "<![CDATA[" * 200_000,
]  # fmt: skip


@pytest.mark.parametrize("page", NO_LISTING, ids=[repr(page[:20]) for page in NO_LISTING])
def test_pages_that_list_nothing(page: str) -> None:
    assert pages.page_of(page.encode(), "https://host/m/") is None


@pytest.mark.parametrize("page", ["[]", "<title>Index of /m/</title>", "<h1>Directory listing for /m/</h1><ul></ul>"])
def test_empty_folders(page: str) -> None:
    assert pages.page_of(page.encode(), "https://host/m/") == pages.Page({}, [])


# href | the entry that it leads to, below https://host/m/
HREFS = [
    ("a.bin", "a.bin"), ("./a.bin", "a.bin"), ("/m/a.bin", "a.bin"), ("https://host/m/a.bin", "a.bin"),
    ("sub/", "sub/"), ("//host/m/a.bin", "a.bin"), ("a%2fb.bin", "a%2fb.bin"), ("%e2%82%ac.bin", "€.bin"),
    ("%ff.bin", "%ff.bin"), ("100%25.bin", "100%25.bin"), ("a%3Fb%23.bin", "a%3Fb%23.bin"), ("a%0Ab", "a%0Ab"),
    ("a:b.bin", None), ("./a:b.bin", "a:b.bin"), ("", None), (".", None), ("./", None), ("../", None), ("..", None),
    ("../m/a.bin", None), ("sub/../a.bin", None), ("%2e%2e/", None), ("%2e%2e", None), ("a%5Cb", None),
    ("a%00b", None), ("/", None), ("/other/a.bin", None), ("/mm/a.bin", None), ("sub/a.bin", None), ("sub//", "sub/"),
    ("a.bin?x=1", None), ("#top", None), ("?C=N;O=D", None), ("https://elsewhere/m/a.bin", None),
    ("http://host/m/a.bin", None), ("https://host:8/m/a", None), ("javascript:alert(1)", None),
    ("mailto:me@host", None), ("file:///etc/passwd", None), ("https://[::1/m/a", None), ("a\nb", None),
]  # fmt: skip


@pytest.mark.parametrize(("href", "name"), HREFS)
def test_only_what_lies_in_the_folder_is_followed(href: str, name: str | None) -> None:
    assert pages.below("https://host/m/", href) == name


def test_a_folder_whose_own_name_is_quoted() -> None:
    assert pages.below("https://host/my models/", "/my%20models/a.bin") == "a.bin"


# -- the walk ---------------------------------------------------------------------------------------------------------


def listing(*names: str) -> bytes:
    """A page of nginx."""
    links = "".join(f'<a href="{quote(name)}">{name}</a>   02-Jan-2026 10:00   7\r\n' for name in names)
    return f'<html><title>Index of /</title><pre><a href="../">../</a>\r\n{links}</pre></html>'.encode()


def test_folders_come_in_the_order_of_buckets(server: Server) -> None:
    server.files = {
        "/m/": listing("z.bin", "a.bin", "a/", "b c/", "a-1.bin", "a0.bin"),
        "/m/a/": listing("2.bin", "1/"), "/m/a/1/": listing("x.bin"), "/m/b c/": listing("y.bin"),
    }  # fmt: skip
    found = list(web_entries(f"{server.address}/m/"))
    assert found[0] == ("a-1.bin", Entry(7, ""))
    paths = [path for path, _ in found]
    assert paths == ["a-1.bin", "a.bin", "a/1/x.bin", "a/2.bin", "a0.bin", "b c/y.bin", "z.bin"]
    assert paths == sorted(paths)
    assert server.paths == ["/m/", "/m/a/", "/m/a/1/", "/m/b c/"]


def test_a_page_is_asked_for_when_its_turn_comes(server: Server) -> None:
    server.files = {"/": listing("a.bin", "b/", "c/"), "/b/": listing("x.bin"), "/c/": listing("y.bin")}
    found = web_entries(f"{server.address}/")
    assert next(found)[0] == "a.bin"
    assert server.paths == ["/"]
    assert next(found)[0] == "b/x.bin"
    assert server.paths == ["/", "/b/"]


def test_pythons_own_server(tmp_path: Path) -> None:
    """Links to folders are told by their name there, and not entered."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Nothing."""

    odd = ["100%.bin", "a b.bin", "a?b#c.bin", "ü.bin"]
    (tmp_path / "sub").mkdir()
    for name in (*odd, "sub/model.gguf"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "same.bin").symlink_to(tmp_path / "a b.bin")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        root = f"http://127.0.0.1:{made.server_address[1]}/"
        paths = [path for path, _ in web_entries(root)]
        assert paths == ["100%25.bin", "a b.bin", "a%3Fb%23c.bin", "same.bin", "sub/model.gguf", "ü.bin"]
        for path in paths:
            assert http.client().get(root + path, {}, 10, path).body == b"x"
        http.client().close()
        made.shutdown()
        thread.join()


def test_a_folder_that_cannot_be_listed_does_not_stop_the_others(server: Server) -> None:
    server.files = {"/": listing("a/", "b/", "c/", "d/"), "/d/": listing("x.bin"), "/b/": b"<html>Welcome</html>"}
    server.odd["/c/"] = saying(403)
    failed: list[tuple[str, str]] = []
    found = list(web_entries(f"{server.address}/", lambda path, problem: failed.append((path, str(problem)))))
    assert found == [("d/x.bin", Entry(7, ""))]
    assert [path for path, _ in failed] == ["a/", "b/", "c/"]
    for (_, told), said in zip(failed, ("no such file (404)", "a page that lists no files", "(403)"), strict=True):
        assert said in told
    with pytest.raises(FetchError, match="no such file"):
        list(web_entries(f"{server.address}/"))


def test_a_link_in_a_circle_on_the_server_is_not_entered(server: Server) -> None:
    def again(handler: Handler) -> bool:
        handler.give(200, listing("loop/", "m.gguf") if handler.path.endswith(("/", "loop/")) else b"")
        return True

    server.odd |= {"/" + "loop/" * k: again for k in range(50)}
    failed: list[str] = []
    found = list(web_entries(f"{server.address}/", lambda path, problem: failed.append(f"{path} {problem}")))
    assert found == [("m.gguf", Entry(7, ""))]
    assert len(server.asked) == 2
    assert "a link in a circle?" in failed[0]


def test_depth_and_numbers_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def deeper(handler: Handler) -> bool:
        depth = handler.path.count("/")
        handler.give(200, listing(f"d{depth}/", f"m{depth}.gguf"))
        return True

    path = "/"
    for k in range(1, 60):
        server.odd[path] = deeper
        path += f"d{k}/"
    failed: list[str] = []
    found = list(web_entries(f"{server.address}/", lambda path, problem: failed.append(str(problem))))
    assert len(found) == web.MOST_DEPTH + 1
    assert "more than 32 folders inside each other; give this one by itself" in failed[0]
    monkeypatch.setattr(web, "MOST_FOLDERS", 5)
    with pytest.raises(FetchError, match="more than 5 folders: give some of them, one by one"):
        list(web_entries(f"{server.address}/"))
    monkeypatch.setattr(web, "MOST_FILES", 3)
    server.files["/flat/"] = listing(*(f"{k}.bin" for k in range(4)))
    with pytest.raises(FetchError, match="more than 3 files: give folders below it"):
        list(web_entries(f"{server.address}/flat/"))


def test_a_list_that_is_cut_off_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "CADDYS_MOST", 4)
    server.files["/"] = (LISTINGS / "caddy.json").read_bytes().replace(b'"is_dir":true', b'"is_dir":false')
    failed: list[str] = []
    assert len(list(web_entries(f"{server.address}/", lambda path, problem: failed.append(str(problem))))) == 4
    assert "after which the server cuts its list off" in failed[0]


def test_a_login_is_used_for_every_page_and_never_shown(server: Server) -> None:
    server.files = {"/": listing("a/", "b/"), "/a/": listing("x.bin")}
    root = server.address.replace("http://", "http://me:pass@") + "/"
    failed: list[str] = []
    assert len(list(web_entries(root, lambda path, problem: failed.append(str(problem))))) == 1
    assert {each.headers.get("authorization") for each in server.asked} == {"Basic bWU6cGFzcw=="}
    assert "pass" not in failed[0]


# what happens | the root | the answer there | the error
NO_WEB = [
    ("no slash", "{}/m", saying(200), UsageError, "with a slash at its end"),
    ("a query", "{}/m/?a=b/", saying(200), UsageError, "is no address of a folder"),
    ("no address", "https:///", saying(200), UsageError, "is no address of a folder"),
    ("the hub", "https://huggingface.co/org/", saying(200), UsageError, "is a page of the hub: give hf://org"),
    ("a page", "{}/m/", saying(200, b"<html>Hello</html>"), FetchError, "lists no files; give the addresses"),
    ("nothing there", "{}/m/", saying(404), FetchError, "there is no such file (404)"),
    ("a login", "{}/m/", saying(401), FetchError, "asks for a login"),
    ("elsewhere", "{}/m/", saying(302, b"", {"Location": "/x/"}), FetchError, "leads to"),
    ("too long", "{}/m/", saying(200, b"[" + b" " * 40_000_000 + b"]"), FetchError, "longer than 32,000,000 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("root", "odd", "kind", "said"), [row[1:] for row in NO_WEB], ids=[row[0] for row in NO_WEB])
def test_a_root_that_lists_nothing(server: Server, root, odd, kind, said) -> None:
    server.odd["/m/"] = odd
    server.files["/x/"] = listing("a.bin")
    with pytest.raises(kind) as problem:
        list(web_entries(root.format(server.address)))
    assert said in str(problem.value)
    assert str(problem.value).isprintable()
    assert isinstance(problem.value, ReadError | UsageError)


# -- buckets that list themselves -------------------------------------------------------------------------------------


def keys(*found: str, more: str = "", quoted: bool = True) -> bytes:
    """A page of a bucket, as Amazon writes it."""
    rows = "".join(
        f"<Contents><Key>{quote(key, safe='/') if quoted else key}</Key><ETag>&quot;{k:032x}&quot;</ETag>"
        f"<Size>{k}</Size><LastModified>2026-01-02T10:00:00.000Z</LastModified><Owner><ID>Key</ID></Owner></Contents>"
        for k, key in enumerate(found)
    )
    cut = f"<IsTruncated>true</IsTruncated>{more}" if more else "<IsTruncated>false</IsTruncated>"
    coding = "<EncodingType>url</EncodingType>" if quoted else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>b</Name><Prefix></Prefix><KeyCount>{len(found)}</KeyCount><MaxKeys>1000</MaxKeys>{coding}{cut}{rows}</ListBucketResult>"
    ).encode()


def store(server: Server, path: str, found: list[str], size: int = 3, marker: bool = False) -> None:
    """A bucket at a path that lists its keys in pages."""

    def answer(handler: Handler) -> bool:
        asked = parse_qs(handler.path.partition("?")[2])
        below = sorted(key for key in found if key.startswith(asked.get("prefix", [""])[0]))
        if marker:
            start = sum(key <= asked.get("marker", [""])[0] for key in below)
            more = "<!-- the last key is the marker -->"
        else:
            start = int(asked.get("continuation-token", ["0"])[0])
            more = f"<NextContinuationToken>{start + size}</NextContinuationToken>"
        part = below[start : start + size]
        handler.give(200, keys(*part, more=more if start + size < len(below) else "", quoted="list-type" in asked))
        return True

    server.odd[path] = answer


KEYS = [
    "a b.gguf",
    "a+b.gguf",
    "m/",
    "m/1/x.bin",
    "m/2.bin",
    "m/é.bin",
    "m//odd.bin",
    "m/../out.bin",
    "z.bin",
    "z%.bin",
]


@pytest.mark.parametrize("marker", [False, True])
def test_a_bucket_lists_itself_page_by_page(server: Server, marker: bool) -> None:
    store(server, "/", KEYS, marker=marker)
    found = dict(web_entries(f"{server.address}/"))
    assert list(found) == ["a b.gguf", "a+b.gguf", "m/1/x.bin", "m/2.bin", "m/é.bin", "z%25.bin", "z.bin"]
    assert found["a+b.gguf"] == Entry(1, f'"{1:032x}"')
    assert len(server.asked) == 5  # as any server is asked, then four pages


@pytest.mark.parametrize("base", ["/", "/b/"])
def test_a_folder_of_a_bucket(server: Server, base: str) -> None:
    """By the host's name, or as the first part of the path; the object that marks a folder may be there."""
    store(server, base, KEYS)
    for status in (403, 404, 200):
        server.odd[f"{base}m/"] = saying(status, b"", {"x-amz-request-id": "1"})
        paths = [path for path, _ in web_entries(f"{server.address}{base}m/")]
        assert paths == ["1/x.bin", "2.bin", "é.bin"]
    assert parse_qs(server.asked[-1].query)["prefix"] == ["m/"]


def test_a_bucket_that_does_not_list_itself(server: Server) -> None:
    for path in ("/", "/b/", "/b/m/"):
        server.odd[path] = saying(403, b"<Error><Code>AccessDenied</Code></Error>", {"x-amz-request-id": "1"})
    with pytest.raises(FetchError, match=r"does not list itself to everybody \(403\); with a login, give s3://"):
        list(web_entries(f"{server.address}/b/m/"))
    assert len(server.asked) == 3


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><ListBucketResult><Key>&a;</Key></ListBucketResult>'
# a bucket's second page | the error
BROKEN = [
    (b"<ListBucketResult><Contents>", "the bucket's list is no XML"), (BOMB, "the bucket's list is no XML"),
    (b"<html>", "breaks off its list"), (b"", "breaks off its list"),
    (keys("b", more="<NextContinuationToken>1</NextContinuationToken>"), "the bucket's list has no end"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "said"), BROKEN)
def test_a_bucket_that_breaks_off(server: Server, page: bytes, said: str) -> None:
    begun = keys("a", more="<NextContinuationToken>1</NextContinuationToken>")
    server.odd["/"] = lambda handler: handler.give(200, page if "token" in handler.path else begun) is None
    with pytest.raises(FetchError, match=said):
        list(web_entries(f"{server.address}/"))
