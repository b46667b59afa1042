"""Models on a hub: whole repositories, single files, pages pasted from a browser, and what a hub refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import nparams
from nparams.errors import FetchError, NparamsError, UsageError
from nparams.remote import hub
from nparams.remote.address import is_bare, is_hub, of_forge, of_hub, of_page, without_secrets
from tests.range_server import Server, hub_for_nobody, saying, serving
from tests.range_server import hub as hub_with
from tests.safetensors_maker import T, safetensors, shards

ONE = {"config.json": b"{}", "README.md": b"# a model", "model.safetensors": safetensors([T("fc.weight", [4, 3])])}
PARTS = shards([[T(f"layers.{k}.weight", [8, 8])] for k in range(12)])
TOKEN = "hf_secretsecretsecret"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A hub on loopback, asked by a user without a token."""
    with hub_for_nobody(monkeypatch, tmp_path / "home") as made:
        yield made


# -- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", ["org/one", "org/one@main", "hf://org/one", "hf://org/one@main", "hf://models/org/one", "HF://org/one/"]
)
def test_a_repository_is_read_as_its_folder_is(server: Server, source: str, tmp_path: Path) -> None:
    hub_with(server, "org/one", ONE)
    for name, data in ONE.items():
        (tmp_path / name).write_bytes(data)
    found, here = (json.loads(nparams.read(each).to_json()) for each in (source, str(tmp_path)))
    assert found.pop("source").startswith("hf://org/one")
    here.pop("source")
    assert found == here


def test_what_a_repository_costs(server: Server) -> None:
    hub_with(server, "org/one", ONE)
    nparams.read("org/one")
    assert [path.rpartition("/")[2] for path in server.paths] == ["main", "model.safetensors", "config.json"]
    assert "0123456789abcdef" in server.paths[1]  # of the commit that was listed
    assert {each.method for each in server.asked} == {"GET"}


def test_the_shards_of_a_repository_are_fetched_several_at_a_time(server: Server) -> None:
    with serving() as elsewhere:
        hub_with(server, "org/big", PARTS, elsewhere)
        elsewhere.delay = 0.05
        assert nparams.read("org/big").total == 12 * 64
        assert elsewhere.most_at_once > 3
        assert len(elsewhere.asked) == 13  # the index, and each shard once


def test_a_file_is_fetched_without_a_listing(server: Server) -> None:
    hub_with(server, "org/one", ONE)
    for source in ("hf://org/one/model.safetensors", "hf://org/one@main/model.safetensors"):
        server.forget()
        assert nparams.read(source).total == 12
        assert server.paths == ["/org/one/resolve/main/model.safetensors"]


@pytest.mark.parametrize("tail", [
    "org/one", "org/one/", "org/one/tree/main", "org/one/blob/main/model.safetensors", "org/one/discussions",
    "org/one/resolve/main/model.safetensors?download=true", "org/one/raw/main/model.safetensors#L1",
    "org/one?library=transformers",
])  # fmt: skip
def test_a_page_pasted_from_a_browser(server: Server, tail: str) -> None:
    hub_with(server, "org/one", ONE)
    assert nparams.read(f"{server.address}/{tail}").total == 12


def test_a_folder_of_a_repository(server: Server) -> None:
    hub_with(server, "org/two", {f"{name}/model.safetensors": ONE["model.safetensors"] for name in "ab"})
    for source in ("hf://org/two/a", f"{server.address}/org/two/tree/main/b", "hf://org/two/a/model.safetensors"):
        assert nparams.read(source).total == 12


def test_a_pipeline_in_a_repository(server: Server) -> None:
    index = {"_class_name": "Pipe", "unet": ["diffusers", "UNet"], "scheduler": ["diffusers", "PNDMScheduler"]}
    files = {"model_index.json": json.dumps(index).encode(), "scheduler/scheduler_config.json": b"{}",
             "unet/config.json": b"{}",
             "unet/diffusion_pytorch_model.safetensors": ONE["model.safetensors"]}  # fmt: skip
    hub_with(server, "org/pipe", files)
    found = nparams.read("org/pipe")
    assert found.total == 12
    assert json.loads(found.to_json())["components"] == {"unet": 12}


