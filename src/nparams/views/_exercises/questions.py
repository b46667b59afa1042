"""The sheet of a network: what is told, and the questions that its rows give rise to, in the order of a lesson."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.network.by_kind import groups_of
from nparams.views._exercises import choices, friends, layers, symbolic
from nparams.views._exercises.choices import listed
from nparams.views._exercises.facts import Facts, value
from nparams.views._exercises.layers import noun
from nparams.views._exercises.parts import Name, Question, Ratio, Say, Sheet, Show, shape_slots
from nparams.views._exercises.texts import NORMS, TITLE
from nparams.views.look import Look, heading, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network
    from nparams.network.rows import Row
    from nparams.views._exercises.parts import Block

#: questions on a sheet, and terms of a sum that is written out
MOST, TERMS = 8, 12
CONVENTIONS = {"textbook": "textbooks define them", "torch": "PyTorch defines them", "keras": "Keras defines them"}


def sheet_of(network: Network) -> Sheet:
    """The whole sheet."""
    facts = Facts(network)
    sheet = Sheet(TITLE, _understood(network), _questions(facts))
    if facts.rows:
        sheet.head = ("layer", "kind", "in → out", "what is given")
        sheet.rows = [_line(row) for row in facts.shown]
    sheet.rest = _rest(facts)
    return sheet


def _understood(network: Network) -> tuple[str, str]:
    """What was read: as it was given, and in words."""
    lines = heading(network, Look())
    given, _, words = lines.partition("\n") if "\n" in lines else lines.partition("  ")
    return given, f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}" if words else ""


def _line(row: Row) -> tuple[Say, ...]:
    return Say("{name}", name=Name(row.name or "(root)")), Say("{kind}", kind=row.kind or ""), _ends(row), _given(row)


def _ends(row: Row) -> Say:
    if row.takes is None and row.out is None:
        return Say("")
    takes, into = shape_slots("in", row.takes)
    out, out_of = shape_slots("out", row.out)
    return Say(f"{takes or '?'} → {out or '?'}", **into, **out_of)


def _given(row: Row) -> Say:
    """What is told of a row: of one copy, how many there are, and what is tied."""
    one = layers.given(row)
    words, slots = one.template, dict(one.slots)
    if row.copies != 1:
        words, slots["copies_"] = "{copies_} of them" + (f", each: {words}" if words else ""), row.copies
    if row.unknown:
        words = f"{words}; of a size that is not known" if words else "of a size that is not known"
    if row.notes:
        words, slots["tied_"] = f"{words}; {{tied_}}" if words else "{tied_}", "; ".join(row.notes[:2])
    return Say(words, **slots)


def _rest(facts: Facts) -> list[Say]:
    """Sentences under the table."""
    network, found = facts.network, []
    left = len(facts.rows) - len(facts.shown)
    if left:
        held = [value(row.total) for row in facts.shown]
        known = value(network.totals.known)
        sizes = [size for size in held if size is not None]
        more = "" if known is None or len(sizes) < len(held) else " with {m} parameters altogether"
        found.append(Say("There are {n} more lines like these" + more + ".", n=left, m=(known or 0) - sum(sizes)))
    if network.convention in CONVENTIONS:
        found.append(Say(f"Its layers are counted as {CONVENTIONS[network.convention]}."))
    if network.where:
        found.append(Say("The sizes are such that {where}.", where=Look().condition(", ".join(network.where))))
    return [*found, *(Say("{words}.", words=words) for words in missing(network))]


# -- the questions ---------------------------------------------------------------------------------------------------


def _questions(facts: Facts) -> list[Question]:
    if facts.network.totals.known == 0 and facts.network.totals.total is not None:
        return [_nothing(facts)]
    found = [*_whole(facts), *friends.questions(facts)] if facts.whole else symbolic.questions(facts)
    found += [*choices.questions(facts), *(_active(facts) if facts.whole else [])]
    found = found[: MOST - 1]
    asked = [layers.question(row, facts) for row in layers.chosen(facts)[: MOST - len(found)]]
    made = [*asked, *found]
    return [*made, *_idle(facts)][:MOST]


def _nothing(facts: Facts) -> Question:
    """A network in which nothing is learned."""
    reasons = [sentence for row in facts.shown[:TERMS] if (sentence := _reason(row)) is not None]
    answer: list[Block] = [Say("None: {n}. Nothing in it is learned.", n=0)]
    return Question([Say("How many parameters does this network have, and why?")], [*answer, *reasons])


def _reason(row: Row) -> Say | None:
    """Why a layer has no parameters, in the words of the textbook."""
    if row.holds or not row.module.why:
        return None
    sentence = row.module.why[0][2]
    return Say(f"{{name_}}: {sentence[0].lower()}{sentence[1:]}", name_=Name(row.name), **row.module.args)


def _idle(facts: Facts) -> list[Question]:
    """Layers that hold nothing: one of a kind."""
    firsts: dict[str | None, tuple[Row, Say]] = {}
    for row in facts.shown:
        if (sentence := _reason(row)) is not None:
            firsts.setdefault(row.kind, (row, sentence))
    picked = list(firsts.values())[:3]
    if not picked:
        return []
    names = {f"name{k}": Name(row.name) for k, (row, _) in enumerate(picked)}
    words = listed([f"{{{key}}}" for key in names])
    verb = "has" if len(picked) == 1 else "have"
    return [Question([Say(f"Why {'does' if verb == 'has' else 'do'} {words} have no parameters?", **names)],
                     [sentence for _, sentence in picked])]  # fmt: skip


def _whole(facts: Facts) -> list[Question]:
    """The total, where it is a number, and what of it are weights."""
    return [_total(facts), *_without(facts)]


def _total(facts: Facts) -> Question:
    totals = facts.network.totals
    asked: list[Block] = [Say("How many parameters does the network have altogether?")]
    solved: list[Block] = []
    for name, role, size in (("weights", "weight", totals.weights), ("biases", "bias", totals.biases)):
        solved += _sum(facts, name, role, size) if size != 0 else [Say(f"There are no {name}.")]
    if isinstance(solved[0], Show):
        solved.insert(0, Say("All layers together:"))
    if totals.weights != 0 and totals.biases != 0:
        solved.append(Show([Expr("add", (totals.weights, totals.biases)), facts.total], "parameters"))
    largest = max(facts.holding, key=lambda row: value(row.total) or 0)
    alone = [row.total for row in facts.rows].count(largest.total) == 1
    if alone and len(facts.holding) > 1 and isinstance(largest.total, int):
        copies = "" if largest.copies == 1 else " ({every} together)"
        asked.append(Say("Which line of the table holds most of them, and what share is that?"))
        solved.append(
            Say(
                "Most of them are in {name}" + copies + ":", name=Name(largest.name), every=layers.every(largest.copies)
            )
        )
        solved.append(Show([Ratio(largest.total, facts.total)]))
    return Question(asked, solved)


def _sum(facts: Facts, name: str, role: str, total: Size) -> list[Block]:
    """Weights or biases added up: by rows, or of many rows by kinds of layers."""
    parts = [size for row in facts.rows if (size := getattr(row, name)) != 0]
    told: list[Block] = []
    if len(parts) > TERMS:
        parts = [size for group in groups_of(facts.network) if (size := getattr(group, name)) != 0]
        told = [Say(f"The {name} of each kind of layer:")]
    if 1 < len(parts) <= TERMS:
        return [*told, Show([Expr("add", tuple(parts)), total], noun(value(total), role))]
    return [Show([total], noun(value(total), role))]


def _without(facts: Facts) -> list[Question]:
    totals = facts.network.totals
    weights, biases = value(totals.weights), value(totals.biases)
    if not weights or not biases:
        return []
    norms = any(row.biases != 0 for row in facts.rows if row.kind in NORMS)
    asked = [Say("How many would there be without biases? What percentage of all parameters are the biases?")]
    more = [Say("The shifts of the normalisations count as biases here.")] if norms else []
    steps = [Show([Expr("add", (facts.total, -biases)), weights], "weights"), Show([Ratio(biases, facts.total)])]
    return [Question([*asked, *more], [Say("Only the weights would be left:"), *steps])]


def _active(facts: Facts) -> list[Question]:
    """Experts: what one token uses."""
    active = value(facts.network.totals.active)
    routed = next((m.routed for chain, _ in facts.network.walk() for m in chain if m.routed is not None), None)
    if active is None or active == facts.total or routed is None or routed[0] is None:
        return []
    words = Say("A token uses {k} of the {e} experts. How many parameters does it use?", k=routed[0], e=routed[1])
    idle = Say(
        "It does not use {n} parameters, those of the experts that are not chosen for it.", n=facts.total - active
    )
    return [Question([words], [idle, Show([Expr("add", (facts.total, active - facts.total)), active], "parameters")])]
