"""The words of a kind's arguments, and arguments as words again."""

from __future__ import annotations

from nparams.notation._stack.tokens import collapsed, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.layers.kind import Kind, Param

#: words that may stand anywhere and say nothing that is counted
NOISE = frozenset(
    """of with each and a an the using size by for has having layer is in returns that are to per its then stacked
    followed activation initializer kernelinitializer masked causal hidden output final first second third last next
    simple standard regular learned trainable use apply eps epsilon momentum vanilla plain nonlinear nonlinearity
    function pixel pixels at applied""".split()
)
#: activations named beside a layer change nothing (PReLU, which learns, is a layer of its own)
ACTIVATIONS = frozenset(
    """relu sigmoid tanh softmax gelu silu swish elu selu celu softplus softsign mish hardswish hardsigmoid hardtanh
    leakyrelu relu6 logsoftmax linear logistic none""".split()
)
NO = frozenset(("no", "without", "not", "wo"))
TRUE, FALSE = frozenset(("true", "yes", "on", "1")), frozenset(("false", "no", "off", "none", "0"))
#: what is counted: "2 layers" and "layers 2" are both said, so between two numbers such a word reads two ways
COUNTED = frozenset(
    """unit neuron node filter kernel map layer expert class cell word token channel feature input output group block
    capsule entry step""".split()
)
#: what may stand between a word and its number
FILLERS = frozenset(("of", "is", "to", "size", "equal"))
PADDINGS = frozenset(("same", "valid", "causal", "full"))

_VOCABULARY: dict[str, dict[str, Param]] = {}


def vocabulary(kind: Kind) -> dict[str, Param]:
    """The words of a kind's arguments, singular and plural."""
    if kind.name not in _VOCABULARY:
        table: dict[str, Param] = {}
        for param in kind.params.values():
            for word in param.words:
                table[collapsed(word)] = param
                if len(word) > 2:
                    table.setdefault(collapsed(word).removesuffix("s"), param)
                    table.setdefault(collapsed(word) + "s", param)
        _VOCABULARY[kind.name] = table
    return _VOCABULARY[kind.name]


def close(word: str, table: Iterable[str], otherwise: str = "; nparams layers lists them") -> str:
    """A suggestion: the known word that is nearest."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(table), 1, 0.7)
    return f"; did you mean {near[0]}?" if near else otherwise


def written(value: object) -> str:
    """An argument as it may be typed."""
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return " ".join(f"{count}x{seen}" for count, seen in value)
    if isinstance(value, tuple):
        return (
            "x".join(str(side).replace(" ", "") for side in value) if len(value) > 1 else str(value[0]).replace(" ", "")
        )
    return str(value).replace(" ", "")


def usual_numbers(kind: Kind) -> int:
    """How many numbers follow the name in the example: 2 in `conv 32 3x3 on 3`, 1 in `encoder 768 heads 12`."""
    if kind.name in _USUAL:
        return _USUAL[kind.name]
    if set(kind.params) == {"rate"}:
        return 1
    found = tokens(kind.example)
    start = next((k for k, t in enumerate(found) if t.kind != "word"), len(found))
    end = next((k for k, t in enumerate(found) if k > start and t.kind == "word"), len(found))
    return _USUAL.setdefault(kind.name, end - start)


_USUAL: dict[str, int] = {}
