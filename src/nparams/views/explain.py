"""The count step by step, as a good teacher would: each layer, its numbers put in, the sums, and why."""

from __future__ import annotations

import re
from textwrap import wrap

from nparams.expr import Expr
from nparams.expr import render as expression
from nparams.network import PARAMETER_ROLES, Module
from nparams.network.closed import raw_sum
from nparams.network.folding import depends
from nparams.views.cells import shown_rows
from nparams.views.look import PLURALS, Look, asides, counted, heading, shape, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network, Tensor
    from nparams.network.rows import Row

LISTED = 12  # rows whose numbers are repeated in the closing sums
#: a plural that a layer's sentence has although only one comes in
ONE = re.compile(r"(?<!each of )(?<!one of )\b(?:all|the) 1 (value|output|number|channel)s\b( that (?:come|go))?\b")


def render(network: Network, look: Look | None = None) -> str:
    """The explanation, wrapped to the width of the look (80 where none is given)."""
    look = look or Look()
    writer = _Writer(look)
    writer.line(heading(network, look))
    for k, row in enumerate(shown_rows(network)):
        writer.layer(k + 1, row)
    writer.sums(network)
    for question, answer, formula in network.remarks:
        writer.remark(question, answer, formula)
    return "\n".join(writer.lines)


class _Writer:
    def __init__(self, look: Look) -> None:
        self.look = look
        self.lines: list[str] = []
        self.width = min(look.width or 80, 100)

    def line(self, text: str = "") -> None:
        self.lines.append(text)

    def say(self, words: str, indent: int = 3) -> None:
        space = " " * indent
        self.lines += wrap(self.look.text(words), self.width, initial_indent=space, subsequent_indent=space)

    def show(self, text: str) -> None:
        self.lines.append(f"       {text}")

    def math(self, size: Size) -> str:
        if isinstance(size, int):
            return f"{size:,}"
        return expression(size, "grouped" if self.look.unicode else "text")

    # -- a layer ------------------------------------------------------------------------------------

    def layer(self, number: int, row: Row) -> None:
        """One numbered step."""
        self.line()
        self.line(f"{number}. {self._title(row)}")
        if row.module.why:
            self._reasons(row)
        else:
            self._tensors(row)
        if row.copies != 1:
            self._copies(row)
        for role, size in row.apart.items() if not row.module.why else ():
            numbers = counted(size, "number", self.look)
            told = "is no parameter" if size == 1 else "are no parameters"
            also = " also" if row.total != 0 or row.unknown else ""
            self.say(f"It{also} keeps {numbers} that {told} ({role}).")

    def _title(self, row: Row) -> str:
        ends = (
            ""
            if row.takes is None
            else f": {shape(row.takes, self.look)} {self.look.arrow()} {shape(row.out, self.look)}"
        )
        kind = f" ({self.look.name(row.kind)})" if row.kind else ""
        return self.look.name(row.name or "the network itself") + kind + ends

    def _reasons(self, row: Row) -> None:
        from nparams.expr import evaluate, replace_raw

        letters = {name: self.look.number(size) for name, size in row.module.args.items()}
        counted: list[int | None] = []
        last = max((k for k, (part, _, _) in enumerate(row.module.why) if part != 0), default=-1)
        for k, (part, role, sentence) in enumerate(row.module.why):
            self.say(ONE.sub(singular, sentence.format(**letters)))
            if part == 0:
                continue
            written = replace_raw(part, row.module.args)
            value = evaluate(written, {}) if not _symbolic(written) else None
            counted.append(value)
            self._result(written, value, role)
            known = None not in counted and isinstance(row.copies, int)
            if k == last and len(counted) > 1 and isinstance(row.total, int) and known:
                one = " + ".join(f"{value:,}" for value in counted)
                self.say(f"Together {one} = {row.total // row.copies:,} parameters.")
                self._formula(row)

    def _formula(self, row: Row) -> None:
        """The formula as texts write it, where that is not the plain sum of what was just said."""
        parts = tuple(part for part, _, _ in row.module.why if part != 0)
        formula, numbers = row.formula, row.numbers
        if not isinstance(formula, Expr) or not isinstance(numbers, Expr) or formula == Expr("add", parts):
            return
        if formula.op == "add" or any(isinstance(arg, Expr) and arg.op == "add" for arg in formula.args):
            self.say("In one formula:")
            self.show(f"{self.math(formula)} = {self.math(numbers)}")

    def _result(self, written: Size, value: int | None, noun: str) -> None:
        text = self.math(written)
        if value is None or not isinstance(written, Expr):
            self.show(f"{text} {noun}{'' if value == 1 else PLURALS.get(noun, 's')}")
        else:
            self.show(f"{text} = {counted(value, noun, self.look)}")

    def _tensors(self, row: Row) -> None:
        """A layer of unknown kind: its tensors, by name and shape."""
        for t in row.module.tensors:
            leaf = self.look.name(_inside(t.name, row.module.name))
            if t.tied_to is not None:
                self.say(f"{leaf} is {self.look.name(t.tied_to)} itself (tied): it adds nothing.")
            elif t.role in PARAMETER_ROLES and t.size is None:
                self.say(f"{leaf} is not created yet: its shape is unknown.")
            elif t.role in PARAMETER_ROLES:
                self.say(f"{leaf} has the shape {shape(t.shape, self.look) or 'of one number'}:")
                size = t.size if isinstance(t.size, int) else None
                self._result(raw_sum(_only(t)) or 0, size, t.role)

    def _copies(self, row: Row) -> None:
        one = row.module.over
        if one is not None and depends(row.module, one.index):
            ends = f"{one.index} = {self.math(one.first)}, …, {self.math(one.last)}"
            self.say(f"There is one such layer for each {ends}:")
            self.show(f"{self.math(row.total)} parameters")
            return
        self.say(
            f"There are {self.look.number(row.copies)} equal layers like this one: {self.math(row.total)} parameters."
        )

    # -- the sums -----------------------------------------------------------------------------------

    def sums(self, network: Network) -> None:
        """Weights, biases and total, added up in sight."""
        totals = network.totals
        if not network.is_numeric:
            self.line()
            self.line(self.look.text("Altogether"))
            for name, size in (("weights", totals.weights), ("biases", totals.biases), ("total", totals.known)):
                self.show(f"{name:<7} = {self.math(size)}")
        elif len(network.layers) > 1 or any(row.copies != 1 for row in network.layers):
            self.line()
            self.line("Altogether")
            self._sum("weights", [row.weights for row in network.layers], totals.weights)
            self._sum("biases", [row.biases for row in network.layers], totals.biases)
            self._sum("total", [totals.weights, totals.biases], totals.known)
        if network.is_numeric:
            self.line()
            self.line(f"{summary(network, self.look)}.")
        for aside in asides(network, self.look):
            self.line(self.look.text(f"{aside[0].upper()}{aside[1:]}."))

    def _sum(self, name: str, parts: list[Size], total: Size) -> None:
        added = [p for p in parts if p != 0]
        terms = " + ".join(self.look.number(p) for p in added) + " = " if 1 < len(added) <= LISTED else ""
        self.show(f"{name:<7} = {terms}{self.look.number(total)}")

    def remark(self, question: str, answer: str, formula: Size | None) -> None:
        """A question that learners ask, and its answer."""
        self.line()
        self.line(question)
        self.say(answer)
        if formula is not None:
            self.show(self.math(formula))


def _symbolic(size: Size) -> bool:
    from nparams.expr import free_symbols

    return bool(free_symbols(size))


def _inside(name: str, module: str) -> str:
    """The name of a tensor without that of its module, which stands above."""
    return name[len(module) + 1 :] if module and name.startswith(module) else name.rpartition(".")[2] or name


def _only(tensor: Tensor) -> Module:
    return Module(tensors=[tensor])


def singular(found: re.Match[str]) -> str:
    """Of one: all 1 values that come -> the 1 value that comes."""
    verb = {None: "", " that come": " that comes", " that go": " that goes"}[found[2]]
    return f"the 1 {found[1]}{verb}"
