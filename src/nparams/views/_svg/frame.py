"""What stands around every picture: a title above, the sum below, and words for who cannot see it."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.views._svg.ink import fitted, line, safe, shortened, sized, tag, text, width
from nparams.views._svg.style import STYLE
from nparams.views.html_tree import percent
from nparams.views.look import Look, counted, heading, missing, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

#: the width of a picture, and of what stays free on either side
WIDTH, SIDE = 960.0, 24.0
#: the height of a title
TITLE = 62.0
#: the lines of the sum in symbols are so far apart
LINE = 24.0
#: characters of the words for who cannot see it
SAID = 600


class Picture:
    """What is drawn, from above to below: `top` is where the next part begins."""

    def __init__(self, network: Network, kind: str, wide: float, *, standalone: bool) -> None:
        self.network = network
        self.kind = kind
        self.wide = wide
        self.standalone = standalone
        self.parts: list[str] = []
        self.top = 14.0
        if standalone:
            self._title()

    def add(self, *parts: str) -> None:
        """More to be drawn, over what is there."""
        self.parts += parts

    def _title(self) -> None:
        """What was understood, as it was given and in words."""
        given, _, words = heading(self.network, Look(width=1)).partition("\n")
        room = self.wide - 2 * SIDE
        self.add(text(SIDE, 36, fitted(given, room, 20, bold=True), "np-strong", size=20))
        if words:
            self.add(text(SIDE, 58, fitted(words, room, 14), "np-soft"))
        self.top = TITLE + 14 if words else TITLE - 6

    def sum(self, *, mark: str = "square", share: str = "") -> None:
        """The weights, the biases and their sum, each beside the sign that it is drawn with; and what is not known."""
        totals = self.network.totals
        self.top += 22
        if isinstance(totals.known, Expr):
            self._forms(mark)
        else:
            self._numbers(mark)
        for sentence in [*missing(self.network), *([share] if share else [])]:
            self.top += 22
            self.add(text(SIDE, self.top, fitted(sentence, self.wide - 2 * SIDE, 13), "np-soft", size=13))
        self.top += 20

    def _numbers(self, mark: str) -> None:
        totals = self.network.totals
        known = counted(totals.known, "parameter", Look()) + (" known" if totals.unknown else "")
        x = SIDE
        for lead, sign, words, cls in (
            ("", "w", counted(totals.weights, "weight", Look()), "np-wt"),
            ("+", "b", counted(totals.biases, "bias", Look()), "np-bt"),
            ("=", "", known, ""),
        ):
            if lead:
                self.add(text(x, self.top, lead, "np-soft", size=15))
                x += 21
            if sign:
                self.add(_sign(sign, mark, x, self.top - 5))
                x += 24
            shown = fitted(words, 300, 15, bold=True)
            self.add(text(x, self.top, shown, f"np-strong {cls}".strip(), size=15))
            x += width(shown, 15, bold=True) + 12

    def _forms(self, mark: str) -> None:
        """A line each: a sum in symbols may be long."""
        totals = self.network.totals
        self.top -= LINE
        forms = (("w", "weights", totals.weights), ("b", "biases", totals.biases), ("", "total", totals.known))
        for sign, name, size in forms:
            self.top += LINE
            if sign:
                self.add(_sign(sign, mark, SIDE, self.top - 5))
            cls = {"w": "np-wt", "b": "np-bt"}.get(sign, "np-strong")
            self.add(text(SIDE + 24, self.top, name, cls, size=15))
            self.add(text(SIDE + 92, self.top, line(sized(size), self.wide - 2 * SIDE - 92, 15), size=15))
        if self.network.where:
            self.top += LINE
            held = Look().condition(f"where {', '.join(self.network.where)}")
            self.add(text(SIDE + 92, self.top, fitted(held, self.wide - 2 * SIDE - 92, 14), "np-soft"))

    def note(self, words: str) -> None:
        """A sentence in place of what cannot be drawn."""
        self.top += 24
        self.add(text(SIDE, self.top, fitted(words, self.wide - 2 * SIDE, 15), "np-soft", size=15))

    def done(self, what: str) -> str:
        """The whole element; `what` says in a sentence what is to be seen."""
        network, high = self.network, self.top
        name = shortened(heading(network, Look(width=1)).replace("\n", ", "), 200)
        answer = "; ".join(" ".join(words.split()) for words in summary(network, Look()).split("\n"))
        label = shortened(f"{name}: {answer}", SAID)
        inside = [tag("title", safe(label))] if self.standalone else []
        inside.append(tag("desc", safe(shortened(f"{what} {answer}.", SAID))))
        if self.standalone:
            inside.append(f"<style>\n{STYLE}\n</style>")
            inside.append(tag("rect", cls="np-paper", width=self.wide, height=high))
        return tag(
            "svg", "\n" + "\n".join([*inside, *self.parts]) + "\n", cls=f"np-svg np-{self.kind}",
            xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {round(self.wide)} {round(high)}", width=self.wide,
            height=float(round(high)), role="img", aria_label=label,
        )  # fmt: skip


def part_of(part: int, network: Network) -> str:
    """A share of the total, as markup; nothing where there is no total."""
    whole = network.totals.total
    return percent(part, whole) if isinstance(whole, int) and whole else ""


def _sign(role: str, mark: str, x: float, y: float) -> str:
    """What weights and biases are drawn with in this picture."""
    if mark != "node":
        cls = {"w": "np-tone0", "b": "np-tone-b"} if mark == "tile" else {"w": "np-weight-bar", "b": "np-bias-bar"}
        return tag("rect", cls=cls[role], x=x, y=y - 6, width=14.0, height=12.0)
    if role == "w":
        return tag("g", tag("path", d=f"M{x} {y + 5}L{x + 16} {y - 5}"), cls="np-edges", stroke_width=1.6)
    return tag("circle", cls="np-node", cx=x + 7, cy=y, r=7.0) + tag("circle", cls="np-bias", cx=x + 7, cy=y, r=3.2)
