"""Code among prose: a question with code in it, a notebook with its outputs, code and the summary that it printed.

Line by line: what is a statement of Python stays, what is not is passed over, and the reader of the answer is told
so.  A line that looks like code and is none is an error, for it may hold a layer.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from keyword import kwlist

#: characters that are looked through in search of the ends of statements, over a whole text
MAX_WORK = 1_000_000
#: how else:, a decorator and their like stand as whole statements
WHOLE = (
    (r"(?:else|elif)\b", "if 1:\n pass\n{}\n pass"),
    (r"(?:except|finally)\b", "try:\n pass\n{}\n pass"),
    (r"@", "{}\ndef f(): pass"),
    (r"case\b", "match 1:\n {}\n  pass"),
    (r"", "{}\n pass"),
)
#: what a layer may come from, however the rest of the line is broken: a class that is called, a definition
CALLED = re.compile(
    r"(?<![\w.])(?:[A-Za-z_]\w*\.){0,6}[A-Z]\w*\(|\.(?:add|append|extend|insert|add_module)\("
    r"|^[ \t]*(?:self\.)?[\w.]+\s*=\s*[\w.]+\(|^[ \t]*self\.\w+\s*[=:]|\bnn\.[A-Z]|^[ \t]*(?:class|def)\s+\w+\s*[(:]"
    r"|^[ \t]*(?:else|try|finally)\s*$|^[ \t]*for\s[\w\s,()]{1,80}\sin\s"
    r"|^[ \t]*(?:if|elif|while)\s[^=<>]{0,80}(?:[=!<>]=|[<>])"
)
WORD = re.compile(r"[(\"'`*_]*[A-Za-z][\w'-]*[)\"'`*_.,;:!?]*\Z")
KEYWORDS = frozenset(kwlist)
#: what is given a value, however
GIVEN = re.compile(r"\s*([A-Za-z_]\w*)\s*(?::[^=]{1,80})?[-+*]?=(?!=)")
#: PyTorch's own documents put the class before a layer's arguments
SIGNATURE = re.compile(r"\s*class\s+(?:\w+\.)+[A-Z]\w*\(.*\)[^:]*\Z", re.I)
#: layers with arrows between them
ARROWS = re.compile(r"\)\s*(?:->|=>|→|⟶)\s*[\w.]+\(")
#: the head of a function or class, and methods in which no layer is made
DEFINED = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")
RUNS = frozenset(("forward", "call", "__call__", "training_step", "validation_step", "test_step"))
#: the shape of an output
SHAPE = re.compile(r"torch\.Size\([\[\]\d, ]*\)")
#: a line of print(model)
PRINTED = re.compile(r"^[ \t]*\([\w.-]{1,80}\): ", re.M)
#: a call in a sentence, with the name that it is given
CALL = re.compile(r"(?:(?<![\w.])[A-Za-z_][\w.]*\s?=\s?)?(?<![\w.])[A-Za-z_][\w.]*\(")
CLASS = re.compile(r"(?<!\w)[A-Z]\w*\(")


class Broken(Exception):
    """A line that looks like code and is none."""

    def __init__(self, line: int, why: str = "") -> None:
        super().__init__(line)
        self.line = line
        #: what Python says of it, where that is known
        self.why = why


class Line:
    """A statement on one line or several: where it begins and ends, and whether it is code."""

    __slots__ = ("code", "first", "last")

    def __init__(self, first: int, last: int, code: bool) -> None:
        self.first = first
        self.last = last
        self.code = code


def statements(text: str) -> list[Line]:
    """The lines of a text, each told to be code or not; raises Broken for one that only looks like code.

    >>> [(found.first, found.code) for found in statements("Is this right?\\nx = f(\\n  1)\\nYes it is.")]
    [(0, False), (1, True), (3, False)]
    """
    lines = text.split("\n")
    found, at, work = [], 0, [MAX_WORK]
    while at < len(lines):
        try:
            line = _statement(lines, at, work)
        except Broken:
            if not _is_cut_run(lines, at):
                raise
            line = Line(at, len(lines) - 1, False)
        if line is not None:
            found.append(line)
            at = line.last
        at += 1
    _refuse_lost(lines, found)
    return found


def _is_cut_run(lines: list[str], at: int) -> bool:
    """Whether the text ends in a method that only runs a network: what is cut there makes no layer."""
    above = next((m for k in range(at - 1, max(at - 400, -1), -1) if (m := DEFINED.match(lines[k]))), None)
    rest = lines[at : at + 400]
    makes = any(DEFINED.match(line) or (CALLED.search(line) and not line[:1].isspace()) for line in rest[1:])
    return above is not None and above[1] in RUNS and not makes


def _refuse_lost(lines: list[str], found: list[Line]) -> None:
    """A line that is no Python and gives a name its value, which the code goes on to use, is no prose."""
    lost = {m[1]: line.first for line in found if not line.code and (m := GIVEN.match(lines[line.first]))}
    if not lost:
        return
    for line in found:
        if line.code:
            for word in re.findall(r"[A-Za-z_]\w*", " ".join(lines[line.first : line.last + 1])):
                if word in lost and lost[word] < line.first:
                    raise Broken(lost[word] + 1)


def _statement(lines: list[str], at: int, work: list[int]) -> Line | None:
    """What begins at a line; None where nothing does."""
    if not lines[at].strip() or lines[at].lstrip().startswith("#"):
        return None
    last = _end(lines, at, work)
    if last is not None:
        whole = "\n".join(lines[at : last + 1]).strip()
        tree = _parsed(whole)
        if tree is not None:
            return Line(at, last, not _idle(tree))
        if last > at and PRINTED.search(whole):
            return Line(at, last, False)
    if not is_prose(lines[at]):
        raise _broken(lines, at, last)
    return Line(at, at, False)


def _broken(lines: list[str], at: int, last: int | None) -> Broken:
    """Where a statement is broken, inside of it if its brackets close."""
    if last is not None and last > at:
        try:
            ast.parse("\n".join(lines[at : last + 1]).strip())
        except SyntaxError as error:
            return Broken(at + (error.lineno or 1), str(error.msg))
        except (ValueError, RecursionError, MemoryError):
            pass
    return Broken(at + 1)


def _end(lines: list[str], at: int, work: list[int]) -> int | None:
    """The line on which the statement ends that begins at one: brackets closed, texts too; None where none does."""
    depth, quote = 0, ""
    for k in range(at, len(lines)):
        line = lines[k]
        work[0] -= len(line) + 1
        if work[0] < 0:
            return None
        state = _scanned(line, depth, quote)
        if state is None:
            return None
        depth, quote = state
        if not depth and not quote and not line.endswith("\\"):
            return k
    return None


#: a text, a comment, a bracket: what the end of a statement depends on
PIECE = re.compile(r"\"\"\"|'''|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[\"'#()\[\]{}]")


def _scanned(line: str, depth: int, quote: str) -> tuple[int, str] | None:
    """How many brackets, and which long text, are open behind a line; None where it cannot be code."""
    at = 0
    while at < len(line):
        if quote:
            end = line.find(quote, at)
            if end < 0:
                return depth, quote
            at, quote = end + 3, ""
            continue
        m = PIECE.search(line, at)
        if m is None or m[0] == "#":
            break
        at = m.end()
        if m[0] in "\"'":
            return None
        if m[0] in ('"""', "'''"):
            quote = m[0]
        elif m[0] in "([{":
            depth += 1
        elif m[0] in ")]}":
            depth -= 1
    return None if depth < 0 else (depth, quote)


