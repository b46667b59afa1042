"""nparams solve: whole sizes with exact counts, held against plain arithmetic and against trying every value."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import pairwise, product

import pytest

import nparams
from nparams.analyses._solve.budget import Budget
from nparams.analyses._solve.wanted import Wanted
from nparams.analyses.solve import solve
from nparams.cli.main import main
from nparams.errors import UsageError

CAPTURE = pytest.CaptureFixture[str]


def mlp(*sizes: int) -> int:
    """A fully connected network, by the formula of the origin: each layer (h[i-1] + 1) * h[i]."""
    return sum((before + 1) * after for before, after in pairwise(sizes))


def gpt2(layers: int, d: int) -> int:
    """github.com/openai/gpt-2 src/model.py: 12 d^2 + 13 d a block, embeddings, a last norm; the head is tied."""
    return layers * (12 * d * d + 13 * d) + 50257 * d + 1024 * d + 2 * d


GPT2 = "n_layer=L d_model=d n_vocab=50257 n_ctx=1024"
DEEP = "input 784; m x dense b; dense 10"

# words | status | the best answer | its total by plain arithmetic
ANSWERED: list[tuple[list[str], int, str, int]] = [
    (["784-h-h-10", "--total", "13002"], 0, "h=16", 12544 + 16 + 256 + 16 + 160 + 10),
    (["784-h-h-10", "--total", "13_002"], 0, "h=16", mlp(784, 16, 16, 10)),
    (["784-h-h-10", "--max", "10000"], 0, "h=12", 9706),  # the public question: 12*12 + 796*12 + 10
    (["784-h-h-10", "--max", "10k"], 0, "h=12", 9706),
    (["784-h-h-10", "--max", "9706"], 0, "h=12", 9706),
    (["784-h-h-10", "--max", "9705"], 0, "h=11", mlp(784, 11, 11, 10)),
    (["784-h-h-10", "--min", "9706"], 0, "h=12", 9706),
    (["784-h-h-10", "--min", "9707"], 0, "h=13", 10527),
    (["784-h-h-10", "--min", "9707", "--max", "10526"], 1, "h=13", 10527),
    (["784-h-h-10", "--total", "13000"], 1, "h=16", 13002),
    (["784-h-h-10", "--total", "13k"], 0, "h=16", 13002),
    (["784-h-h-10", "--total", "12600"], 1, "h=16", 13002),  # h=15 gives 12,175: 425 below, 402 above
    (["784-h-h-10", "--total", "500"], 1, "h=1", mlp(784, 1, 1, 10)),
    (["784-h-h-10", "--max", "500"], 1, "h=1", mlp(784, 1, 1, 10)),
    (["784-h-h-10", "--total", "13002", "--range", "h=17.."], 1, "h=17", mlp(784, 17, 17, 10)),
    (["784-h-h-10", "--max", "13002", "--range", "h=2..5"], 0, "h=5", mlp(784, 5, 5, 10)),
    (["784-h-h-10", "--total", "13k", "--range", "h=2..5"], 1, "h=5", mlp(784, 5, 5, 10)),
    (["784-h-h-10", "--total", "13k", "--range", "h=17..20"], 1, "h=17", mlp(784, 17, 17, 10)),
    (["784-h-h-10", "--max", "13002", "--multiple", "h=7"], 0, "h=14", mlp(784, 14, 14, 10)),
    (["784-h-h-10", "--max", "13002", "--range", "h=3..13", "--multiple", "h=7"], 0, "h=7", mlp(784, 7, 7, 10)),
    (["784-h-h-10", "--bias", "none", "--total", "12960"], 0, "h=16", 12960),
    (["d-4*d-d", "--total", "1M"], 0, "d=353", mlp(353, 4 * 353, 353)),
    (["d-4*d-d", "--total", "1M", "--multiple", "d=64"], 0, "d=320", mlp(320, 1280, 320)),
    (["784-a-b-10", "--total", "13002"], 0, "a=16,b=16", 13002),
    (["784-a-b-10", "--total", "13002", "--set", "b=16"], 0, "a=16", 13002),
    (["784-a-b-10", "--set", "b=2*a", "--total", "13434"], 0, "a=16", mlp(784, 16, 32, 10)),
    (["h0..hl", "--set", "l=3,h0=784,h3=10,h2=h1", "--total", "13002"], 0, "h1=16", 13002),
    ([DEEP, "--total", "13002"], 0, "b=16,m=2", 13002),
    ([DEEP, "--total", "1000000"], 0, "b=410,m=5", mlp(784, 410, 410, 410, 410, 410, 10)),
    ([GPT2, "--total", "124439808"], 0, "L=12,d=768", gpt2(12, 768)),
    ([GPT2, "--total", "124439808", "--set", "L=12"], 0, "d=768", gpt2(12, 768)),
    ([GPT2, "--total", "1557611200"], 0, "L=48,d=1600", gpt2(48, 1600)),
    (["lstm h on 64", "--total", "98816"], 0, "h=128", 4 * (128 * 64 + 128 * 128 + 128)),
    (["nn.Linear(784, h)", "--total", "7850"], 0, "h=10", 7850),
    (["784-h//3-10", "--total", "10345"], 0, "h=39", mlp(784, 13, 10)),  # h = 40 and 41 as well
    (["784-2**h-10", "--max", "1B"], 0, "h=20", mlp(784, 2**20, 10)),
    (["784-h**h-10", "--max", "1B"], 0, "h=7", mlp(784, 7**7, 10)),  # of larger h no total is worked out
    (["784-h//(h-3)+1-10", "--total", "3985"], 0, "h=4", mlp(784, 5, 10)),  # 3 and below make no network
    (["docs/examples/gpt.py", "--vary", "n_layer,n_embd", "--total", "124439808"], 0, "n_layer=12,n_embd=768",
     gpt2(12, 768)),
    (["docs/examples/gpt.py", "--vary", "n_embd", "--total", "124M"], 0, "n_embd=768", gpt2(12, 768)),  # % 12 == 0
    (["docs/examples/gpt.py", "--set", "n_layer=L,n_embd=d", "--total", "124439808"], 0, "L=12,d=768", gpt2(12, 768)),
    (["docs/examples/model.py:Net", "--vary", "classes", "--max", "1.2M"], 0, "classes=10", 129 * 10 + 1_198_592),
    (["input 28x28x1; conv c kxk; maxpool 2; flatten; dense 10", "--total", "54410"], 0, "c=32,k=3", 54410),
    (["input nxnx1; conv 32 3x3; maxpool 2; flatten; dense 10", "--total", "54410"], 0, "n=28", 54410),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "best", "total"), ANSWERED, ids=[" ".join(row[0]) for row in ANSWERED])
def test_answers(words: list[str], status: int, best: str, total: int, capsys: CAPTURE) -> None:
    assert main(["solve", *words, "-q"]) == status
    assert capsys.readouterr().out.strip() == best
    assert main(["solve", *words, "--json"]) == status
    held = json.loads(capsys.readouterr().out)
    assert held["answers"][0]["total"] == total
    assert held["answers"][0]["gap"] == total - held["asked"]["target"]
    assert held["solved"] is (status == 0)


# words | words of the error
REFUSED = [
    ([], "which network?"),
    (["784-h-h-10"], "how many parameters should it have?"),
    (["784-16-16-10", "--total", "5"], "every size is a number, so nothing can vary"),
    (["resnet50", "--max", "20M"], "every size is a number, so nothing can vary"),
    (["784-16-16-10", "--total", "5", "--vary", "h"], 'has no symbol "h": every size in it is a number'),
    (["784-h-h-10", "--total", "1e4"], '--total "1e4" is not a whole number'),
    (["784-h-h-10", "--total", "1.23456K"], "is not a whole number of parameters"),
    (["784-h-h-10", "--total", "5", "--max", "4"], "--total 5 is not between --min and --max"),
    (["784-h-h-10", "--min", "5", "--max", "4"], "--min 5 is more than --max 4"),
    (["784-h-h-10", "--total", "5", "--vary", "q"], "q does not change the total of 784-h-h-10; it depends on h"),
    (["784-h-h-10", "--total", "5", "--vary", "3"], '"3" is not the name of a size'),
    (["784-a-b-10", "--total", "5", "--vary", "a"], "b has no value: give it one with --set"),
    (["784-h-h-10", "--total", "5", "--range", "h=20..10"], "--range h=20..10 holds no value"),
    (["784-h-h-10", "--total", "5", "--range", "h=a..b"], "is not a whole number"),
    (["784-h-h-10", "--total", "5", "--range", "h"], "--range \"h\": write NAME=VALUE, such as l=2..48"),
    (["784-h-h-10", "--total", "5", "--multiple", "h=0"], "--multiple h=0: a multiple of 1 or more"),
    (["784-h-h-10", "--total", "5", "--range", "h=5..6", "--multiple", "h=7"], "no value is left for h"),
    (["784-h-h-10", "--total", "5", "--top", "0"], "show one answer at least"),
    (["h0..hl", "--total", "13002"], "h is a list of sizes without an end"),
    (["a-b-c-d-e-f-g-h", "--total", "1M"], "8 sizes vary"),
    (["-".join(f"h{k}" for k in range(200)), "--total", "1M"], "200 sizes vary"),
    (["h-h1-h2", "--total", "1M"], "h stands alone and as h1"),
    (["784-a%3+1-b%5+1-10", "--total", "9", "--range", "a=1..9999999,b=1..999999"], "one by one: narrow them"),
    (["784-h-h-10", "--total", "9" * 2000], "is not a whole number"),
    (["784-h-h-10", "--total", "5", "--range", "h=1.." + "9" * 30], "is not a whole number up to"),
    (["input 9; lstm h; dense u", "--total", "5", "--set", "h=u*u*u", "--range", "u=1..2", "--set", "h=2"], "twice"),
    (["no such thing", "--total", "5"], "is not a file here"),
    (["784-h-h-10 and more", "--total", "5"], "784-h-h-10 and more"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "error"), REFUSED, ids=[" ".join(row[0])[:50] for row in REFUSED])
def test_refusals(words: list[str], error: str, capsys: CAPTURE) -> None:
    assert main(["solve", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert error in err
    assert err.count("\n") == 1


# -- against trying every value --------------------------------------------------------------------------------------

#: a text with letters, and its total by plain arithmetic
Total = Callable[..., int]
SHAPES: list[tuple[str, str, Total]] = [
    ("784-h-h-10", "h", lambda h: mlp(784, h, h, 10)),
    ("784-a-b-10", "ab", lambda a, b: mlp(784, a, b, 10)),
    ("9-a-b-a-3", "ab", lambda a, b: mlp(9, a, b, a, 3)),
    ("9-a-a//2+1-3", "a", lambda a: mlp(9, a, a // 2 + 1, 3)),
    ("9-a%5+1-b-3", "ab", lambda a, b: mlp(9, a % 5 + 1, b, 3)),
    ("9-a-b-c", "abc", lambda a, b, c: mlp(9, a, b, c)),
    ("7-max(a, 6)-b//3+1-2", "ab", lambda a, b: mlp(7, max(a, 6), b // 3 + 1, 2)),
    ("input 5; m x dense b; dense 3", "bm", lambda b, m: mlp(5, *[b] * m, 3)),
    ("lstm h on n", "hn", lambda h, n: 4 * (n * h + h * h + h)),
    ("input 12x12x1; conv c kxk; flatten; dense 3", "ck",
     lambda c, k: (k * k + 1) * c + ((13 - k) ** 2 * c + 1) * 3),
]  # fmt: skip


def grids(rng: random.Random, names: str) -> dict[str, range]:
    """Small ranges; a kernel stays inside its image."""
    found = {}
    for name in names:
        first = rng.randint(1, 4)
        found[name] = range(first, min(first + rng.randint(3, 14), 13 if name == "k" else 99))
    return found


def trials() -> Iterator[tuple[str, dict[str, range], Total, dict[str, int]]]:
    rng = random.Random(20261127)
    for text, names, total in SHAPES:
        for _ in range(12):
            held = grids(rng, names)
            values = sorted(total(*point) for point in product(*held.values()))
            near = rng.choice(values) + rng.choice((0, 0, 1, -1, 7))
            far = rng.choice((values[0] - 3, values[-1] + 5, near))
            yield text, held, total, {"total": max(1, near)}
            yield text, held, total, {rng.choice(("max", "min")): max(1, far)}


def test_nothing_nearer_exists() -> None:
    """Every combination tried by plain arithmetic: the best is as near, and as many are exact."""
    for text, held, total, asked in trials():
        found = nparams.solve(text, range={name: (r[0], r[-1]) for name, r in held.items()}, **asked)
        (target,) = asked.values()
        every = {point: total(*point) for point in product(*held.values())}
        fitting = {
            p: v
            for p, v in every.items()
            if ("max" not in asked or v <= target) and ("min" not in asked or v >= target)
        }
        best = found.best
        assert best is not None
        assert every[tuple(best.values[name] for name in held)] == best.total, (text, held, asked)
        nearest = min(abs(v - target) for v in (fitting or every).values())
        assert abs(best.gap) == nearest, (text, held, asked, best)
        if "total" in asked:
            exact = sum(v == target for v in every.values())
            assert found.solved is bool(exact)
            assert found.search is not None
            assert found.search.exact == exact, (text, held, asked)


def test_shapes_are_the_best_of_their_size() -> None:
    """Of each first size that is shown, no other combination is nearer."""
    found = nparams.solve(DEEP, total="1M", range={"b": (1, 700), "m": (2, 40)})
    assert len(found.shapes) > 5
    for shape in found.shapes:
        m = shape.values["m"]
        totals = [mlp(784, *[b] * m, 10) for b in range(1, 701)]
        assert abs(shape.gap) == min(abs(v - 10**6) for v in totals)
    assert [shape.values["m"] for shape in found.shapes] == sorted(shape.values["m"] for shape in found.shapes)


def test_a_million_candidates_take_few_evaluations() -> None:
    """The work is counted, never timed: each row is bisected, and rows beyond the budget are not begun."""
    found = nparams.solve(GPT2, total="1.3B")
    assert found.search is not None
    assert found.candidates > 1_000_000
    assert found.search.evaluated < 20 * found.search.rows


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_the_public_question(capsys: CAPTURE) -> None:
    assert main(["solve", "784-h-h-10", "--max", "10000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "h = 12: 9,706 parameters, 294 fewer than 10,000"
    assert "12  784-12-12-10       9,706  -294  -2.94%" in lines
    assert "13  784-13-13-10      10,527  +527  too many" in lines
    assert "discriminant  796² + 4·1·9,990 = 673,576" in lines  # 633,616 + 39,960
    assert "root          h = (-796 + √673,576) / 2 = 12.358…" in lines
    assert "searched      every h >= 1, by bisection: the total only grows with h" in lines


def test_explained(capsys: CAPTURE) -> None:
    assert main(["solve", "784-h-h-10", "--max", "10000", "--explain"]) == 0
    out = capsys.readouterr().out
    assert "   h = 12: 12² + 796·12 + 10 = 144 + 9,552 + 10 = 9,706, 294 fewer\n" in out
    assert "   h = 13: 13² + 796·13 + 10 = 169 + 10,348 + 10 = 10,527, 527 more: not allowed\n" in out
    assert main(["solve", "784-a-b-10", "--total", "13002", "--explain"]) == 0
    assert "2. Each value of a is put in" in capsys.readouterr().out


def test_quiet_is_what_set_takes(capsys: CAPTURE) -> None:
    main(["solve", DEEP, "--total", "1000000", "-q"])
    given = capsys.readouterr().out.strip()
    assert main([DEEP, "--set", given, "-q"]) == 0
    assert capsys.readouterr().out == "1000000\n"


@pytest.mark.parametrize("columns", [80, 140])
def test_nothing_is_wider_than_the_terminal(columns: int, capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in (["784-h-h-10", "--max", "10000"], [DEEP, "--total", "1M"], [GPT2, "--total", "1.3B"]):
        main(["solve", *words])
        assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


def test_plain_text_where_unicode_is_not_shown() -> None:
    from nparams.analyses._solve.text import text

    found = nparams.solve("784-h-h-10", max=10_000)
    assert text(found, unicode=False, explain=False).isascii()
    assert text(found, unicode=False, explain=True).isascii()


def test_a_rounded_number_is_about() -> None:
    for written, target in (("1.3B", 1_300_000_000), ("350k", 350_000), ("1M", 10**6)):
        assert (Budget.of(total=written).target, Budget.of(total=written).about) == (target, True)
    for plain in ("13_002", "13,002", "13002", 13_002):
        assert (Budget.of(total=plain).target, Budget.of(total=plain).exact) == (13_002, True)
    assert Budget.of(most="1.5K").fits(1_500)
    assert not Budget.of(most="1.5K").fits(1_501)


def test_a_network_given_directly() -> None:
    found = solve(nparams.read("784-h-h-10"), Wanted(Budget.of(total=13_002), ranges={"h": range(1, 20)}))
    assert [(str(each), each.total) for each in found.answers] == [("h=16", 13_002), ("h=17", mlp(784, 17, 17, 10))]
    with pytest.raises(UsageError):
        solve(nparams.read("784-16-10"), Wanted(Budget.of(total=1)))


def test_the_end_of_a_default_grid_is_said(capsys: CAPTURE) -> None:
    main(["solve", "784-h%7+1-10", "--total", "3190"])
    assert (
        "h = 1..4,096: each of the 4,096 values, one by one; h ends at 4,096 unless --range" in capsys.readouterr().out
    )


CODE = """
class Net(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        assert d // 2 >= 50
        if d % 8 != 0:
            raise ValueError("no multiple of 8")
        if d % heads:
            raise ValueError("no multiple of the heads")
        self.fc = nn.Linear(d, d)
"""


def test_what_code_asserts_is_a_condition() -> None:
    """Of a condition on what plays no part in the count nothing is said."""
    network = nparams.read(CODE, form="torch-code")
    assert network.where == ("50 <= d//2", "d%8 == 0")
    found = nparams.solve(CODE, form="torch-code", max=20_000)
    assert [(str(each), each.total) for each in found.answers] == [("d=136", 136 * 137), ("d=144", 144 * 145)]
    assert nparams.solve(CODE, form="torch-code", max=5_000).solved is False  # 104*105 = 10,920 is the smallest