def test_a_redirect_is_followed_once_and_its_signature_never_shown(server: Server) -> None:
    big = safetensors([T(f"layers.{k}.weight", [2]) for k in range(4000)])
    with serving() as elsewhere:
        hub_with(server, "org/big", {"model.safetensors": big}, elsewhere)
        found = nparams.read("hf://org/big/model.safetensors")
        assert len(server.asked) == 1
        assert len(elsewhere.asked) == 2
        assert "secret" not in found.to_json()
        elsewhere.forget()
        elsewhere.odd["/store/org/big/model.safetensors"] = saying(403)
        with pytest.raises(FetchError) as problem:
            nparams.read("hf://org/big/model.safetensors")
        assert "secret" not in str(problem.value)


def test_a_signature_that_expires_meanwhile_is_asked_for_anew(server: Server) -> None:
    big = safetensors([T(f"layers.{k}.weight", [2]) for k in range(4000)])
    with serving() as elsewhere:
        hub_with(server, "org/big", {"model.safetensors": big}, elsewhere)
        elsewhere.odd["/store/org/big/model.safetensors"] = lambda handler: (
            len(elsewhere.asked) == 2 and saying(403)(handler)
        )
        assert nparams.read("hf://org/big/model.safetensors").total == 8000
        assert len(server.asked) == 2


# -- who asks -------------------------------------------------------------------------------------------------------


def authorization(server: Server) -> set[str | None]:
    return {each.headers.get("authorization") for each in server.asked}