def _parsed(whole: str) -> ast.stmt | None:
    """The statement that a text is, also if it is only the head of one."""
    forms = ["{}", *(form for word, form in WHOLE if re.match(word, whole))][:3]
    for form in forms:
        try:
            body = ast.parse(form.format(whole) if form != "{}" else whole).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return body[0] if body else None
    return None


def _idle(statement: ast.stmt) -> bool:
    """A word or a number by itself, as the end of a sentence or an output leaves them: it does nothing."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Constant):
        return not isinstance(value.value, str) and value.value is not ...
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("torch.Size", "tensor", "array"):
        return True
    return not any(isinstance(node, (ast.Call, ast.Await, ast.Yield)) for node in ast.walk(value))


def is_prose(line: str) -> bool:
    """Whether a line that is no Python is a sentence, an output or a row of a table, and no broken code.

    >>> is_prose("Which layers does nn.Linear(3, 4) have?"), is_prose("self.fc = nn.Linear(3 4)")
    (True, False)
    """
    bare = line.split(" #")[0]
    if SIGNATURE.match(bare) or ARROWS.search(bare) or re.match(r"\s*\|.*\|\s*\Z", bare):
        return True
    if any(c.isalpha() and ord(c) > 127 for c in bare):
        return True
    words = [bool(WORD.match(word)) and word.strip("(),.:;!?") not in KEYWORDS for word in bare.split()[:400]]
    pairs = sum(one and two for one, two in pairwise(words))
    if pairs > 1 or (pairs and re.search(r"[\w)\]`'\"*][.?!]\s*\Z", bare)):
        return True
    return CALLED.search(SHAPE.sub("", bare)) is None or PRINTED.match(bare) is not None


def inline(text: str) -> str:
    """Only the calls of layers that sentences hold, each on its line.

    >>> inline("How many does nn.Linear(10, 5) have?")
    'nn.Linear(10, 5)'
    """
    return "\n".join("; ".join(_calls(line)) for line in text.split("\n"))


def _calls(line: str) -> list[str]:
    found, at = [], 0
    for _ in range(200):
        m = CALL.search(line, at)
        if m is None:
            break
        end = _closed(line, m.end())
        whole = line[m.start() : end]
        at = m.end()
        if CLASS.search(whole) and _parsed(whole) is not None:
            found.append(whole)
            at = end
    return found


def _closed(line: str, at: int) -> int:
    """Where the bracket closes that was opened before a place; the place itself where it does not."""
    depth = 1
    for k in range(at, min(len(line), at + 4_000)):
        depth += (line[k] in "([{") - (line[k] in ")]}")
        if depth == 0:
            return k + 1
    return at
