"""The models of a hub, of an organisation, and single ones, as units of a fleet."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from nparams.errors import FetchError, UsageError
from nparams.fleet._listing import hub as hub_list
from nparams.fleet.listing import hub_units
from nparams.fleet.units import FILE, FOLDER, Entry, Unit
from nparams.remote import http
from nparams.remote.hub import opened
from tests.range_server import Handler, Server, first, hub, hub_for_nobody, models, saying, serving
from tests.safetensors_maker import T, safetensors

SHA = "0123456789abcdef0123456789abcdef01234567"
ONE = {"README.md": b"#", "config.json": b"{}", "model.safetensors": safetensors([T("fc.weight", [4, 3])])}
TOKEN = "hf_secretsecretsecret"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A hub on loopback, asked by a user without a token; a web server too."""
    with hub_for_nobody(monkeypatch, tmp_path / "home") as made:
        yield made


# -- a hub ----------------------------------------------------------------------------------------------------------


def test_an_organisation_is_one_unit_a_repository(server: Server) -> None:
    for name in ("org/one", "org/two", "other/three"):
        hub(server, name, ONE)
    units = list(hub_units("hf://org"))
    assert [(unit.uri, unit.kind, unit.names, unit.problem) for unit in units] == [
        ("hf://org/one", FOLDER, (), ""),
        ("hf://org/two", FOLDER, (), ""),
    ]
    assert units[0].listing.files == {name: Entry(None, SHA) for name in ONE}
    (asked,) = server.asked
    assert asked.path == "/api/models"
    fields = parse_qs(asked.query)
    assert (fields["author"], fields["limit"], fields["sort"]) == (["org"], ["1000"], ["createdAt"])
    assert {"sha", "siblings"} < set(fields["expand"])
    assert pickle.loads(pickle.dumps(units[0])).stamp == units[0].stamp


def test_a_stamp_changes_with_the_commit_alone(server: Server) -> None:
    hub(server, "org/one", ONE)
    (before,), (same,) = list(hub_units("hf://org")), list(hub_units("hf://org"))
    server.models["org/one"]["sha"] = "f" * 40
    (after,) = hub_units("hf://org")
    assert before.stamp == same.stamp != after.stamp


@pytest.mark.parametrize("root", ["hf://models", "hf://*", "HF://*/", "{}/models"])
def test_every_model_of_a_hub(server: Server, root: str) -> None:
    for name in ("org/one", "other/three"):
        hub(server, name, ONE)
    assert [unit.uri for unit in hub_units(root.format(server.address))] == ["hf://org/one", "hf://other/three"]
    assert "author" not in parse_qs(server.asked[0].query)


def test_pages_are_asked_for_as_they_are_needed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_list, "PAGE", 10)
    for k in range(35):
        hub(server, f"org/m{k:02}", ONE)
    found = hub_units("hf://org")
    assert next(found).uri == "hf://org/m00"
    assert len(server.asked) == 1
    assert len(list(found)) == 34
    assert [parse_qs(each.query).get("cursor") for each in server.asked] == [None, ["10"], ["20"], ["30"]]


