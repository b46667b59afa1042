"""The elements of a paper as a list of layers, and the network that it makes."""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.notation._paper.rows import rows_of
from nparams.notation._paper.words import Item, Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

MAX_LIST = 400_000


def built(text: str, rows: bool, bias: str | None, convention: str | None) -> Network:
    """The network of a table (rows of filter shapes) or of elements."""
    items = rows_of(text) if rows else _moved(Words(text).items())
    if not items:
        raise NotationError(f"{shown(text.strip())} names no layer; write for example 32C3-MP2-64C3-P2-128-N10")
    styles = {item.style for item in _all(items)}
    if rows and bias is None:
        bias = "none"
    network, tight = _padded(items, "string" not in styles, bias, convention)
    network.notes[:0] = _notes(styles - {"string"} if tight else styles, rows, bias, _spread(network), tight)
    if "string" in styles and not tight and _spread(network):
        _tell_same(network, items, bias, convention)
    return network


def _padded(items: list[Item], same: bool, bias: str | None, convention: str | None) -> tuple[Network, bool]:
    """The network, and whether its convolutions had to be padded because they do not fit otherwise."""
    try:
        return _network(_List(same).text(items), bias, convention), False
    except NotationError as error:
        if same or "does not fit" not in str(error):
            raise
        try:
            return _network(_List(True).text(items), bias, convention), True
        except NotationError:
            raise error from None


def _network(told: str, bias: str | None, convention: str | None) -> Network:
    from nparams.notation._stack.read import network_of

    if len(told) > MAX_LIST:
        raise NotationError(f"a list of {len(told):,} characters: at most {MAX_LIST:,} are built")
    try:
        return network_of(told, bias or "all", convention)
    except NotationError as error:
        raise NotationError(f"read as {shown(told, 80)}: {error}") from None


def _moved(items: list[Item]) -> list[Item]:
    """An input that is said at the end (... on 28x28x1) comes first; a bare number in front is the input too."""
    inputs = [item for item in items if item.kind == "input"]
    if len(inputs) > 1:
        raise NotationError(f"two inputs are given: {inputs[0].told[6:]} and {inputs[1].told[6:]}; keep one")
    rest = [item for item in items if item.kind != "input"]
    if not inputs and len(rest) > 1 and rest[0].style == "bare" and rest[0].times == 1:
        if rest[1].kind in ("conv", "pool", "group"):
            raise NotationError(
                f"{rest[0].told[6:]} in front of a convolution: write the sides of the image, such as 28x28 or 3x32x32"
            )
        inputs, rest = [Item("input", f"input {rest[0].told[6:]}")], rest[1:]
    return [*inputs, *rest]


def _all(items: list[Item]) -> list[Item]:
    found, stack = [], items[::-1]
    while stack:
        item = stack.pop()
        found.append(item)
        stack.extend(item.inner[::-1])
    return found


class _List:
    """Writes items as a list of layers: convolutions padded, a flatten before the first dense layer."""

    def __init__(self, same: bool) -> None:
        self.same = same
        #: whether an image flows here
        self.image = False

    def text(self, items: list[Item]) -> str:
        """The list in one line."""
        return "; ".join(piece for item in items for piece in self._pieces(item))

    def _pieces(self, item: Item) -> list[str]:
        told: list[str] = []
        first = item
        while first.kind == "group" and first.inner:
            first = first.inner[0]
        if first.kind == "dense" and self.image:
            told.append("flatten")
            self.image = False
        times = f"{item.times} x " if item.times > 1 else ""
        if item.kind == "group":
            inner = self.text(item.inner)
            if not inner:
                raise NotationError("brackets with nothing in them: write [3x3, 64; 3x3, 64] x 2")
            return [*told, f"{times}({inner})" if item.times > 1 else inner]
        self._flows(item)
        padded = " same" if item.kind == "conv" and self.same else ""
        return [*told, f"{times}{item.told}{padded}"]

    def _flows(self, item: Item) -> None:
        if item.kind in ("conv", "pool") or (item.kind == "input" and "x" in item.told):
            self.image = True
        elif item.kind in ("dense", "whole") or item.told == "flatten":
            self.image = False


# -- what is assumed --------------------------------------------------------------------------------------------------


def _spread(network: Network) -> bool:
    """Whether some layer has a weight for every position, so that padding matters."""
    setting = getattr(network, "setting", None)
    return setting is not None and setting.positions_matter


#: style -> (whether it only matters where positions do, the sentence)
ASSUMED = {
    "vgg": (True, "convolutions are padded so that sides keep their length, as in the VGG paper"),
    "cell": (
        False,
        "the table shows convolutions only: each is counted with biases; where a batch norm follows it, as in the "
        "ResNet paper, it has none (--bias none) and the norm has 2 numbers a channel; shortcuts that change the width "
        "are not in it",
    ),
    "assumed": (True, "a pool without a size is taken as 2x2 with stride 2, as in the VGG paper"),
    "grey": (False, "the image has no channels in the text: it is taken as grey, 1 channel"),
    "string": (True, "convolutions are not padded (valid), as in the papers that write networks so"),
}  # fmt: skip


def _notes(styles: set[str], rows: bool, bias: str | None, matters: bool, tight: bool) -> list[str]:
    found = [told for style, (only, told) in ASSUMED.items() if style in styles and (matters or not only)]
    if tight:
        found.append("unpadded, the convolutions do not fit: they are padded so that sides keep their length (same)")
    if rows and bias == "none":
        found.append(
            "the filter shapes hold no biases, so none are counted (--bias all adds them); the batch norm that the "
            "MobileNet paper puts behind every convolution has 2 numbers a channel and is not in the table"
        )
    return found


def _tell_same(network: Network, items: list[Item], bias: str | None, convention: str | None) -> None:
    """The total that padding would make, where it is another one."""
    try:
        other = _network(_List(True).text(items), bias, convention).totals.known
    except NotationError:
        return
    if other != network.totals.known:
        from nparams.network.notes import Told

        network.also["same padding"] = other
        network.notes.append(Told("with padding that keeps the sides (same) it is {}", other))


__all__ = ["built"]
