"""What an input element says: a shape and its layout; whatever else stands there plays no part or is refused."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.layers.catalogue import words as kind_words
from nparams.layers.flow import Flow, flow_of
from nparams.notation._stack.tokens import SYMBOL, Token, size_of
from nparams.notation._stack.vocabulary import close

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

EXAMPLES = "input 784, input 28x28x1, input 3x224x224, input 400x3, input 100 tokens"
MAX_SIDES = 5

#: words for how many channels an image has
CHANNELS = {"rgb": 3, "colour": 3, "color": 3, "rgba": 4, "grayscale": 1, "greyscale": 1, "grey": 1, "gray": 1}
#: words that say nothing by themselves
NOISE = frozenset(
    """input inputs inputlayer inputshape inputsize inputdim inputimage image images layer layers shape size dim dims
    dimension dimensions of with and by a an the is are each per x vector sequence sequences length long steps step time
    timesteps timestep values value pixels pixel px units neurons nodes data type float int""".split()
)
TOKENS = frozenset(("token", "tokens", "words", "word", "ids"))
FEATURES = frozenset(("features", "feature", "channels", "channel"))
BATCH = frozenset(("batch", "batchsize", "batches"))
OPEN_ENDED = frozenset(("none", "any", "variable"))


class _Input:
    def __init__(self) -> None:
        self.sides: list[Size] = []
        #: which of the sides is said to be the channels
        self.featured: int | None = None
        self.first: bool | None = None
        self.extra: int | None = None
        self.tokens = False
        #: whether a whole shape was given
        self.shaped = False
        #: a side that is not fixed (None)
        self.open = False
        #: ... the first one
        self.batch = False


def input_flow(found: list[Token]) -> Flow:
    """What flows from an input element on; NotationError for a word that it does not know."""
    said = _Input()
    at = 0
    while at < len(found):
        at += _one(said, found, at)
    return _flow(said)


def _one(said: _Input, found: list[Token], at: int) -> int:
    """Read one token, or several; how many."""
    token = found[at]
    if token.kind in ("shape", "size"):
        if said.shaped or (token.kind == "shape" and len(said.sides) > (said.featured is not None)):
            raise NotationError(f"{shown(token.text)} after a shape is not understood in an input; write {EXAMPLES}")
        said.sides += token.value if token.kind == "shape" else (token.value,)
        said.shaped = token.kind == "shape"
    elif token.kind == "word":
        return _word(said, found, at)
    elif token.text not in "=:()":
        raise NotationError(f"{shown(token.text)} is not understood in an input; write {EXAMPLES}")
    return 1


def _word(said: _Input, found: list[Token], at: int) -> int:
    word = found[at].word
    after = found[at + 1].word if at + 1 < len(found) else ""
    if word in BATCH:
        return 3 if after == "size" else 2
    if word in ("channelsfirst", "channelslast") or (word in FEATURES and after in ("first", "last")):
        said.first = "first" in word + after
        return 1 if word.startswith("channels") and word != "channels" else 2
    if word in FEATURES:
        _feature(said, found, at)
    elif word in CHANNELS:
        said.extra = CHANNELS[word]
    elif word in TOKENS:
        said.tokens = True
    elif word in OPEN_ENDED:
        said.open = True
        said.batch = said.batch or not said.sides
    elif word not in NOISE:
        if not re.fullmatch(SYMBOL, found[at].text):
            if word in kind_words():
                raise NotationError(
                    f"{shown(found[at].text)} is a layer: divide it from the input with ; or a new line"
                )
            near = close(word, kind_words(), "")
            raise NotationError(f"{shown(found[at].text)} is not understood in an input{near}; write {EXAMPLES}")
        said.sides.append(size_of(found[at].text))
    return 1


def _feature(said: _Input, found: list[Token], at: int) -> None:
    """`3 features`, `features 3`: which side it is."""
    if at > 0 and found[at - 1].kind == "size":
        said.featured = len(said.sides) - 1
    elif at + 1 < len(found) and found[at + 1].kind == "size":
        said.featured = len(said.sides)


def _flow(said: _Input) -> Flow:
    sides = said.sides
    if not sides:
        raise NotationError(f"an input needs a shape: {EXAMPLES}")
    for side in sides:
        if isinstance(side, int) and side < 1:
            raise NotationError(f"a side of {side}: sizes are 1 or more")
    if len(sides) > MAX_SIDES:
        raise NotationError(f"an input of {len(sides)} sides; at most {MAX_SIDES} are read")
    if said.tokens:
        return Flow(tuple(sides), None)
    if said.open and not (said.batch and len(sides) > 1):
        return Flow(None, sides[-1])
    if said.featured is not None and said.featured < len(sides) - 1:
        channels = sides.pop(said.featured)
        return Flow(tuple(sides), channels, first=bool(said.first))
    if said.extra is not None and len(sides) == 2:
        return Flow(tuple(sides), said.extra)
    return flow_of(tuple(sides), first=said.first)
