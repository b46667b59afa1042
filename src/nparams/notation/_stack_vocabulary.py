"""The words of a kind's arguments, and arguments as words again."""

from __future__ import annotations

from nparams.notation._stack_tokens import collapsed, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.layers.kind import Kind, Param

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
