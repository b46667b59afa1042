"""Which separator a list of sizes uses, and its elements as text."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown

MAX_TEXT = 10_000_000
DASHES = "-‐‑‒–—−"
ARROWS = "→⇒➔➜⟶➝"
ELLIPSES = "…⋯"
NUMERIC = frozenset(f"0123456789 \t\r\n_xX×*^+,:;./()[]{{}}>={DASHES}{ARROWS}{ELLIPSES}")

# Patterns as text: `re` compiles the few that a list needs, so that 784-16-16-10 starts without any.
DASH_CLASS = "\\" + DASHES
NUMBER = r"[-+]?\d[\d_.]*"
TIMES_LIST = rf"\s*{NUMBER}(?:\s*[xX×]\s*{NUMBER})+\s*"
SPACED_LIST = rf"{NUMBER}(?:\s+{NUMBER})+"
TIMES_IN_ELEMENT = r"(?<![\d_])\d[\d_]*+(?:\s*[xX]\s*\d[\d_]*)+"
WORD = r"[^\W\d_]\w*"
#: a symbol that is surely meant as one: a letter, h0, d_model, n_in (a longer word may be a model's name)
SYMBOL = r"[^\W\d_](?:\d+|_\w+)?"
FUNCTIONS = frozenset(("max", "min", "ceildiv"))


def is_numeric_list(text: str) -> bool:
    """Whether the text holds digits and separators only, so that it can be nothing but sizes."""
    if len(text) > MAX_TEXT or not NUMERIC.issuperset(text) or not any("0" <= c <= "9" for c in text):
        return False
    return not (("(" in text or "[" in text) and _holds_lists(text)) and not _is_one_term(text)


def _holds_lists(text: str) -> bool:
    """Lists in a list, or next to each other: (784, 16), (16,) are shapes of tensors, [784, 16] are sizes."""
    depth = lists = 0
    beside = re.search(r"[)\]]\s*+,?\s*+[(\[]", text) is not None
    for c in text:
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == "," and depth > 0:
            lists += depth > 1 or beside
            if lists:
                return True
    return False


def _is_one_term(text: str) -> bool:
    """Arithmetic with nothing that divides layers: (5*5*3 + 1)*100."""
    if not any(sign in text for sign in "*+^"):
        return False
    tight = re.sub(r"\s*([-*+^/=()])\s*", r"\1", text.strip())
    return not re.search(rf"[\s,xX×;:>{DASH_CLASS}{ARROWS}{ELLIPSES}]|\.\.", tight)


def is_symbolic_list(text: str) -> bool:
    """Whether every word in the text is a symbol such as h0, d or d_model, and there is more than one element."""
    if len(text) > MAX_TEXT or "\n" in text.strip() or "/" in text.replace("//", ""):
        return False
    if re.search(r"\w\s*=[^>]", text):  # L=12 gives a value to a name
        return False
    if "," in text and re.search(r"[^\W\d]\w*[\"']?\s*:", text):  # n_layer: 12, n_head: 12 gives values to names
        return False
    if ".." in text or any(c in text for c in ELLIPSES):
        return bool(re.search(WORD, text))
    words = [w for w in re.findall(WORD, re.sub(TIMES_IN_ELEMENT, "1", text)) if w not in FUNCTIONS]
    if not all(re.fullmatch(SYMBOL, w) for w in words):
        return False
    return bool(words) and bool(re.search(rf"[\s,{DASH_CLASS}×→⇒]", text.strip()))


def _tidied(text: str) -> str:
    """Every arrow as →, every ellipsis as two dots."""
    if ">" in text:
        text = re.sub(r"[-=]*>", "→", text)
    if ".." in text:
        text = re.sub(r"\.{2,}", "..", text)
    for marks, mark in ((ARROWS, "→"), (ELLIPSES, "..")):
        for c in marks:
            text = text.replace(c, mark)
    return text.strip()


def split(text: str, notes: list[str]) -> list[str]:
    """The elements of the list as text, by the first separator that it uses: arrow, comma, x, dash, space."""
    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of sizes: at most {MAX_TEXT:,} are read")
    body = _unwrapped(_tidied(text))
    if not body:
        raise NotationError("nothing was given: type layer sizes such as 784-16-16-10, or the name of a model file")
    if "→" in body:
        found = _split_at(body, "→")
    elif "," in body and len(found := _split_at(body, ",;")) > 1:
        pass  # a comma inside brackets separates nothing: max(d, 3)-d
    elif ":" in body or ";" in body:
        found = _split_at(body, ":;")
    elif any(c in body for c in "xX×") and re.fullmatch(TIMES_LIST, body):
        found = re.split(r"\s*[xX×]\s*", body)
        _refuse_image(text, found)
        return found
    elif " " in body and re.fullmatch(SPACED_LIST, body):
        found = body.split()
    else:
        found = _split_at(body, DASHES)
        if len(found) == 1 and "×" in body:
            found = _split_at(body, "×")
        elif len(found) == 1:
            found = _split_spaces(body)
    _refuse_empty(found, text)
    return [_without_times(element.strip(), notes) for element in found]


def _unwrapped(text: str) -> str:
    """Without one pair of brackets that encloses everything (and a trailing comma inside)."""
    if len(text) > 1 and (text[0], text[-1]) in (("[", "]"), ("(", ")"), ("{", "}")):
        depth = 0
        for place, c in enumerate(text):
            depth += (c in "[({") - (c in "])}")
            if depth == 0 and place < len(text) - 1:
                return text
        return text[1:-1].strip().removesuffix(",")
    return text


def _split_at(text: str, marks: str) -> list[str]:
    """Split at any of `marks` outside brackets."""
    found, start, depth = [], 0, 0
    for place, c in enumerate(text):
        depth += (c in "[({") - (c in "])}")
        if c in marks and depth == 0:
            found.append(text[start:place])
            start = place + 1
    return [*found, text[start:]]


def _split_spaces(text: str) -> list[str]:
    """Split at spaces, except around an operator or a range: "4 * d" and "h0 .. hl" are one element."""
    joined = re.sub(r"\s*(\*\*|\*|·|//|%|\+)\s*", r"\1", text)
    if re.fullmatch(r"\S+\s*\.\.\s*\S+", joined):
        return [joined.replace(" ", "")]
    return [part for part in _split_at(re.sub(r"\s+", " ", joined), " ") if part]


def _refuse_empty(found: list[str], text: str) -> None:
    for place, element in enumerate(found):
        if not element.strip():
            where = f"before {shown(found[place + 1].strip())}" if place + 1 < len(found) else "at the end"
            raise NotationError(
                f"{shown(text)}: size {place + 1} is missing, {where}. Sizes are whole numbers of 1 or more: 784-16-10"
            )


def _without_times(element: str, notes: list[str]) -> str:
    """28x28 as one layer of a longer list is an image laid flat: 28*28 nodes."""
    if not any(c in element for c in "xX") or not re.search(TIMES_IN_ELEMENT, element):
        return element
    flat = re.sub(r"\s*[xX]\s*", "*", element)
    notes.append(f"{element} is read as {flat} nodes")
    return flat


def _refuse_image(text: str, sizes: list[str]) -> None:
    """28x28x1 and 3x224x224 are shapes of images: two equal sides of 8 or more, and 1, 3 or 4 channels."""
    numbers = [int(s) for s in sizes if s.isdigit()]
    if len(sizes) != 3 or len(numbers) != 3:
        return
    a, b, c = numbers
    sides, channels = ((a, b), c) if a == b else ((b, c), a)
    if sides[0] == sides[1] >= 8 and channels in (1, 3, 4):
        raise NotationError(
            f"{shown(text.strip())} is the shape of an image, not a network. Type {a * b * c}-16-10 "
            f"for a network on its {a * b * c:,} values, or {a}-{b}-{c} if these are layer sizes"
        )
