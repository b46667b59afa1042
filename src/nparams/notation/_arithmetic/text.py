"""Arithmetic as people write it: LaTeX, a label before it, the steps to the result behind it."""

from __future__ import annotations

import re

from nparams.notation._question import asked

THOUSANDS = r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])"
#: signs of LaTeX, and what they mean
LATEX = (
    (r"\\(?:left|right|,|;|!|quad|displaystyle)(?![a-zA-Z])", " "),
    (r"\\(?:times|cdot|ast)(?![a-zA-Z])", "*"),
    (r"\\[()\[\]]|\$+", " "),
    (r"\^\{(\d+)\}", r"^\1"),
    (r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}", r" \1 "),
    (r"\{,\}", ","),
    (r"\\_", "_"),
)
#: dense_1 (Dense): ..., Total parameters = ..., * conv 2: ...
LABEL = r"[*•-]?\s*[A-Za-z][\w.#()/-]*(?: +[\w#()/-]+){0,7}\s*(?P<mark>:|=(?!=))"
#: 128x3x3x256 (weights) + 256 (biases): what a number is, said behind it
ASIDE = re.compile(
    r"(?<=[\d)\]])\s*(?:\(\s*(?:weights?|bias(?:es)?|offsets?|kernels?)\s*\)|\b(?:weights|biases)\b(?=\s*\+|$))", re.I
)
LETTERS = r"[^\W\d_](?<![xX])|[^\W\d_]{2}"
RESULT = r"=\s*[\d,]+\s*(?:parameters|params|weights|biases)?\.?\s*$"


def plain(text: str) -> str:
    """Arithmetic in the parser's signs, without its label; a middle step of a chain is left out where it is equal.

    >>> plain(r"\\(10 \\times (9 + 1) = 100\\)"), plain("dense : (44+1)*60 = 2700"), plain("= 2*(3+1)")
    ('10 * (9 + 1) = 100', '(44+1)*60 = 2700', '2*(3+1)')
    """
    whole = " ".join(asked(text).split())
    if "\\" in whole or "$" in whole:
        for sign, meaning in LATEX:
            whole = re.sub(sign, meaning, whole)
        whole = " ".join(whole.split())
    whole = re.sub(r"(?<=[\d)\]])x(?=[\d(\[])", "×", ASIDE.sub("", whole.replace("==", "=")))
    if re.match(r"=[^=]*[*+(×]", whole):
        whole = whole[1:].strip()
    m = re.match(LABEL, whole)
    if m is not None and _is_label(m, whole[m.end() :]):
        whole = whole[m.end() :].strip()
    return whole


def _is_label(m: re.Match[str], rest: str) -> bool:
    """Whether what stands behind a word and : or = is arithmetic in numbers; behind : its result must follow."""
    result = re.search(RESULT, rest)
    body = rest[: result.start()] if result is not None else rest
    if re.search(LETTERS, body) or not any(c.isdigit() for c in body):
        return False
    named = m[0].strip(" =")
    return result is not None or (m["mark"] == "=" and (" " in named or len(named) > 3))


def steps(whole: str) -> tuple[str, list[str]]:
    """What is worked out, and what it is said to be on the way.

    >>> steps("(3*3*3 + 1)*20 = (27 + 1)*20 = 560")
    ('(3*3*3 + 1)*20 = 560', ['(27 + 1)*20'])
    """
    parts = [part.strip() for part in whole.split("=")]
    if len(parts) < 3 or not re.fullmatch(r"[\d,_]+\D{0,20}|\?", parts[-1]):
        return whole, []
    return f"{parts[0]} = {parts[-1]}", parts[1:-1]
