"""Bad layer sizes: one line that says where, and what to type; nothing but our own exceptions."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NotationError, NparamsError, ReadError, UsageError

ONE_MB = 1_000_000

# what is typed | words of the answer
REFUSED = [
    ("", "nothing was given"),
    (" \n\t", "nothing was given"),
    ("784-16-0", "size 3 is 0; a layer has at least 1 node"),
    ("0-5", "size 1 is 0"),
    ("784,-16,10", "size 2 is -16"),
    ("784--16-10", "size 2 is missing"),
    ("-5-3", "size 1 is missing"),
    ("5-3-", "size 3 is missing, at the end"),
    ("5,,3", "size 2 is missing"),
    ("784 -> -> 10", "size 2 is missing"),
    ("7.5-10", '"7.5" is not a whole number'),
    ("784,16.0,10", '"16.0" is not a whole number'),
    ("1e3-10", '"1e3" is not a whole number'),
    ("1k-10", "1k"),
    ("1,000,10", "A comma separates sizes; write 1000 or 1_000"),
    ("784-16,10", "mixes two separators"),
    ("784 16,10", "mixes two separators"),
    ("784", "one size; a network needs an input and an output"),
    ("[784]", "one size"),
    ("28x28x1", "the shape of an image, not a network. Type 784-16-10"),
    ("28×28×1", "the shape of an image, not a network. Type 784-16-10"),
    ("224x224x3", "or 224-224-3 if these are layer sizes"),
    ("3x224x224", "the shape of an image"),
    ("8X8X4", "Type 256-16-10"),
    ("h0..", "is no end of a range"),
    ("..hl", "is no end of a range"),
    ("h0-...", "needs a size on both sides"),
    ("...-hl", "needs a size on both sides"),
    ("h0..k5", "of the same letter as h: h0..hl"),
    ("h0..kl", "of the same letter as h"),
    ("5..9", "is no end of a range"),
    ("h5..h0", "does not run upwards"),
    ("h0..h2000000", "at most 10,000 sizes"),
    ("hello", "is not a file here, and neither layer sizes (784-16-10"),
    ("hello world", "is not a file here"),
    ("d", "is not a file here"),
    ("()", "is not a file here"),
    ("d-d)", 'found ")" where the expression should end'),
    ("(d-d", "("),
    ("d-4*-d", "4*"),
    ("d--d", "size 2 is missing"),
    ("nothing/here-5", "is no file or folder here, and as a model of the hub"),
    ("model.gguf", "no such file or directory"),
    ("model.safetensors", "no such file or directory"),
    ("a\x00b-5", "\\x00"),
    ("784-\x00", "\\x00"),
    ("a\x1b[31m-b", "\\x1b"),
    ("\x1b]0;title\x07-5", "\\x1b"),
    ("\udcff\udcfe", "\\udcff"),
    ("\udcff-5", "\\udcff"),
    ("h0-h1\u202e", "\\u202e"),
    ("10**10**9-5", "too large"),
    ("2**100000-5", "too large"),
    ("(" * 1000 + "d" + ")" * 1000 + "-5", "60 deep"),
    ("9" * 5000 + "-5", "a number of 5,000 digits"),
    ("1" * ONE_MB + "-5", "size 1 has 1,000,000 characters; at most 10,000"),
    ("[" * ONE_MB, "is not a file here"),
    ("(" * ONE_MB + "-5", "size 1 has 1,000,002 characters"),
    ("-" * ONE_MB, "is not a file here"),
    ("x" * ONE_MB, "is not a file here"),
    ("hello " * (ONE_MB // 6), "is not a file here"),
    ("." * ONE_MB, "is not a file here"),
    ("1 " * 150_000, "150,000 sizes: at most 100,000 are read"),
    ("784x16+" + "9" * 100_000, "has 100,007 characters; at most 10,000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[ascii(row[0][:24]) for row in REFUSED])
def test_refused(text: str, words: str) -> None:
    with pytest.raises(ReadError) as caught:
        nparams.read(text)
    message = str(caught.value)
    assert words in message
    assert message.isprintable(), "one line, control characters escaped"
    assert len(message) < 400


class Unprintable:
    def __repr__(self) -> str:
        return "two\nlines"


# a list in Python | words of the answer
LISTS = [
    ([], "nothing was given"),
    ([784], "one size"),
    ([784, 0], "size 2 is 0"),
    ([784, -5], "size 2 is -5"),
    ([784, 7.5], "size 2 is 7.5: layer sizes are whole numbers"),
    ([784, 16.0], "size 2 is 16.0"),
    ([784, None], "size 2 is None"),
    ([784, True], "size 2 is True"),
    ([784, [16, 10]], "size 2 is [16, 10]"),
    (["784-16", 10], "mixes two separators"),
    ([10**5000, 3], "size 1 has more than 1,000 digits"),
    ([784, Unprintable()], "size 2 is two\\nlines: layer sizes"),
]


@pytest.mark.parametrize(("sizes", "words"), LISTS, ids=[row[1] for row in LISTS])
def test_lists_refused(sizes: list[object], words: str) -> None:
    with pytest.raises(NotationError) as caught:
        nparams.read(sizes)
    assert words in str(caught.value)


# how it is asked | words of the answer
ASKED = [
    ({"bias": "some"}, 'bias "some": choose one of all, hidden, none'),
    ({"form": "pictures"}, 'no form is called "pictures": choose one of sizes'),
]


@pytest.mark.parametrize(("options", "words"), ASKED)
def test_requests_refused(options: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        nparams.read("784-10", **options)
    assert words in str(caught.value)


# answered, whatever it looks like: the work is bounded by the length of the text
ANSWERED = [
    ("1-" * 2000 + "1", 4000),
    ("1" + " " * ONE_MB + "2", 4),
    ("9" * 300 + "-" + "8" * 300, (int("9" * 300) + 1) * int("8" * 300)),
]


@pytest.mark.parametrize(("text", "total"), ANSWERED, ids=["2,000 layers", "a MB of spaces", "300 digits"])
def test_long_and_answered(text: str, total: int) -> None:
    assert nparams.count(text) == total


def test_what_is_too_large_to_multiply_out_stays_as_written() -> None:
    assert str(nparams.count("(a+b+c+d)**50-5")) == "5*(a + b + c + d)**50 + 5"


def test_junk_leaves_nothing_but_our_own_errors() -> None:
    alphabet = "hd01-x,.*()[]→ \x00é"
    for first in alphabet:
        for second in alphabet:
            for third in alphabet:
                _survives(first + second + third)


def _survives(text: str) -> None:
    said = ""
    try:
        nparams.read(text)
    except NparamsError as error:
        said = str(error)
    assert said.isprintable()
