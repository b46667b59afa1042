"""Which of several options holds where: the trees that tools/derive finds over sets of examples."""

from __future__ import annotations

import pytest

from tools.derive import choice

#: 8 examples in three bits: a, b and c
A, B, C = 0b10101010, 0b11001100, 0b11110000
ALL = 0b11111111


def held(paths: list[choice.Path], questions: list[int]) -> list[int]:
    """For each path the examples that it leads to."""
    found = []
    for _, answers in paths:
        rows = ALL
        for question, yes in answers:
            rows &= questions[question] if yes else ~questions[question]
        found.append(rows)
    return found


#: options, questions
CASES = [
    ([0, ALL], []),
    ([ALL & ~A, A], [C, B, A]),
    ([ALL & ~(A & B), A & B & C, A & B & ~C], [C, B, A]),
    ([A ^ B, ALL & ~(A ^ B)], [A, B, C]),
]


@pytest.mark.parametrize(("options", "questions"), CASES)
def test_every_example_is_under_one_path_and_right_there(options: list[int], questions: list[int]) -> None:
    paths = choice.paths(options, questions, ALL)
    assert paths is not None
    rows = held(paths, questions)
    assert sum(rows) == ALL  # each once
    assert all(row & ~options[option] == 0 for (option, _), row in zip(paths, rows, strict=True))


def test_nothing_is_found_where_no_question_tells() -> None:
    assert choice.paths([A, ALL & ~A], [B, C], ALL) is None
    assert choice.paths([A], [A, B], ALL) is None


def test_whether_and_which_are_told_apart_where_one_tree_is_too_deep() -> None:
    """A flag that decides whether something is there, beside what decides which of two it is."""
    options = [ALL & ~A, A & (B ^ C), A & ~(B ^ C)]
    assert choice.learn(options, [A, B, C], ALL, 2) is None
    paths = choice.paths(options, [A, B, C], ALL, 2)
    assert paths is not None
    rows = held(paths, [A, B, C])
    assert sum(rows) == A  # nothing where nothing is there
    assert all(row & ~options[option] == 0 for (option, _), row in zip(paths, rows, strict=True))
