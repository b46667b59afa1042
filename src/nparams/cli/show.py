"""Which view, and what the reader's terminal can show."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from nparams.registry import VIEWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.cli.request import Request
    from nparams.network import Network
    from nparams.views.look import Look

MODULES = {view.name: view.module for view in VIEWS} | {"tensors": "nparams.views.tensors"}


def show(network: Network, request: Request) -> str:
    """The view that the request names, as text."""
    name = request.view or ("tensors" if request.tensors else "table")
    view = import_module(MODULES[name])
    look = look_for(request, drawn=name in ("table", "tree"))
    if request.tensors and name != "tensors":
        return str(view.render(network, look, tensors=True))
    return str(view.render(network, look))


def look_for(request: Request, *, drawn: bool) -> Look:
    """What stdout can show: width, Unicode, and for drawn views colour (NO_COLOR, FORCE_COLOR, TERM=dumb)."""
    from nparams.views.look import Look

    terminal = is_terminal()
    return Look(
        width=request.width or (columns() if terminal or "COLUMNS" in os.environ else None),
        unicode=speaks_unicode(),
        rich=drawn and terminal and speaks_unicode(),
        colour=terminal
        and not os.environ.get("NO_COLOR")
        and (bool(os.environ.get("FORCE_COLOR")) or os.environ.get("TERM") != "dumb"),
        depth=request.depth,
        by=request.by,
    )


def is_terminal() -> bool:
    """Whether a person reads stdout directly (FORCE_COLOR says so for a pipe)."""
    return sys.stdout is not None and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))


def columns() -> int:
    """The width of the terminal."""
    if os.environ.get("COLUMNS", "").isdigit():
        return int(os.environ["COLUMNS"]) or 80
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def speaks_unicode() -> bool:
    """Whether stdout can show · and Σ."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")
