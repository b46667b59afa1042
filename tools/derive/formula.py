"""The total of a class as one line of text, made of its entry alone: to compare two entries, and for the table."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

NAME = re.compile(r"[^\W\d]\w*(?:\[[^\[\]]*\])?")


def total(head: dict[str, Any]) -> str:
    """The parameters of a class: a term for every place and condition; buffers are none, ties count once.

    >>> tensors = [["w.{i}.weight", ["h", "d"], "Linear"], ["w.{i}.bias", ["h"], "Linear", {"role": "bias"}]]
    >>> total({"cells": [{"over": [["i", "n"]], "if": "b", "tensors": tensors}, {"tensors": [["e", ["h"], "Norm"]]}]})
    'n*b*(d*h + h) + h'
    >>> total({"cells": [{"over": [["i", "n"]], "tensors": [["w.{i}", ["h[i]"], "Linear"]]}]})
    'Σ_{i=0..n-1} h[i]'
    """
    places: dict[tuple[str, ...], Counter[str]] = {}
    for cell in head["cells"]:
        sizes = [product(tensor[1]) for tensor in cell["tensors"] if counts(tensor)]
        key = place(cell, sizes)
        places.setdefault(key, Counter()).update(sizes)
    return " + ".join(term(key, sizes) for key, sizes in places.items() if sizes) or "0"


def counts(tensor: list[Any]) -> bool:
    """Whether a tensor adds to the total."""
    extra = tensor[3] if len(tensor) > 3 else {}
    return extra.get("role") != "buffer" and "tied" not in extra


def place(cell: dict[str, Any], sizes: list[str]) -> tuple[str, ...]:
    """What stands before the bracket: sums and counts from the outside in, then the condition."""
    overs, condition = cell.get("over", []), cell.get("if", "1")
    words = []
    for at, (letter, count, *first) in enumerate(overs):
        inner = [condition, *sizes, *(over[1] for over in overs[at + 1 :])]
        if any(uses(text, letter) for text in inner):
            start = str(first[0]) if first else "0"
            words.append(
                f"Σ_{{{letter}={start}..{count}-1}}" if start == "0" else f"Σ_{{{letter}={start}..{start}+{count}-1}}"
            )
        elif str(count) != "1":
            words.append(str(count))
    return (*words, condition)


def uses(text: str, letter: str) -> bool:
    """Whether an expression names this index.

    >>> uses("h[i + 1]", "i"), uses("dim_i", "i")
    (True, False)
    """
    return re.search(rf"(?<!\w){re.escape(letter)}(?!\w)", text) is not None


def term(key: tuple[str, ...], sizes: Counter[str]) -> str:
    """One place's part of the total."""
    *outer, condition = key
    parts = [size if n == 1 else str(n) if size == "1" else f"{n}*{size}" for size, n in sizes.items()]
    bracket = " + ".join(parts)
    factors = [bracketed(word) if not word.startswith("Σ") else word for word in outer]
    factors += [bracketed(condition)] if condition != "1" else []
    if factors and len(parts) > 1:
        bracket = f"({bracket})"
    text = (
        "*".join(factors)
        if bracket == "1" and factors and not factors[-1].startswith("Σ")
        else "*".join([*factors, bracket])
    )
    return re.sub(r"(Σ_\{[^}]*\})\*", r"\1 ", text)


def product(shape: list[str]) -> str:
    """The size of a tensor, its factors sorted so that equal sizes look alike.

    >>> product(["heads*width", "4", "a + 1", "1"])
    '4*(a + 1)*heads*width'
    """
    factors = [factor for dim in shape for factor in bracketed(str(dim)).split("*")]
    if any(factor.count("(") != factor.count(")") or factor.count("[") != factor.count("]") for factor in factors):
        factors = [bracketed(str(dim)) for dim in shape]
    return "*".join(sorted(factor for factor in factors if factor != "1")) or "1"


def bracketed(text: str) -> str:
    """An expression as a factor.

    >>> [bracketed(text) for text in ("h", "a*b", "a + b", "h//a", "[i < n]", "h[i+1]")]
    ['h', 'a*b', '(a + b)', '(h//a)', '[i < n]', 'h[i+1]']
    """
    depth, flat = 0, ""
    for sign in text:
        depth -= sign in ")]"
        flat += sign if not depth else ""
        depth += sign in "(["
    return f"({text})" if re.search(r"[+\-%]|//", flat) else text
