"""An exercise sheet with solutions, made of any network: questions by rule, every number one of the network's own."""

from __future__ import annotations

from nparams.views._exercises.questions import sheet_of
from nparams.views.look import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network


def render(network: Network, look: Look | None = None) -> str:
    """The sheet in Markdown: what is given, the questions, and the solutions step by step.

    >>> import nparams
    >>> sheet = render(nparams.read("784-16-16-10"))
    >>> "1. How many weights does `fc1` have" in sheet, "12,960 + 42 = 13,002 parameters" in sheet
    (True, True)
    """
    from nparams.views._exercises.markdown import written

    return written(sheet_of(network), look or Look())


def html(network: Network) -> str:
    """The same as a piece of HTML for a page: two sections, np-exercises and np-solutions, formulas in MathML.

    >>> import nparams
    >>> page = html(nparams.read("784-16-16-10"))
    >>> "<mn>13,002</mn></math> parameters" in page, " style=" in page
    (True, False)
    """
    from nparams.views._exercises.html import written

    return written(sheet_of(network))
