"""Pasted code as a syntax tree: prompts, fences and indentation that a paste brings along are taken off."""

from __future__ import annotations

import ast
import re
from warnings import catch_warnings, simplefilter

from nparams.errors import NotationError, shown

#: characters of code that are read
MAX_TEXT = 1_500_000
#: characters of a text that is no Python as it is, and is mended
MAX_MENDED = 200_000

PROMPT = re.compile(r"^[ \t]*(?:>>> ?|\.\.\.:? ?|In \[(?:[\d ]*|None)\]: ?)", re.M)
#: without one of these, three dots are the body of something
PROMPTED = re.compile(r"^[ \t]*(?:>>>|In \[(?:[\d ]*|None)\]:)", re.M)
OUTPUT = re.compile(r"^[ \t]*Out\[[\d ]*\]:.*$", re.M)
FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.M)
#: shell and notebook lines in a cell: !pip install, %matplotlib inline
MAGIC = re.compile(r"^[ \t]*[!%].*$", re.M)


class Tree(ast.Module):
    """A text as Python reads it, and what is to be said of how it was read."""

    notes: list[str]


def notes_of(tree: ast.Module) -> list[str]:
    """What is to be said of how a text was read."""
    return tree.notes if isinstance(tree, Tree) else []


def tree_of(text: str) -> ast.Module:
    """The syntax tree of pasted code.

    Raises NotationError with the line of what is no Python.

    >>> len(tree_of(">>> a = 1\\n>>> b = 2").body)
    2
    """
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of code: at most {MAX_TEXT:,} are read")
    text = dedented(plain_text(text))
    with catch_warnings():
        simplefilter("ignore")  # Python warns of odd texts in the code, to whoever parses it
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            text = clean(text)
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return _again(text, error)


def plain_text(text: str) -> str:
    """A text with Python's own ends of lines and spaces; of a notebook file, its code."""
    text = (
        text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").replace("\u00a0", " ")
    )
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _cells(text) if text.lstrip()[:1] == "{" and '"cells"' in text else text


def clean(text: str) -> str:
    """The code without what surrounds it in a paste, line by line, so that line numbers hold.

    Only for a text that is no Python as it is: a fence or a prompt may stand in what a class says of itself.
    """
    text = plain_text(text)
    if PROMPTED.search(text):
        text = OUTPUT.sub("", PROMPT.sub("", text))
    if "```" in text or "~~~" in text:
        text = _fenced(text)
    return dedented(text)


def _cells(text: str) -> str:
    """The code of a notebook file (nbformat 4), cell after cell; any other text as it is."""
    from json import loads

    try:
        cells = loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return "\n\n".join(s if isinstance(s, str) else "".join(s) for s in sources)
    except (ValueError, LookupError, TypeError, RecursionError):
        return text


def _fenced(text: str) -> str:
    """Only what stands between fences, where there is a pair; other lines are left empty."""
    inside, kept = False, []
    lines = text.split("\n")
    if sum(bool(FENCE.match(line)) for line in lines) < 2:
        return FENCE.sub("", text)
    for line in lines:
        if FENCE.match(line):
            inside = not inside
            kept.append("")
        else:
            kept.append(line if inside else "")
    return "\n".join(kept)


def dedented(text: str) -> str:
    """The text with the indentation that all of its lines share taken off."""
    text = text.expandtabs(8) if "\t" in text else text
    lines = text.split("\n")
    depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    shared = min(depths, default=0)
    return "\n".join(line[shared:] for line in lines) if shared else text


def _again(text: str, error: BaseException) -> ast.Module:
    """A paste that starts in the middle (its first line not indented, the others are), or is one cut expression."""
    for repaired in _repairs(text):
        try:
            return ast.parse(repaired)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    if len(text) > MAX_MENDED:
        raise _refused(text, error)
    return _among_prose(MAGIC.sub("", text), error)


def _among_prose(text: str, error: BaseException) -> ast.Module:
    """The code of a text that holds other lines too: prose, outputs, tables."""
    from nparams.notation._code import prose as prose
    from nparams.notation._code.indent import indented
    from nparams.notation._code.joined import parted
    from nparams.notation._code.kept import bodied, kept, parts, told
    from nparams.notation._code.marks import plain

    text = clean(plain(text))
    apart = parted(text)
    joined, text = apart != text, apart
    try:
        found = prose.statements(text)
    except prose.Broken as broken:
        raise _refused_line(text, broken.line, broken.why) from None
    notes = ["lines that were joined are read as the statements in them"] if joined else []
    notes += [] if all(line.code for line in found) else [told(text, found)]
    code = kept(text, found)
    if not prose.CLASS.search(code):  # no layer but in a sentence
        return _tree([prose.inline(text)], ["only the calls in the text are read"], error)
    try:
        return _tree([code, dedented(code), bodied(dedented(code)), parts(text, found)], notes, error)
    except NotationError:
        put = indented(text, found)
        if put is None:
            raise
        return _tree([put], [*notes, "the indentation is lost, and was put back by the rules of Python"], error)


def _tree(texts: list[str], notes: list[str], error: BaseException) -> ast.Module:
    """The first of some texts that is Python."""
    for text in texts:
        try:
            tree = Tree(ast.parse(text).body, [])
        except (SyntaxError, ValueError, RecursionError, MemoryError) as found:
            error = found
            continue
        tree.notes = notes
        return tree
    raise _refused(texts[-1], error)


def _repairs(text: str) -> list[str]:
    if len(text) > MAX_MENDED:
        return []
    plain = MAGIC.sub("", text)
    lines = plain.split("\n")
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    flat = "\n".join(line.strip() for line in lines)
    rest = dedented("\n".join(lines[first + 1 :]))
    found = [plain] if plain != text else []
    found += ["\n".join([*lines[: first + 1], rest]), flat] if len(lines) > 1 else []
    stripped = text.strip().rstrip(",;")
    if stripped != text.strip():  # a list's element with its comma
        found.append("\n" * first + stripped)
    return found


def _refused(text: str, error: BaseException) -> NotationError:
    if not isinstance(error, SyntaxError):
        return NotationError("the code is nested too deeply to be read")
    line = error.lineno or 1
    lines = text.split("\n")
    found = shown(lines[line - 1].strip()) if 0 < line <= len(lines) else "the end"
    told = str(error.msg or "invalid syntax")
    if "print" in told and "parentheses" in told:
        told = "Python 2's print; write print(...)"
    return NotationError(f"line {line}: {found} is not Python: {told}")


def _refused_line(text: str, line: int, why: str) -> NotationError:
    """What Python says of one line by itself, or of the statement that it is in."""
    if why:
        return _refused(text, SyntaxError(why, ("", line, 1, "")))
    try:
        ast.parse(text.split("\n")[line - 1].strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SyntaxError):
            error.lineno = line
        return _refused(text, error)
    return _refused(text, SyntaxError("invalid syntax", ("", line, 1, "")))


def source(node: ast.AST) -> str:
    """The code of a node, short."""
    try:
        return ast.unparse(node)[:200]
    except (RecursionError, ValueError):
        return "an expression"