def test_a_token_comes_from_the_usual_places(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub_with(server, "org/one", ONE)
    nparams.read("org/one")
    assert authorization(server) == {None}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text("hf_stored\n")
    server.forget()
    nparams.read("org/one")
    assert authorization(server) == {"Bearer hf_stored"}
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    server.forget()
    nparams.read("org/one")
    assert authorization(server) == {f"Bearer {TOKEN}"}
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    server.forget()
    nparams.read("org/one")
    assert authorization(server) == {None}


def test_a_token_stays_with_the_hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with serving() as elsewhere:
        hub_with(server, "org/one", ONE, elsewhere)
        found = nparams.read("org/one")
        assert authorization(server) == {f"Bearer {TOKEN}"}
        assert authorization(elsewhere) == {None}
    assert TOKEN not in found.to_json() + str(found)


def test_a_token_goes_along_with_a_redirect_on_the_hub_itself(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    big = safetensors([T(f"layers.{k}.weight", [2]) for k in range(4000)])
    server.files["/cache/model.safetensors"] = big
    server.odd["/org/big/resolve/main/model.safetensors"] = saying(307, b"", {"Location": "/cache/model.safetensors"})
    assert nparams.read("hf://org/big/model.safetensors").total == 8000
    assert len(server.asked) == 3  # the second range is asked of where the first led to
    assert authorization(server) == {f"Bearer {TOKEN}"}


def test_a_token_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    assert hub.login() == {}
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    assert hub.login() == {"Authorization": f"Bearer {TOKEN}"}
    monkeypatch.setenv("HF_TOKEN", "two\nlines")
    assert hub.login() == {}


# -- what a hub refuses ---------------------------------------------------------------------------------------------

API = "/api/models/org/one/revision/main"
# what happens | path | answer | words, with and without a token
REFUSED = [
    ("a gated model", API, saying(403, b"", {"X-Error-Code": "GatedRepo"}),
     "the model is gated: ask for access at", "the token that was sent does not allow it"),
    ("a private one, or none", API, saying(401, b"", {"X-Error-Code": "RepoNotFound"}),
     "there is no such model at", "wrong name, or private and not open to the token that was sent"),
    ("none", API, saying(404, b"", {"X-Error-Code": "RepoNotFound"}), "there is no such model at", "token"),
    ("no such revision", API, saying(404, b"", {"X-Error-Code": "RevisionNotFound"}), 'no revision "main"', ""),
    ("no permission", API, saying(403), "the hub does not allow it (403)", ""),
    ("no hub", API, saying(200, b"<html>"), "answers nothing that lists a model's files: is it a hub?", ""),
    ("a list that is none", API, saying(200, b"[1, 2]"), "answers nothing that lists", ""),
    ("too much asked", API, saying(429, b"", {"Retry-After": "999"}), "asks to wait (429", ""),
    ("a hub that fails", API, saying(503), "the server failed (503), several times", ""),
    ("deep nesting", API, saying(200, b"[" * 100_000), "answers nothing that lists", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "odd", "words", "logged_in"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_refusal_says_what_to_do(
    server: Server, path: str, odd, words: str, logged_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.odd[path] = odd
    with pytest.raises(FetchError) as problem:
        nparams.read("hf://org/one")
    assert words in str(problem.value)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(FetchError) as problem:
        nparams.read("hf://org/one")
    assert logged_in in str(problem.value)
    assert TOKEN not in str(problem.value)
    assert str(problem.value).isprintable()


def test_a_file_that_is_not_there(server: Server) -> None:
    hub_with(server, "org/one", ONE)
    server.odd["/org/one/resolve/main/none.pt"] = saying(404, b"", {"X-Error-Code": "EntryNotFound"})
    for source in ("hf://org/one/none.pt", f"{server.address}/org/one/blob/main/none.pt"):
        with pytest.raises(FetchError, match="the model has no such file"):
            nparams.read(source)
    with pytest.raises(FetchError, match="no such file or folder"):
        nparams.read("hf://org/one/folder")


def test_names_in_a_listing_lead_nowhere_else(server: Server) -> None:
    bad = ["../../etc/passwd", "/abs.safetensors", "a//b", "a/../b.pt", "..\\x", "ok.safetensors"]
    listing = {"siblings": [{"rfilename": name} for name in bad] + [{"rfilename": 7}, 3], "sha": "../x"}
    server.odd[API] = saying(200, json.dumps(listing).encode())
    server.files["/org/one/resolve/main/ok.safetensors"] = ONE["model.safetensors"]
    assert nparams.read("org/one").total == 12
    assert set(server.paths) == {API, "/org/one/resolve/main/ok.safetensors"}


def test_offline_as_the_user_asked_for(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(FetchError, match=r"HF_HUB_OFFLINE forbids to ask it$"):
        nparams.read("hf://org/one")
    copy = tmp_path / "home" / "hub" / "models--org--one"
    copy.mkdir(parents=True)
    with pytest.raises(FetchError, match=r"a copy lies on this machine: nparams /.*models--org--one$"):
        nparams.read("hf://org/one")
    assert not server.asked


def test_a_known_name_is_answered_where_the_hub_cannot_be(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = nparams.read("openai-community/gpt2")
    assert found.total == 124_439_808
    assert "the repository itself was not read, and may hold another" in found.notes[-1]
    with pytest.raises(FetchError, match="is no file or folder here, and as a model of the hub"):
        nparams.read("openai-community/gpt2-mine")


def test_a_known_name_of_an_account_is_the_repository(server: Server) -> None:
    """What somebody publishes as gpt2 is what they published, whatever the name means elsewhere."""
    hub_with(server, "somebody/gpt2", ONE)
    assert nparams.read("somebody/gpt2").total == 12
    assert nparams.read("ViT-B/16").total == 86_567_656  # a name with a slash of its own
    server.odd["/api/models/nobody/gpt2/revision/main"] = saying(404, b"", {"X-Error-Code": "RepoNotFound"})
    with pytest.raises(FetchError, match="there is no such model"):
        nparams.read("nobody/gpt2")


def test_what_lies_here_comes_first(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "one").mkdir(parents=True)
    (tmp_path / "org" / "one" / "model.safetensors").write_bytes(ONE["model.safetensors"])
    assert nparams.read("org/one").total == 12
    with pytest.raises(NparamsError, match="no such file"):
        nparams.read("org/two")  # a folder of that name lies here: a slip of the pen
    assert not server.asked
    with pytest.raises(NparamsError):
        nparams.read("other/one", paths=False)
    assert not server.asked


# -- addresses ------------------------------------------------------------------------------------------------------

# what is pasted | what it means
PAGES = [
    ("https://huggingface.co/openai-community/gpt2", "hf://openai-community/gpt2"),
    ("https://hf.co/gpt2", "hf://gpt2"),
    ("https://huggingface.co/gpt2/blob/main/model.safetensors", "hf://gpt2@main/model.safetensors"),
    ("https://huggingface.co/a/b/tree/refs%2Fpr%2F7", "hf://a/b@refs/pr/7"),
    ("https://huggingface.co/a/b/blob/refs/pr/7/x/y.gguf", "hf://a/b@refs/pr/7/x/y.gguf"),
    ("https://huggingface.co/a/b/tree/main/x", "hf://a/b@main/x"),
    ("https://huggingface.co/a/b/commits/main", "hf://a/b@main"),
    ("https://www.huggingface.co/a/b?show_file_info=model.safetensors", "hf://a/b"),
    ("hf://a/b@v1.0/x.pt", "hf://a/b@v1.0/x.pt"),
    ("hf://a/b@refs/convert/parquet", "hf://a/b@refs/convert/parquet"),
    ("hf://a/b@refs%2Fpr%2F3/x.pt", "hf://a/b@refs/pr/3/x.pt"),
    ("hf://gpt2@main/x.pt", "hf://gpt2@main/x.pt"),
    ("hf://a/b/c/d.pt", "hf://a/b/c/d.pt"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "means"), PAGES, ids=[row[0] for row in PAGES])
def test_addresses_of_a_hub(text: str, means: str) -> None:
    assert str(of_hub(text) if text.startswith("hf") else of_page(urlsplit(text), text)) == means


NO_MODEL = [
    ("https://huggingface.co/", "is a page of the hub"),
    ("https://huggingface.co/docs/hub/index", "is a page of the hub"),
    ("https://huggingface.co/datasets/squad", "is a dataset, not a model"),
    ("https://huggingface.co/spaces/a/b", "is a space, not a model"),
    ("hf://datasets/a/b", "is a dataset, not a model"),
    ("hf://../a", "names no model of a hub"), ("hf://a/..", "names no model of a hub"),
    ("hf://a/b/../c", "names no model of a hub"), ("hf://a/b@../x", "names no model of a hub"),
    ("hf://a b/c", "names no model of a hub"), ("hf://a/b/x%1b[31m", "names no model of a hub"),
    ("hf://-/x", "names no model of a hub"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), NO_MODEL, ids=[row[0] for row in NO_MODEL])
def test_addresses_of_no_model(text: str, words: str) -> None:
    with pytest.raises(UsageError) as problem:
        of_hub(text) if text.startswith("hf") else of_page(urlsplit(text), text)
    assert words in str(problem.value)
    assert str(problem.value).isprintable()


def test_bare_names() -> None:
    yes = ["a/b", "TheBloke/Llama-2-7B-GGUF", "a/b@v1", "01-ai/Yi-6B", "x/y_z.1"]
    no = ["a", "a/b/c", "/a/b", "./a", "../a", "a/..", "a/b.", "-a/b", "784/16", "a b/c", "a//b", "", "a/", "a/b@"]
    assert [text for text in yes if not is_bare(text)] == []
    assert [text for text in no if is_bare(text)] == []


def test_pages_of_github() -> None:
    page = urlsplit("https://github.com/o/r/blob/main/x/y.pt")
    assert of_forge(page) == "https://github.com/o/r/raw/main/x/y.pt"
    assert of_forge(urlsplit("https://github.com/o/r")) is None
    assert of_forge(urlsplit("https://other.com/o/r/blob/main/y.pt")) is None


def test_which_hosts_are_hubs() -> None:
    assert is_hub(urlsplit("https://HF.co/a/b"), "https://huggingface.co")
    assert is_hub(urlsplit("http://mirror:81/a/b"), "http://mirror:81")
    assert not is_hub(urlsplit("https://cdn-lfs.huggingface.co/a/b"), "https://huggingface.co")


def test_what_is_shown_of_an_address() -> None:
    assert without_secrets("https://u:p@host:81/a%2Fb?sig=x#y") == "https://host:81/a/b"


def test_the_form_can_be_forced(server: Server) -> None:
    hub_with(server, "gpt3", ONE)
    assert nparams.read("gpt3", form="hub").total == 12
    assert nparams.read(f"{server.address}/gpt3/resolve/main/model.safetensors", form="safetensors").total == 12
