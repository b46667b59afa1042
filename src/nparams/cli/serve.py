"""nparams serve: the page, on this machine only."""

from __future__ import annotations

import os
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

from nparams.cli.arguments import OneLine, whole
from nparams.cli.main import FINE, write
from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ABOUT = """\
The page in a browser: sizes, code and configs typed or pasted, checkpoints dropped, counted by this same package and
sent to nobody.  Only this machine can open it.  The page is a wheel of its own, nparams-web: make web builds it."""

#: the only address that is listened on
LOOPBACK = "127.0.0.1"
#: names by which a browser on this machine asks for it; another one is a stranger's page that was sent here
HOSTS = ("127.0.0.1", "localhost", "[::1]")
TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
    ".wasm": "application/wasm", ".svg": "image/svg+xml", ".zip": "application/zip", ".json": "application/json",
}  # fmt: skip
#: nothing from elsewhere, nothing inline, no frame around it
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' blob: data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def run(words: list[str]) -> int:
    """Serve until it is interrupted."""
    request = _parser().parse_args(words)
    site = request.site or packaged()
    if not os.path.isfile(os.path.join(site, "index.html")):
        raise UsageError(f"{shown(site)} holds no page: there is no index.html in it")
    try:
        server = server_of(site, request.port)
    except OSError as error:
        raise UsageError(f"port {request.port:,}: {(error.strerror or 'not free').lower()}; try --port 0") from None
    with server:
        address = f"http://{LOOPBACK}:{server.server_port}/"
        write(f"{address}  (Ctrl-C stops it)")
        if request.open:
            import webbrowser

            webbrowser.open(address)
        server.serve_forever()
    return FINE


def _parser() -> OneLine:
    made = OneLine(prog="nparams serve", usage="nparams serve [--port N] [--open]", description=ABOUT)
    made.add_argument("--port", type=whole, default=8765, metavar="N", help="the port (8765; 0: any that is free)")
    made.add_argument("--open", action="store_true", help="open it in the browser")
    made.add_argument("--site", metavar="FOLDER", help="a page that was built elsewhere")
    return made


def packaged() -> str:
    """The folder of the page that is installed beside this package; UsageError where none is."""
    found = find_spec("nparams_web")
    if found is None or not found.submodule_search_locations:
        raise UsageError(
            "the page is not installed here: pip install 'nparams[web]'; "
            "from a clone: make web && pip install .venv/wheel-web/nparams_web-*.whl"
        )
    return os.path.join(next(iter(found.submodule_search_locations)), "site")


def files_of(site: str) -> Mapping[str, str]:
    """Every address of the page, and the file that is sent; nothing else is ever opened.

    >>> files_of("/nowhere")
    {}
    """
    held = {}
    for folder, _, names in os.walk(site):
        inner = os.path.relpath(folder, site).replace(os.sep, "/")
        for name in names:
            held["/" + (name if inner == "." else f"{inner}/{name}")] = os.path.join(folder, name)
    return held | ({"/": held["/index.html"]} if "/index.html" in held else {})


def server_of(site: str, port: int) -> ThreadingHTTPServer:
    """A server of the page, bound to this machine's own address."""
    files = files_of(site)

    class Page(BaseHTTPRequestHandler):
        """Answers GET and HEAD for the page's own files."""

        protocol_version = "HTTP/1.1"
        server_version, sys_version = "nparams", ""

        def do_GET(self) -> None:
            """A file of the page."""
            self._answer(body=True)

        def do_HEAD(self) -> None:
            """What would be sent of it."""
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
            path = files.get(self.path.partition("?")[0])
            if host not in HOSTS or path is None:
                self.send_error(404 if host in HOSTS else 403)
                return
            with open(path, "rb") as file:
                held = file.read()
            kind = TYPES.get(os.path.splitext(path)[1], "application/octet-stream")
            with suppress(ConnectionError):  # the browser has gone, or has it already
                self.send_response(200)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(held)), **HEADERS}.items():
                    self.send_header(name, value)
                self.end_headers()
                if body:
                    self.wfile.write(held)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is written of who asked for what."""

    return ThreadingHTTPServer((LOOPBACK, port), Page)
