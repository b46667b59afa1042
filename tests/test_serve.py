"""nparams serve: this machine only, the page's own files only, and a policy with each of them."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nparams.cli.main import main
from nparams.cli.serve import POLICY, server_of


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "site" / "assets").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<!doctype html>")
    (tmp_path / "site" / "assets" / "a.mjs").write_text("1")
    (tmp_path / "secret").write_text("secret")
    with server_of(str(tmp_path / "site"), 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def asked(port: int, path: str, host: str = "localhost", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port)
    link.putrequest(method, path, skip_host=True)
    link.putheader("Host", f"{host}:{port}")
    link.endheaders()
    answer = link.getresponse()
    held = (answer.status, dict(answer.getheaders()), answer.read())
    link.close()
    return held


def test_a_file_of_the_page_comes_with_its_type_and_the_policy(port: int) -> None:
    status, headers, body = asked(port, "/")
    assert (status, body, headers["Content-Type"]) == (200, b"<!doctype html>", "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert asked(port, "/assets/a.mjs?x=1")[1]["Content-Type"] == "text/javascript"
    assert asked(port, "/", method="HEAD")[::2] == (200, b"")


def test_the_page_says_the_same_policy_itself_for_hosts_that_send_none() -> None:
    page = (Path(__file__).parent.parent / "web" / "index.html").read_text()
    framed = "; frame-ancestors 'none'"  # which only a host can say
    assert POLICY.endswith(framed)
    assert f'content="{POLICY.removesuffix(framed)}"' in page


@pytest.mark.parametrize("path", ["/../secret", "/..%2fsecret", "//etc/passwd", "/assets", "/assets/", "/nothing"])
def test_nothing_else_is_sent(port: int, path: str) -> None:
    status, _, body = asked(port, path)
    assert status == 404
    assert b"secret" not in body


def test_another_host_s_name_is_refused(port: int) -> None:
    assert asked(port, "/", host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve"], "the page is not installed here: pip install 'nparams[web]'"),
        (["serve", "--site", "."], "holds no page: there is no index.html in it"),
        (["serve", "--port", "x"], "--port"),
    ],
)
def test_what_cannot_be_served_is_said(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
