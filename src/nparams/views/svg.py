"""SVG: a picture of a network, by what it is: columns of nodes, a treemap, or blocks in the order of its layers.

A picture needs no script, no font and nothing from elsewhere; it holds no id and no style attribute, so that several
stand on one page, and one that a page brings the style for (`STYLE`) needs no exception from its security policy.
"""

from __future__ import annotations

from nparams.errors import UsageError, shown
from nparams.expr import Expr
from nparams.views._svg.style import STYLE as STYLE
from nparams.views.look import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

#: every kind of picture, the one that is preferred first
KINDS = ("nodes", "treemap", "blocks")


def render(network: Network, look: Look | None = None) -> str:
    """A document of its own: light or dark as the reader's side is.

    >>> import nparams
    >>> picture = render(nparams.read("784-16-16-10"))
    >>> picture.startswith("<svg "), "784·16 = 12,544 weights" in picture, "13,002 parameters" in picture
    (True, True, True)
    """
    made = _drawn(network, "auto", look or Look(), standalone=True)
    return made if look is None or look.unicode else made.encode("ascii", "xmlcharrefreplace").decode()


def picture(network: Network, kind: str = "auto", standalone: bool = True) -> str:
    """A picture of one kind; without `standalone` an <svg> without style and title, for a page that brings STYLE.

    Raises UsageError for a kind that there is not, or that cannot be drawn of this network.

    >>> import nparams
    >>> picture(nparams.read("784-16-16-10"), "treemap", standalone=False).count('class="np-tile"')
    3
    """
    return _drawn(network, kind, Look(), standalone=standalone)


def kinds(network: Network) -> tuple[str, ...]:
    """What can be drawn of a network, the preferred first.

    >>> import nparams
    >>> kinds(nparams.read("784-16-16-10")), kinds(nparams.read("h0-h1-h2")), kinds(nparams.read("lstm 9 on 1"))
    (('nodes', 'treemap', 'blocks'), ('nodes', 'blocks'), ('treemap', 'blocks'))
    """
    return tuple(kind for kind in KINDS if not _hindrance(network, kind))


def _hindrance(network: Network, kind: str) -> str:
    """Why there is no such picture of a network; empty if there is one."""
    if kind == "treemap":
        if not network.is_numeric or isinstance(network.totals.known, Expr):
            return "areas are numbers, and its sizes are symbols: --set gives them values"
        return "" if network.totals.known else "it has no parameters"
    if kind == "nodes":
        from nparams.views._svg.chain import chain_of

        return "" if chain_of(network) else "it is no plain chain of Dense layers"
    return ""


def _drawn(network: Network, kind: str, look: Look, *, standalone: bool) -> str:
    if kind not in ("auto", *KINDS):
        raise UsageError(f"there is no picture {shown(kind)}: {', '.join(KINDS)}, or auto")
    if kind == "auto":
        kind = kinds(network)[0]
    elif reason := _hindrance(network, kind):
        raise UsageError(f"no {kind} can be drawn of {shown(network.read_as or network.source)}: {reason}")
    if kind == "nodes":
        from nparams.views._svg.chain import chain_of
        from nparams.views._svg.nodes import draw as nodes

        return nodes(network, chain_of(network) or (), standalone=standalone)
    if kind == "treemap":
        from nparams.views._svg.treemap import draw as treemap

        return treemap(network, look, standalone=standalone)
    from nparams.views._svg.blocks import draw as blocks

    return blocks(network, look, standalone=standalone)
