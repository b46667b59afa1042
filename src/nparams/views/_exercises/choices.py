"""Which of these change the number of parameters?  Only what is plainly true of the network is offered."""

from __future__ import annotations

from nparams.expr import free_symbols
from nparams.views._exercises.parts import Choices, Name, Question, Say
from nparams.views._exercises.texts import CHOICES, FILTERS, RECURRENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.views._exercises.facts import Facts
    from nparams.views._exercises.parts import Slot

    Offer = tuple[str, dict[str, Slot]]

#: kinds that an activation function follows, and those of which it might bring weights
ACTIVATED, LEARNED = {"Dense", *FILTERS}, {"PReLU", "Maxout", "Highway", "FeedForward", None}
#: things that are asked about in one question
MOST = 6


def questions(facts: Facts) -> list[Question]:
    """The question, where there is something that changes the count and something that does not."""
    offers = list(_offers(facts))[:MOST]
    changing = {CHOICES[key][0] for key, _ in offers}
    if len(changing) < 2:
        return []
    asked = Choices([Say(CHOICES[key][1], **slots) for key, slots in offers])
    solved = Choices([_solved(key, slots) for key, slots in offers])
    letters = [f"({letter})" for letter, (key, _) in zip("abcdefgh", offers, strict=False) if CHOICES[key][0]]
    words = Say("Which of these change the number of parameters, and which do not? Why?")
    return [Question([words, asked], [Say("It is changed by {these}.", these=listed(letters)), solved])]


def listed(words: list[str]) -> str:
    """Words in a row.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _solved(key: str, slots: dict[str, Slot]) -> Say:
    changes, _, why = CHOICES[key]
    return Say(f"{'changes it' if changes else 'does not change it'}: {why}", **slots)


def _offers(facts: Facts) -> Iterator[Offer]:
    """What can be offered, what changes the count mixed with what does not."""
    yield from _filters(facts)
    yield "batch", {}
    yield from _cells(facts)
    yield from _heads(facts)
    yield from _words(facts)
    yield from _inner(facts)
    yield from _neurons(facts)
    yield from _plain(facts)


def _filters(facts: Facts) -> Iterator[Offer]:
    row = facts.first(*sorted(FILTERS))
    if row is None or facts.sized is None or len(row.takes or ()) < 2:
        return
    flatten = facts.flatten
    if facts.sized and flatten is not None:
        yield "flattened", {"flatten": Name(flatten.name)}
    else:
        yield "image", {}
        yield "stride", {"name": Name(row.name)}
    if row.kind == "Conv":
        yield "filters", {"name": Name(row.name)}


def _cells(facts: Facts) -> Iterator[Offer]:
    row = facts.first(*sorted(RECURRENT - {"ConvLSTM"}))
    if row is None:
        return
    yield "units" if row.kind == "SimpleRNN" else "cells", {"name": Name(row.name)}
    if facts.sized is False:
        yield "steps", {}


def _heads(facts: Facts) -> Iterator[Offer]:
    """Heads play no part where the formula has no letter for them."""
    row = facts.first("Attention")
    if row is not None and "h" in row.module.args and "h" not in free_symbols(row.formula or 0):
        yield "heads", {"name": Name(row.name)}
        yield "width", {"name": Name(row.name)}


def _inner(facts: Facts) -> Iterator[Offer]:
    row = facts.first("FeedForward")
    if row is not None and "f" in row.module.args:
        yield "inner", {"name": Name(row.name)}


def _words(facts: Facts) -> Iterator[Offer]:
    row = facts.first("Embedding")
    if row is not None and row.total != 0:
        yield "vocabulary", {"name": Name(row.name)}
        if facts.sized is False:
            yield "text", {}
    places = facts.first("PositionEmbedding")
    if places is not None and places.total != 0:
        yield "positions", {"name": Name(places.name)}


def _neurons(facts: Facts) -> Iterator[Offer]:
    row, words = facts.first("Dense"), facts.first("Embedding")
    if row is None or row.total == 0 or "n_out" not in row.module.args:
        return
    if words is None or words.module.args.get("V") != row.module.args["n_out"]:  # a head's neurons are the vocabulary
        yield "neurons", {"name": Name(row.name)}


def _plain(facts: Facts) -> Iterator[Offer]:
    dropout = facts.first("Dropout")
    if dropout is not None:
        yield "dropout", {"name": Name(dropout.name)}
    if facts.kinds & ACTIVATED and not facts.kinds & LEARNED:
        yield "activation", {}
    yield "examples", {}
