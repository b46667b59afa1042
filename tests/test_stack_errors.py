"""Lists of layers that cannot be read: one line that says what was given, where, and what to write instead."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NotationError, NparamsError, UsageError

PAIRS = "brackets go in pairs: 3 x (conv 64 3x3; relu)"
BRANCHES = "divides branches: write concat (... | ...) or residual (... | ...)"
SHAPES = "input 784, input 28x28x1, input 3x224x224, input 400x3, input 100 tokens"
BEHIND = "only x 3, on 64 or as NAME may follow it"
NOTHING = "nothing was given: write layers, for example: input 784; dense 16; dense 10"
ONE_BRANCH = "one branch only; divide branches with |"

# what is typed | the whole answer
REFUSED = [
    (
        "input 10; dense 5 on 3x4",
        '"dense 5 on 3x4", at character 11: 3x4 is said to come in, but the input has 10; leave the on out',
    ),
    ("dense 5 on 4 as a; dense 5 as a", "two layers are called a; give each a name of its own"),
    (
        "lstm 8 layers=2 on 8 as a; dense 4; reuse a",
        '"reuse a", at character 37: a takes 8, but 4 comes in: it cannot be used again here',
    ),
    ("dense 10 on 5 on 6", '"dense 10 on 5 on 6", at character 1: it is said twice what comes in (on ...); keep one'),
    ("dense 10 relu 5", '"dense 10 relu 5", at character 1: relu takes no number, found 5; divide layers with ;'),
    (
        "input 28x28x1, 10; dense 3",
        '"input 28x28x1, 10", at character 1: "10" after a shape is not understood in an input; write input 784, '
        "input 28x28x1, input 3x224x224, input 400x3, input 100 tokens",
    ),
    ("input 8; residual", '"residual", at character 10: "residual" needs brackets: residual (conv 64 3x3 same; relu)'),
    ("input 8; add (dense 5 | dense 4)", "add at character 10: 5 and 4 cannot be added; give both one size"),
    (
        "input 28x28x1: dense 3",
        '"input 28x28x1: dense 3", at character 1: "dense" is a layer: divide it from the input with ; or a new line',
    ),
    (
        "input 8x8x3; maxpool 2x2x2",
        '"maxpool 2x2x2", at character 14: windows of 2x2x2 have three sides; write 2x2 for those of an image',
    ),
    ("dense 1k on 2", '"dense 1k on 2", at character 1: 1k is no size; write the number out, such as 1000'),
    ("dense 10 bias 3", '"dense 10 bias 3", at character 1: "bias" takes no number, found 3'),
    (
        "conv 32 3x3 same valid on 3",
        '"conv 32 3x3 same valid on 3", at character 1: the padding is said twice, same and valid; say it once',
    ),
    # nothing, or nothing to count
    (" ; ;\n", NOTHING),
    ("# a comment alone", NOTHING),
    ("input 784", "an input alone has no layers: input 784; dense 10"),
    ("input 28x28x1;", "an input alone has no layers: input 784; dense 10"),
    ("input", f'"input", at character 1: an input needs a shape: {SHAPES}'),
    ("input tokens; dense 3", f'"input tokens", at character 1: an input needs a shape: {SHAPES}'),
    ("input foo; dense 3", f'"input foo", at character 1: "foo" is not understood in an input; write {SHAPES}'),
    ("28x28x1", '"28x28x1", at character 1: it names no layer; write for example dense 10, conv 32 3x3, maxpool 2'),
    ("()", '"()", at character 1: it names no layer; write for example dense 10, conv 32 3x3, maxpool 2'),
    # layers that are not known
    ("densee 10", '"densee 10", at character 1: "densee" is not a layer that is known; did you mean dense?'),
    ("convv 3", '"convv 3", at character 1: "convv" is not a layer that is known; did you mean conv?'),
    (
        "dense 3;\n  dropot 0.5",
        '"dropot 0.5", at character 12: "dropot" is not a layer that is known; did you mean dropout?',
    ),
    ("input 8 -> dens 3", '"dens 3", at character 12: "dens" is not a layer that is known; did you mean dense?'),
    ("hello world", '"hello world", at character 1: "hello" is not a layer that is known; nparams layers lists them'),
    # arguments
    (
        "conv 32 3x3 paddng 2",
        '"conv 32 3x3 paddng 2", at character 1: "paddng" is not an argument of conv; did you mean padding?',
    ),
    (
        "input 784; dense 10 foo",
        '"dense 10 foo", at character 12: "foo" is not an argument of dense; nparams layers lists them',
    ),
    (
        "conv 32 3x3 maxpool 2",
        '"conv 32 3x3 maxpool 2", at character 1: "maxpool" is a layer of its own: divide layers with ; or a new line',
    ),
    (
        "conv 32 3x3 padding",
        '"conv 32 3x3 padding", at character 1: "padding" needs same, valid or a number after it',
    ),
    (
        "conv 32 3x3 stride on 3",
        '"conv 32 3x3 stride on 3", at character 1: "stride" needs a number or a shape such as 3x3 after it',
    ),
    ("dense 10 lora", '"dense 10 lora", at character 1: "lora" needs a number after it'),
    (
        "conv 15 5x5 table on 6",
        '"conv 15 5x5 table on 6", at character 1: "table" needs pairs such as 6x3 9x4 1x6 after it',
    ),
    (
        "conv 32 3x3 stride 2 stride 3",
        '"conv 32 3x3 stride 2 stride 3", at character 1: "stride" is said twice; say it once',
    ),
    ("conv 32 3x3 stride=2 s=3", '"conv 32 3x3 stride=2 s=3", at character 1: "s" is said twice; say it once'),
    ("dense 10 no bias bias", '"dense 10 no bias bias", at character 1: "bias" is said twice; say it once'),
    ("lstm 5 6 7 8", '"lstm 5 6 7 8", at character 1: 5 6 7 8 cannot be told apart; for example lstm 128 on 64'),
    ("conv 2**k 64 7x7",
     '"conv 2**k 64 7x7", at character 1: 2**k 64 7x7 cannot be told apart; for example conv 32 3x3 on 3'),
    ("relu 3 3", '"relu 3 3", at character 1: relu takes no size; write dense 3 3 relu for a layer with neurons'),
    ("input 4x4x3; crop", '"crop", at character 14: by how much? Write crop 2'),
    ("input 4x4x3; zeropad", '"zeropad", at character 14: by how much? Write zeropad 1'),
    (
        "input 28x20x3; transpose",
        '"transpose", at character 16: which of 28x20x3 go where? Write reshape and the shape',
    ),
    ("input 10; reshape", '"reshape", at character 11: into which shape? Write reshape 7x7x256'),
    ("lstm 5 bias vectors 3", '"lstm 5 bias vectors 3", at character 1: a gate has 1 or 2 bias vectors, not 3'),
    ("dense $5", '"dense $5", at character 1: "$" does not belong in a list of layers'),
    # two ways to read
    (
        "conv 32 filters 3",
        '"conv 32 filters 3", at character 1: it reads two ways: conv filters=3 kernel=32 or conv filters=32 kernel=3. '
        "Write the word, then = and the number",
    ),
    (
        "lstm 2 layers 128 on 4",
        '"lstm 2 layers 128 on 4", at character 1: it reads two ways: lstm layers=128 units=2 or lstm layers=2 '
        "units=128. Write the word, then = and the number",
    ),
    (
        "lstm 128 layers 2 on 4",
        '"lstm 128 layers 2 on 4", at character 1: it reads two ways: lstm layers=2 units=128 or lstm layers=128 '
        "units=2. Write the word, then = and the number",
    ),
    (
        "conv 32 groups 4 3x3 on 16",
        '"conv 32 groups 4 3x3 on 16", at character 1: it reads two ways: conv groups=4 kernel=3x3 filters=32 or '
        "conv groups=32 kernel=3x3 filters=4. Write the word, then = and the number",
    ),
    (
        "conv 32 3 x 3",
        '"conv 32 3 x 3", at character 1: 3 x 3 reads two ways: write 3x3 for a shape, or 3 x conv ... for copies',
    ),
    (
        "embedding 50257 x 768",
        '"embedding 50257 x 768", at character 1: 50257 x 768 reads two ways: write 50257x768 for a shape, or 768 x '
        "embedding ... for copies",
    ),
    ("input 8; 2 x dense 8 x 3", '"2 x dense 8 x 3", at character 10: 2 copies and 3 copies: say once how often'),
    # brackets
    ("(dense 10", f'the "(" at character 1 is never closed; {PAIRS}'),
    ("2 x ((dense 4)", f'the "(" at character 5 is never closed; {PAIRS}'),
    ("dense 10)", f'the ")" at character 9 closes nothing; {PAIRS}'),
    ("(dense 10]", f'the "]" at character 10 closes nothing; {PAIRS}'),
    ("conv 32 (3, 3; relu", f'the "(" at character 9 is never closed; {PAIRS}'),
    ("(" * 41 + "dense 1" + ")" * 41, "brackets more than 40 deep, at character 41"),
    ("(dense 3) foo", f'"foo" after the bracket at character 10: {BEHIND}'),
    ("2 x (dense 3) x 3", f'"x 3" after the bracket at character 14: {BEHIND}'),
    # branches
    ("dense 10 | dense 5", f'the "|" at character 10 {BRANCHES}'),
    ("input 8; dense 5 | dense 3", f'the "|" at character 18 {BRANCHES}'),
    ("concat (dense 3)", f"concat at character 1: {ONE_BRANCH}: concat (conv 64 1x1 | conv 96 3x3 same)"),
    ("dense 3 on 3; inception (relu)", f"inception at character 15: {ONE_BRANCH}: "
     "inception (conv 64 1x1 | conv 96 3x3 same)"),
    # names
    (
        "concat a",
        '"concat a", at character 1: no earlier layer is called "a" (name one with: conv 64 3x3 as a); so far: '
        "none yet",
    ),
    (
        "dense 5 as b; goto c",
        '"goto c", at character 15: no earlier layer is called "c" (name one with: conv 64 3x3 as c); so far: b',
    ),
    (
        "input 8; dense 3 as a; dense 4 as b; goto a b",
        '"goto a b", at character 38: one place to go on from, not several',
    ),
    (
        "reuse",
        '"reuse", at character 1: which layer? Name one earlier (dense 64 as enc), then write: reuse enc',
    ),
    (
        "embedding 10 3 as e; dense 7 tied to e",
        '"dense 7 tied to e", at character 22: its weights (7, 3) cannot be those of e (10, 3)',
    ),
    (
        "dense 5 on 4 as a; dense 7; reuse a",
        '"reuse a", at character 29: a takes 4, but 7 comes in: it cannot be used again here',
    ),
    # sizes and copies
    ("input 0; dense 3", '"input 0", at character 1: a side of 0: sizes are 1 or more'),
    ("dense 5; input 28x28x0", '"input 28x28x0", at character 10: a side of 0: sizes are 1 or more'),
    ("input 2x3x4x5x6x7; dense 3", '"input 2x3x4x5x6x7", at character 1: an input of 6 sides; at most 5 are read'),
    ("0 x (dense 5)", "the group at character 1: 0 copies; write 1 or more"),
    # shapes that cannot be
    (
        "input 28x28x3; lstm 5",
        '"lstm 5", at character 16: it reads a sequence (steps x features); put flatten, reshape or a global pool '
        "before it",
    ),
    (
        "attention 512 heads 7 head dim 10 kv 3",
        '"attention 512 heads 7 head dim 10 kv 3", at character 1: 7 heads cannot share 3 key and value heads equally; '
        "choose a divisor",
    ),
    (
        "attention 512 heads 7 kv 7",
        '"attention 512 heads 7 kv 7", at character 1: 7 heads cannot share a width of 512 equally; say how large a '
        "head is: head dim 64",
    ),
    # sizes of nothing
    ("dense 0 on 3", '"dense 0 on 3", at character 1: the number of neurons is 0: at least 1 is needed'),
    ("conv 0 3x3 on 3", '"conv 0 3x3 on 3", at character 1: the number of filters is 0: at least 1 is needed'),
    ("conv 8 0x0 on 3", '"conv 8 0x0 on 3", at character 1: the size of the kernel is 0: at least 1 is needed'),
    ("conv 8 3x3 stride 0 on 3", '"conv 8 3x3 stride 0 on 3", at character 1: the stride is 0: at least 1 is needed'),
    ("input 8x8x3; maxpool 0", '"maxpool 0", at character 14: the size of the windows is 0: at least 1 is needed'),
    (
        "input 8x8x3; maxpool 2 stride 0",
        '"maxpool 2 stride 0", at character 14: the stride is 0: at least 1 is needed',
    ),
    ("moe 0 on 8", '"moe 0 on 8", at character 1: the number of experts is 0: at least 1 is needed'),
    (
        "encoder 8 ff 16 layers 0",
        '"encoder 8 ff 16 layers 0", at character 1: the number of layers is 0: at least 1 is needed',
    ),
    (
        "lstm 5 layers=0",
        '"lstm 5 layers=0", at character 1: the number of layers on top of each other is 0: at least 1 is needed',
    ),
    ("dense -5 on 3", '"dense -5 on 3", at character 1: -5 is no size: sizes are 1 or more'),
    (
        "conv 8 3x3 dilation 0 on 3",
        '"conv 8 3x3 dilation 0 on 3", at character 1: the dilation is 0: at least 1 is needed',
    ),
    ("input 8x8x3; upsample 0", '"upsample 0", at character 14: the factor is 0: at least 1 is needed'),
    ("embedding 0 8", '"embedding 0 8", at character 1: the size of the vocabulary is 0: at least 1 is needed'),
    ("0 x dense 5", '"0 x dense 5", at character 1: 0 copies; write 1 or more'),
    ("dense 5 x 0", '"dense 5 x 0", at character 1: 0 copies; write 1 or more'),
    ("dense 5 x0", '"dense 5 x0", at character 1: 0 copies; write 1 or more'),
    # what does not go together
    ("dense 5 on 4 as a as b", '"dense 5 on 4 as a as b", at character 1: it has two names, a and b; keep one'),
    (
        "dense 5 tied to",
        '"dense 5 tied to", at character 1: tied to which layer? Name one earlier (embedding 1000 64 as emb), '
        "then: tied to emb",
    ),
    (
        "input 784; dense 10 on 785",
        '"dense 10 on 785", at character 12: 785 values are said to come in, but the input has 784; leave the on out',
    ),
    (
        "input 28x28x3; dense 10 on 5",
        '"dense 10 on 5", at character 16: 5 values are said to come in, but the input has 3; leave the on out',
    ),
    (
        "attention 8 heads 2 lora 4 targets xyz",
        '"attention 8 heads 2 lora 4 targets xyz", at character 1: adapters go on q, k, v, o, not xyz: targets qv',
    ),
    (
        "input 3x3x1; conv 8 5x5",
        '"conv 8 5x5", at character 14: a kernel of 5 does not fit on a side of 3; pad it, or take a smaller one',
    ),
    (
        "input 9x9x1; conv 8 3x3 dilation 5",
        '"conv 8 3x3 dilation 5", at character 14: a kernel of 11 does not fit on a side of 9; pad it, or take a '
        "smaller one",
    ),
    (
        "input 2x2x1; conv 8 7x7 pad 1",
        '"conv 8 7x7 pad 1", at character 14: a kernel of 7 does not fit on a side of 2 (with 2 of padding); pad '
        "it, or take a smaller one",
    ),
    (
        "input 1x1x8; maxpool 2",
        '"maxpool 2", at character 14: a kernel of 2 does not fit on a side of 1; pad it, or take a smaller one',
    ),
    (
        "input 28x28x1; maxpool 3 s2; maxpool 16",
        '"maxpool 16", at character 30: a kernel of 16 does not fit on a side of 13; pad it, or take a smaller '
        "one",
    ),
    (
        "conv 32 3x3 groups 3 on 16",
        '"conv 32 3x3 groups 3 on 16", at character 1: 3 groups cannot share 16 input channels equally; choose a '
        "divisor",
    ),
    (
        "conv 32 3x3 groups 5 on 20",
        '"conv 32 3x3 groups 5 on 20", at character 1: 5 groups cannot share 32 filters equally; choose a divisor',
    ),
    (
        "groupnorm 3 on 16",
        '"groupnorm 3 on 16", at character 1: 3 groups cannot share 16 channels equally; choose a divisor',
    ),
    (
        "attention 512 heads 7",
        '"attention 512 heads 7", at character 1: 7 heads cannot share a width of 512 equally; say how large one '
        "is: head dim 64",
    ),
    (
        "attention 512 heads 8 kv 3",
        '"attention 512 heads 8 kv 3", at character 1: 8 heads cannot share 3 key and value heads equally; '
        "choose a divisor",
    ),
    (
        "se 16 on 40",
        '"se 16 on 40", at character 1: 40 channels cannot be reduced 16 times exactly; choose a divisor',
    ),
    (
        "input 8; residual (dense 5)",
        "residual at character 10: 5 and 8 cannot be added; give the short way a layer of its own: residual (... "
        "| dense 5)",
    ),
    (
        "input 8x8x3; residual (conv 3 3x3)",
        "residual at character 14: 6x6x3 and 8x8x3 cannot come together, their sides differ; pad (same) to keep "
        "them, or give the short way a stride too",
    ),
    (
        "input 8x8x3; conv 4 3x3 as a; conv 4 3x3; concat a",
        '"concat a", at character 43: 4x4x4 and 6x6x4 cannot come together, their sides differ; pad (same) to '
        "keep them",
    ),
    (
        "input 28x28x3; conv 8 3x3 in channels 4",
        '"conv 8 3x3 in channels 4", at character 16: it is said to take 4 values, but 3 come in; correct it or '
        "leave it out",
    ),
    (
        "input 784; dense 10 inputs=700",
        '"dense 10 inputs=700", at character 12: it is said to take 700 values, but 784 come in; correct it or leave '
        "it out",
    ),
    (
        "input 28x28x3; batchnorm 4",
        '"batchnorm 4", at character 16: it is said to take 4 values, but 3 come in; correct it or leave it out',
    ),
    ("dense 4,096", "4,096, at character 7, is written 4096 here: a comma divides layers"),
    # ways of writing that might mean something else
    (
        "dense 784 -> 10",
        '"10", at character 14: it names no layer; write dense 10, or begin with an input: 784 -> 10',
    ),
    (
        "fc4096",
        '"fc4096", at character 1: is 4096 its size or a part of its name? Write fc 4096, or fc4096: and its size',
    ),
    (
        "input 784; fc4096",
        '"fc4096", at character 12: is 4096 its size or a part of its name? Write fc 4096, or fc4096: and its '
        "size",
    ),
    ("conv3-64", '"conv3-64", at character 1: conv3-64 is how tables of papers write conv 64 3x3'),
    (
        "input 224x224x3; conv3-64; conv3-64",
        '"conv3-64", at character 18: conv3-64 is how tables of papers write conv 64 3x3',
    ),
    (
        "conv 64 kernels of 5 x 5 x 48",
        '"conv 64 kernels of 5 x 5 x 48", at character 1: a kernel of 5x5x48 reads two ways: write conv3d ... '
        "5x5x48 for one of three sides, or 5x5 on 48 for one that covers all channels of an image",
    ),
    (
        "input 27x27x4; conv 64 kernels of 5 x 5 x 48",
        '"conv 64 kernels of 5 x 5 x 48", at character 16: a kernel of 5x5x48 reads two ways: write conv3d ... '
        "5x5x48 for one of three sides, or 5x5 on 48 for one that covers all channels of an image",
    ),
]  # fmt: skip

# what is typed | words of the answer
DO_NOT_FIT = [
    ("input 4x4x3; crop 2", "nothing of 4x4x3 is left"),
    ("input 4x4x1; deconv 1 1x1 padding 3", "nothing of a side of 4 is left after its padding"),
    ("input 10; reshape 3x3", "10 holds 10 values, 3x3 holds 9"),
    ("input 8x8x1; reshape 7x7x1", "8x8x1 holds 64 values, 7x7x1 holds 49"),
    ("moe 4 experts top 5 ff 3 on 8", "a token cannot use 5 of 4 experts"),
    ("input 4x4x3; pixelshuffle 2", "3 channels cannot be spread over blocks of 4"),
    ("input 5x5x3; pixel unshuffle 2", "a side of 5 cannot be cut into blocks of 2"),
    ("input 9x9x3; patch embedding 4 8", "a side of 9 cannot be cut into patches of 4"),
    ("input 8x8x3; layernorm 4x4x3", "it normalises 4x4x3, but 8x8x3 comes in"),
    ("prelu 5 on 3", "it has 5 slopes, but 3 channels come in"),
    ("conv 16 5x5 table 6x3 9x4 on 6", "its table connects 15 maps, but it has 16 filters"),
    ("conv 15 5x5 table 6x3 9x7 on 6", "its table connects a map to 7 inputs, but only 6 come in"),
    ("input 8; add (dense 5 | dense 4)", "add at character 10: 5 and 4 cannot be added"),
    ("input 8x8x3; concat (conv 4 1x1 | conv 4 3x3)", "8x8x4 and 6x6x4 cannot come together, their sides differ; pad"),
    ("input 28x28; conv3d 8 3x3x3", "it slides along 3 sides, but 28x28 comes in"),
    ("input 28x28x3; conv1d 8 3", "it slides along 1 side, but 28x28x3 comes in"),
    ("input 5; conv 8 3x3", "it slides along 2 sides, but 5 comes in"),
    ("conv 3 3x3x3x3", "a kernel of 4 sides: there are 1-d, 2-d and 3-d convolutions"),
    ("conv 8 3x3 stride 2x2x2 on 3", "its stride has 3 sides (2x2x2), but it slides along 2"),
    ("reuse a", 'no earlier layer is called "a"'),
    ("dense 5 on 4 as b; reuse a", 'no earlier layer is called "a"; so far: b'),
    ("dense 5 tied to foo", 'no earlier layer is called "foo"'),
    ("input 4x4x1; L x (zeropad 1)", "(4x4x1 to 6x6x1); give a number of copies"),
    ("dense " + "9" * 1001, "a size of 1,001 digits: at most 1,000 are read"),
    ("dense " + "of " * 90 + "3", "more than 80 words and numbers for one layer; divide layers with ;"),
    ("relu;" * 250_000, "1,250,000 characters of layers: at most 1,000,000 are read"),
]


def message(text: str, **options: str) -> str:
    with pytest.raises(NotationError) as caught:
        nparams.read(text, form="stack", **options)  # type: ignore[arg-type]
    said = str(caught.value)
    assert said.isprintable(), "one line, control characters escaped"
    assert len(said) < 400
    return said


@pytest.mark.parametrize(("text", "answer"), REFUSED, ids=[ascii(row[0][:40]) for row in REFUSED])
def test_refused(text: str, answer: str) -> None:
    assert message(text) == answer


@pytest.mark.parametrize(("text", "words"), DO_NOT_FIT, ids=[ascii(row[0][:40]) for row in DO_NOT_FIT])
def test_does_not_fit(text: str, words: str) -> None:
    assert words in message(text)


@pytest.mark.parametrize("convention", ["torch", "keras", "all"])
def test_the_convention_does_not_matter(convention: str) -> None:
    for text, answer in REFUSED:
        assert message(text, convention=convention) == answer


# how it is asked | the whole answer
ASKED = [
    ({"bias": "some"}, 'bias "some": choose one of all, hidden, none'),
    ({"convention": "caffe"}, 'convention "caffe": choose one of textbook, torch, keras, all'),
]


@pytest.mark.parametrize(("options", "answer"), ASKED, ids=[row[1] for row in ASKED])
def test_requests_refused(options: dict[str, str], answer: str) -> None:
    with pytest.raises(UsageError) as caught:
        nparams.read("dense 10", form="stack", **options)  # type: ignore[arg-type]
    assert str(caught.value) == answer


@pytest.mark.parametrize("text", ["densee 10", "conv 32 filters 3", "input 3x3x1; conv 8 5x5", "2 x (dense 3"])
def test_a_list_is_known_as_one(text: str) -> None:
    """Without form="stack", what is nearly a list is answered as one."""
    with pytest.raises(NotationError) as caught:
        nparams.read(text)
    assert str(caught.value) == message(text)


# read in no time, however many copies: the work is bounded by the length of the text
ANSWERED = [
    ("input 8; 999999999999 x dense 8", 999999999999 * 9 * 8),
    ("input 8; 1000 x (1000 x (1000 x (dense 8; relu)))", 10**9 * 9 * 8),
    ("input 4; 99999999999 x (dense 8; dense 4)", 99999999999 * (5 * 8 + 9 * 4)),
    ("lstm 8 layers=99999999999 on 4", 4 * 8 * 13 + 99999999998 * 4 * 8 * 17),
    ("(" * 40 + "dense 1 on 1" + ")" * 40, 2),
    ("dense 1 on 1;" * 600, 600 * 2),
    ("dense " + "9" * 300 + " on 1", 2 * int("9" * 300)),
]


@pytest.mark.parametrize(("text", "total"), ANSWERED, ids=[row[0][:40] for row in ANSWERED])
def test_large_and_answered(text: str, total: int) -> None:
    assert nparams.count(text, form="stack") == total


def test_junk_leaves_nothing_but_our_own_errors() -> None:
    pieces = ["dense", "3", "x", "(", ")", "|", ";", ",", "-", "=", " as a ", " reuse a ", "3x3", "\x00", "d"]
    for first in pieces:
        for second in pieces:
            for third in pieces:
                _survives(f"{first}{second}{third}")


def _survives(text: str) -> None:
    said = ""
    try:
        nparams.read(text, form="stack")
    except NparamsError as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize("word", ["hidden", "hidden (", "output layer", "time distributed", "hidden layer of"])
def test_words_for_places_are_each_looked_at_once(word: str) -> None:
    """Many words for where a layer stands once took twice as long with each more."""
    with pytest.raises(NotationError):
        nparams.read(f"{word} " * 70 + "unheard", form="stack")