def test_the_next_page_is_asked_of_the_same_hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of the hub pass its links on; nobody else gets a token for naming himself in one."""
    monkeypatch.setattr(hub_list, "PAGE", 1)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with serving() as elsewhere:
        for name in ("org/one", "org/two"):
            hub(server, name, ONE)
        link = f'<{elsewhere.address}/api/models?author=org&limit=1&cursor=1>; rel="next"'
        body = json.dumps([server.models["org/one"]]).encode()
        server.odd["/api/models"] = first(1, saying(200, body, {"Link": link}))
        answered = server.odd["/api/models"]
        server.odd["/api/models"] = lambda handler: answered(handler) or models(handler)
        assert [unit.uri for unit in hub_units("hf://org")] == ["hf://org/one", "hf://org/two"]
        assert not elsewhere.asked
    assert {each.headers["authorization"] for each in server.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("link", [
    '<https://h/api/models?cursor=1>; rel="next"', "</api/models?cursor=1>;rel=next",
    '<https://h/x>; rel="prev", <https://h/api/models?cursor=1>; title="a"; rel="next"',
])  # fmt: skip
def test_links_in_every_spelling(link: str) -> None:
    answer = http.Answer(200, {"link": link}, b"[]", "", True)
    assert hub_list._next(answer) == "cursor=1&limit=1000"


@pytest.mark.parametrize("link", ["", '<https://h/x>; rel="prev"', "<https://[::1/x>; rel=next", "<" * 9_999])
def test_links_to_nothing(link: str) -> None:
    assert hub_list._next(http.Answer(200, {"link": link}, b"[]", "", True)) == ""


def test_a_list_that_goes_round_in_a_circle(server: Server) -> None:
    body = json.dumps([{"id": "org/one", "sha": SHA, "siblings": []}]).encode()
    server.odd["/api/models"] = saying(200, body, {"Link": '</api/models?cursor=1>; rel="next"'})
    with pytest.raises(FetchError, match="goes round in a circle"):
        list(hub_units("hf://org"))
    assert len(server.asked) == 2


def test_a_list_without_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_list, "MOST_PAGES", 5)

    def endless(handler: Handler) -> bool:
        link = f'</api/models?cursor={len(server.asked)}>; rel="next"'
        handler.give(200, b'[{"id": "org/m%d", "siblings": []}]' % len(server.asked), {"Link": link})
        return True

    server.odd["/api/models"] = endless
    with pytest.raises(FetchError, match="has more than 5 pages"):
        list(hub_units("hf://org"))
    assert len(server.asked) == 5


def test_a_page_that_is_too_long_comes_in_parts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_list, "PAGE", 100)
    monkeypatch.setattr(hub_list, "MOST_PAGE", 20_000)
    for k in range(40):
        hub(server, f"org/m{k:02}", {f"checkpoint-{j}/model.bin": b"" for j in range(30)})
    assert [unit.uri for unit in hub_units("hf://org")] == [f"hf://org/m{k:02}" for k in range(40)]
    assert {parse_qs(each.query)["limit"][0] for each in server.asked} == {"100", "10"}
    monkeypatch.setattr(hub_list, "MOST_PAGE", 500)
    with pytest.raises(FetchError, match="what the hub says of one model is longer than 500 bytes"):
        list(hub_units("hf://org"))


def test_a_model_that_moves_to_the_next_page_is_one_unit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_list, "PAGE", 2)
    for name in "abc":
        hub(server, f"org/{name}", ONE)
    found = hub_units("hf://org")
    next(found)
    server.models = {"org/new": server.models["org/a"], **server.models}
    assert [unit.uri for unit in found] == ["hf://org/b", "hf://org/c"]


def test_repositories_without_weights_and_gated_ones_are_units(server: Server) -> None:
    hub(server, "org/card", {"README.md": b"#"})
    hub(server, "org/empty", {})
    hub(server, "org/gated", ONE)
    server.models["org/gated"]["gated"] = "manual"
    assert [unit.uri.rpartition("/")[2] for unit in hub_units("hf://org")] == ["card", "empty", "gated"]


def test_a_hub_whose_list_holds_no_files_is_asked_for_each(server: Server) -> None:
    hub(server, "org/one", ONE)
    hub(server, "org/gone", ONE)
    server.odd["/api/models"] = saying(200, b'[{"id": "org/one"}, {"id": "org/gone"}]')
    server.odd["/api/models/org/gone/revision/main"] = saying(404, b"", {"X-Error-Code": "RepoNotFound"})
    one, gone = hub_units("hf://org")
    assert one.listing.files == {name: Entry(None, SHA) for name in ONE}
    assert "there is no such model" in gone.problem


def test_names_in_a_list_lead_nowhere_else(server: Server) -> None:
    bad = ["../../etc/passwd", "/abs.safetensors", "a//b", "..\\x", "ok.safetensors"]
    ids = ["../x", "org/one@main", "a/b/c", "datasets/x", "org/one\n", "", 7, None, "org/%2e%2e", "org/ok"]
    siblings = [*({"rfilename": name} for name in bad), {"rfilename": 7}, 3, {}]
    body = [{"id": id, "sha": "../x", "siblings": siblings} for id in ids]
    server.odd["/api/models"] = saying(200, json.dumps([*body, 3, []]).encode())
    (unit,) = hub_units("hf://org")
    assert (unit.uri, unit.listing.files) == ("hf://org/ok", {"ok.safetensors": Entry(None, "")})


#: root | uri, kind, names, files
SINGLE = [
    ("hf://org/one", "hf://org/one", FOLDER, (), {"README.md", "a/b/model.bin", "a/config.json"}),
    ("hf://models/org/one", "hf://org/one", FOLDER, (), {"README.md", "a/b/model.bin", "a/config.json"}),
    ("hf://org/one@main", "hf://org/one@main", FOLDER, (), {"README.md", "a/b/model.bin", "a/config.json"}),
    ("hf://org/one/a", "hf://org/one/a", FOLDER, (), {"b/model.bin", "config.json"}),
    ("hf://org/one@main/a/b", "hf://org/one@main/a/b", FOLDER, (), {"model.bin"}),
    ("hf://org/one/a/b/model.bin", "hf://org/one/a/b/model.bin", FILE, ("model.bin",), {"model.bin"}),
    ("{}/org/one/tree/main/a", "hf://org/one@main/a", FOLDER, (), {"b/model.bin", "config.json"}),
]  # fmt: skip


@pytest.mark.parametrize(("root", "uri", "kind", "names", "files"), SINGLE, ids=[row[0] for row in SINGLE])
def test_one_repository_a_folder_of_it_a_file(
    server: Server, root: str, uri: str, kind: str, names: tuple[str, ...], files: set[str]
) -> None:
    hub(server, "org/one", {"README.md": b"#", "a/b/model.bin": b"", "a/config.json": b"{}"})
    (unit,) = hub_units(root.format(server.address))
    assert (unit.uri, unit.kind, unit.names, set(unit.listing.files)) == (uri, kind, names, files)
    assert unit.stamp
    assert [each.query for each in server.asked] == ["blobs=true"]
    if kind == FILE:
        assert opened(unit.uri).source is not None


def test_sizes_of_one_repository(server: Server) -> None:
    siblings = [{"rfilename": "a.gguf", "size": 5, "blobId": "x"}, {"rfilename": "b", "size": -1}]
    body = json.dumps({"id": "org/one", "sha": SHA, "siblings": siblings}).encode()
    server.odd["/api/models/org/one/revision/main"] = saying(200, body)
    (unit,) = hub_units("hf://org/one")
    assert unit.listing.files == {"a.gguf": Entry(5, SHA), "b": Entry(None, SHA)}


# root | the error
NO_HUB = [
    ("hf://", UsageError, "names no organisation or user of a hub"),
    ("hf://a b", UsageError, "names no organisation or user of a hub"),
    ("hf://..", UsageError, "names no organisation or user of a hub"),
    ("hf://datasets", UsageError, "is a dataset, not a model"),
    ("hf://org/../x", UsageError, "names no model of a hub"),
    ("{}/models?author=org", UsageError, "what the page filters by is not asked for"),
    ("{}/docs", UsageError, "is a page of the hub, and no model's"),
    ("https://elsewhere.example/org", UsageError, "is no address of a hub"),
    ("hf://nobody", FetchError, 'lists no models of "nobody"; is the name right'),
    ("hf://org/none", FetchError, "there is no such model"),
    ("hf://org/one/none", FetchError, "holds no such file or folder"),
]  # fmt: skip


@pytest.mark.parametrize(("root", "kind", "said"), NO_HUB, ids=[row[0] for row in NO_HUB])
def test_what_is_not_on_a_hub(server: Server, root: str, kind: type[Exception], said: str) -> None:
    hub(server, "org/one", ONE)
    with pytest.raises(kind) as problem:
        list(hub_units(root.format(server.address)))
    assert said in str(problem.value)
    assert str(problem.value).isprintable()


# what happens | the answer | words, without and with a token
REFUSED = [
    ("a token that is none", saying(401), "log in with hf auth login", "the token that was sent is not valid here"),
    ("forbidden", saying(403), "does not list its models (403)", "does not list its models (403)"),
    ("no hub", saying(404), "is it a hub?", "is it a hub?"),
    ("a page", saying(200, b"<html>"), "answers nothing that lists models: is it a hub?", ""),
    ("an object", saying(200, b'{"error": "x"}'), "answers nothing that lists models: is it a hub?", ""),
    ("deep nesting", saying(200, b"[" * 100_000), "answers nothing that lists models: is it a hub?", ""),
    ("too much asked", saying(429, b"", {"Retry-After": "999"}), "asks to wait", ""),
    ("a hub that fails", saying(503), "the server failed (503), several times", ""),
]  # fmt: skip


@pytest.mark.parametrize(("odd", "said", "logged_in"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_refusal_to_list_is_one_line(
    server: Server, odd, said: str, logged_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.odd["/api/models"] = odd
    with pytest.raises(FetchError) as problem:
        list(hub_units("hf://org"))
    assert said in str(problem.value)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(FetchError) as problem:
        list(hub_units("hf://org"))
    assert logged_in in str(problem.value)
    assert TOKEN not in str(problem.value)


def test_offline_no_hub_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for root in ("hf://org", "hf://org/one", "hf://*"):
        with pytest.raises(FetchError, match="HF_HUB_OFFLINE forbids to ask it"):
            list(hub_units(root))
    assert not server.asked
    monkeypatch.setenv("HF_HUB_OFFLINE", "")
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    with pytest.raises(UsageError, match="HF_ENDPOINT is"):
        list(hub_units("hf://org"))


def test_a_unit_of_a_hub_is_read_as_the_address_is(server: Server) -> None:
    """What a listing promises, the engine's folder gives: the files of one repository by their paths."""
    hub(server, "org/one", ONE)
    (unit,) = hub_units("hf://org")
    assert isinstance(unit, Unit)
    assert unit.listing.inside("")[0].keys() == ONE.keys()
    assert opened(unit.uri).folder.names() == sorted(ONE)
