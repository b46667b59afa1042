"""Expressions: what is read, what is refused and where, how it is written, and what it takes to work it out."""

from __future__ import annotations

import pytest

from nparams.errors import ExprError, WorkLimitError
from nparams.expr import (
    Expr,
    add,
    compare,
    equal,
    evaluate,
    free_symbols,
    indexed,
    mul,
    parse,
    power,
    product,
    render,
    replace_raw,
    substitute,
    symbol,
    total_of,
)  # fmt: skip
from nparams.expr.poly import Canonical

READ = [
    # text, the plain style
    ("784*16 + 16", "784*16 + 16"),
    ("h0", "h0"),
    ("h_0", "h0"),
    ("h[0]", "h0"),
    ("h_{0}", "h0"),
    ("h00", "h00"),
    ("h[i - 1]", "h[i-1]"),
    ("h_{i-1}", "h[i-1]"),
    ("h_i", "h_i"),
    ("d_model*n_in", "d_model*n_in"),
    ("4d", "4*d"),
    ("4d²", "4*d**2"),
    ("2(d + 1)", "2*(d + 1)"),
    ("d¹⁰", "d**10"),
    ("d^2", "d**2"),
    ("2**3**2", "2**(3**2)"),
    ("-d**2", "-d**2"),
    ("--d", "d"),
    ("a − b – c", "a - b - c"),
    ("a × b · c", "a*b*c"),
    ("a*b//c%d", "a*b//c%d"),
    ("a//(b*c)", "a//(b*c)"),
    ("1_000", "1000"),
    ("[a<b]", "[a<b]"),
    ("[a>b]", "[b<a]"),
    ("[a≥b]*[a≠b]", "[b<=a]*[a!=b]"),
    ("[i%4==3]", "[i%4==3]"),
    ("[i%4=3]", "[i%4==3]"),
    ("ceildiv(a + 1, 2)", "ceildiv(a + 1, 2)"),
    ("max(0, a, b) - min(a, b)", "max(0, a, b) - min(a, b)"),
    ("trunc(0.25*d)", "trunc(0.25*d)"),
    ("trunc(1e-05*(d + 1))", "trunc(1e-05*(d + 1))"),
    ("trunc(-0.5*d)", "trunc(-0.5*d)"),
    ("⌊a/b⌋ + ⌈a/b⌉", "a//b + ceildiv(a, b)"),
    ("sum(i=1..l, h_i)", "sum(i=1..l, h[i])"),
    ("Σ_{i=1..l} h_i + 1", "sum(i=1..l, h[i]) + 1"),
    ("∑_{i=1..l} h_{i-1}·h_i", "sum(i=1..l, h[i-1]*h[i])"),
    ("Σ{i=1…l} i", "sum(i=1..l, i)"),
    ("Σ_{i=1}^{l+1} i", "sum(i=1..l+1, i)"),
    ("sum(i=1..n, sum(j=1..i, w_j))", "sum(i=1..n, sum(j=1..i, w[j]))"),
    ("max + sum + trunc", "max + sum + trunc"),
    ("größe", "größe"),
]


@pytest.mark.parametrize(("text", "plain"), READ)
def test_reading(text: str, plain: str) -> None:
    size = parse(text)
    assert render(size) == plain
    assert parse(plain) == size
    assert equal(parse(render(size, "unicode")), size)


REFUSED = [
    ("", '"", character 1: expected a number, a name or \'(\', found the end'),
    ("a +", "\"a +\", character 4: expected a number, a name or '(', found the end"),
    ("a b", '"a b", character 3: found "b" where the expression should end'),
    ("1,000", '"1,000", character 2: found "," where the expression should end'),
    ("a/b", '"a/b", character 2: \'/\' may leave a fraction: write // for whole division, or ceildiv(a, b)'),
    ("(a/b)", "\"(a/b)\", character 3: '/' may leave a fraction: write // for whole division, or ceildiv(a, b)"),
    ("a*/b", "\"a*/b\", character 3: '/' may leave a fraction: write // for whole division, or ceildiv(a, b)"),
    ("h(3)", '"h(3)", character 1: h(...) is no function here: write h[...] for an index, h*(...) to multiply'),
    ("1.5*d", '"1.5*d", character 1: "1.5" is not a whole number'),
    ("2e5", '"2e5", character 1: "2e5" is not a whole number'),
    ("a;b", '"a;b", character 2: ";" does not belong in an expression'),
    ("a\x1b[31m", '"a\\x1b[31m", character 2: "\\x1b" does not belong in an expression'),
    ("½", '"½", character 1: "½" does not belong in an expression'),
    ("(a", "\"(a\", character 3: expected ')', found the end"),
    ("h[1", "\"h[1\", character 4: expected ']', found the end"),
    ("[a]", '"[a]", character 3: expected a comparison such as [a<b], found "]"'),
    ("[a<b<c]", "\"[a<b<c]\", character 5: expected ']', found \"<\""),
    ("ceildiv(a)", '"ceildiv(a)", character 9: ceildiv takes 2 values, found 1'),
    ("trunc(x*2)", '"trunc(x*2)", character 7: trunc is written trunc(0.25*x)'),
    ("trunc(inf*x)", '"trunc(inf*x)", character 7: trunc is written trunc(0.25*x)'),
    ("trunc(1e999*x)", '"trunc(1e999*x)", character 7: trunc is written trunc(0.25*x)'),
    ("a//2d", '"a//2d", character 5: a//2d may mean (a//2)*d or a//(2*d): write the brackets'),
    ("sum(1..n, i)", '"sum(1..n, i)", character 5: expected the index of a sum, found "1"'),
    ("sum(h0=1..n, h0)", '"sum(h0=1..n, h0)", character 5: h0 cannot be the index of a sum: write a letter such as i'),
    ("Σ_{i=1} i", "\"Σ_{i=1} i\", character 9: expected '**', found \"i\""),
    ("Σ + 1", '"Σ + 1", character 3: expected the range of a sum, such as Σ_{i=1..l}, found "+"'),
    ("Σ(a)", '"Σ(a)", character 2: expected the range of a sum, such as Σ_{i=1..l}, found "("'),
    ("⌊a⌋", "\"⌊a⌋\", character 3: expected '/', found \"⌋\""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusing(text: str, message: str) -> None:
    with pytest.raises(ExprError) as caught:
        parse(text)
    assert str(caught.value) == message


TOO_MUCH = [
    ("(" * 61 + "a" + ")" * 61, "nested more than 60 deep"),
    ("trunc(1*" * 5_000, "nested more than 60 deep"),
    ("2**" * 5_000, "nested more than 60 deep"),
    ("Σ_{i=1..2} " * 40 + "i", "sums nested more than 30 deep"),
    ("9" * 1_001, "a number of 1,001 digits: at most 1,000 are read"),
    ("d" + "²" * 5_000, "a number of 5,000 digits: at most 1,000 are read"),
    ("a" * 1_000_001, "an expression of 1,000,001 characters: at most 1,000,000 are read"),
]


@pytest.mark.parametrize(("text", "message"), TOO_MUCH)
def test_too_much_to_read(text: str, message: str) -> None:
    with pytest.raises(WorkLimitError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


STYLES = [
    # expression, unicode, latex
    ("n_in*n_out + n_out", "n_in·n_out + n_out",
     r"n_{\mathrm{in}} \cdot n_{\mathrm{out}} + n_{\mathrm{out}}"),
    ("h[i-1]*h[i]", "h_{i-1}·h_{i}", r"h_{i-1} \cdot h_{i}"),
    ("sum(i=1..l, h[i])", "Σ_{i=1..l} h_i", r"\sum_{i=1}^{l} h_{i}"),
    ("h[2*i+1]", "h_{2·i+1}", r"h_{2 \cdot i+1}"),
    ("d_k[i]", "d_k_{i}", "d_{k, i}"),
    ("width*d**10", "width·d¹⁰", r"\mathrm{width} \cdot d^{10}"),
    ("(a + b)**n", "(a + b)^n", r"\left(a + b\right)^{n}"),
    ("a//b + ceildiv(a, b) + a%b", "⌊a/b⌋ + ⌈a/b⌉ + a%b",
     r"\left\lfloor \frac{a}{b} \right\rfloor + \left\lceil \frac{a}{b} \right\rceil + a \bmod b"),
    ("[a<=b]*[a!=b]", "[a≤b]·[a≠b]", r"[a \le b] \cdot [a \ne b]"),
    ("max(a, b) + trunc(0.5*a)", "max(a, b) + trunc(0.5·a)",
     r"\max\left(a, b\right) + \operatorname{trunc}\left(0.5 \cdot a\right)"),
    ("2*sum(i=1..n, sum(j=1..i, -i))", "2·Σ_{i=1..n} Σ_{j=1..i} (-i)",
     r"2 \cdot \sum_{i=1}^{n} \sum_{j=1}^{i} \left(-i\right)"),
    ("sum(i=1..n, i)*(a + 1)", "(Σ_{i=1..n} i)·(a + 1)", r"\left(\sum_{i=1}^{n} i\right) \cdot \left(a + 1\right)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "unicode", "latex"), STYLES)
def test_writing(text: str, unicode: str, latex: str) -> None:
    size = parse(text)
    assert (render(size), render(size, "unicode"), render(size, "latex")) == (text, unicode, latex)


a, b, c, i, n = (symbol(name) for name in "abcin")
AS_BUILT = [
    (mul(-1, a // b), "-(a//b)"),
    (add(c, mul(-2, a) // b), "c + (-2*a)//b"),
    (add(c, mul(-1, a // b)), "c - (a//b)"),
    (add(c, mul(-1, add(a, b))), "c - (a + b)"),
    (Expr("mul", (-1, mul(-1, a))), "-(-a)"),
    (power(a, -1), "a**(-1)"),
    (power(Expr("mul", (-1, a)), 2), "(-a)**2"),
    (Expr("add", (a, -3)), "a - 3"),
    (Expr("sum", (1, n, Expr("sym", (), "h_i")), "i"), "sum(j=1..n, h_i)"),
]


@pytest.mark.parametrize(("size", "plain"), AS_BUILT)
def test_what_is_written_is_what_was_built(size: int | Expr, plain: str) -> None:
    assert render(size) == plain
    assert equal(parse(render(size)), size)
    assert equal(parse(render(size, "unicode")), size)


def test_people_get_commas() -> None:
    assert render(parse("12345*h0 + sum(i=1..l, h[i])"), "grouped") == "12,345·h0 + Σ_{i=1..l} h_i"


TEXTBOOK = [
    ("h[i+1]*h[i]*h[i-1]", "h[i-1]*h[i]*h[i+1]"),
    ("d*V + d*d*8", "V*d + 8*d**2"),
    ("h10*h9 + h2*h1", "h1*h2 + h9*h10"),
    ("h1 + h0*h1 + 3", "h0*h1 + h1 + 3"),
    ("b - a + 2*a", "a + b"),
]


@pytest.mark.parametrize(("text", "ordered"), TEXTBOOK)
def test_the_textbooks_order(text: str, ordered: str) -> None:
    table = Canonical()
    assert str(table.expr(table.canonical(parse(text)))) == ordered


SAME = [
    ("(h0 + 1)*h1", "h0*h1 + h1"),
    ("(a + b)**2", "a**2 + 2*a*b + b**2"),
    ("[a<b]**3", "[a<b]"),
    ("[a<b]*[a<b]", "[a<b]"),
    ("[a<b]", "1 - [b<=a]"),
    ("[2*a==1]", "0"),
    ("[a<0]", "0"),
    ("max(a, a + b)", "a + b"),
    ("max(a, max(b, 1))", "max(1, b, a)"),
    ("(6*a*b)//(2*a)", "3*b"),
    ("(7*a)//2", "3*a + a//2"),
    ("ceildiv(a, 2)", "(a + 1)//2"),
    ("a%b", "a - b*(a//b)"),
    ("sum(i=1..n, h[i]) + h[n+1]", "sum(i=1..n+1, h[i])"),
    ("h[0] + sum(i=1..n, h[i])", "sum(i=0..n, h[i])"),
    ("sum(i=1..n, h[i]) + sum(i=n+1..n+a, h[i])", "sum(j=1..n+a, h[j])"),
    ("sum(i=1..n, h[i-1])", "sum(i=0..n-1, h[i])"),
    ("sum(i=5..2, h[i])", "0"),
    ("sum(i=1..n, 3)", "3*n"),
    ("sum(i=a..b, 1)", "max(0, b - a + 1)"),
    ("sum(i=1..3, h[i])", "h1 + h2 + h3"),
    ("sum(i=1..n, sum(j=1..i, h[j]))", "sum(j=1..n, sum(i=1..j, h[i]))"),
    ("i*sum(i=1..n, h[i])", "sum(j=1..n, h[j]*i)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal(one: str, other: str) -> None:
    assert compare(parse(one), parse(other)).answer == "equal"


NOT_SAME = [
    ("sum(i=a..b, h[i]) + h[b+1]", "sum(i=a..b+1, h[i])"),  # a range that may be reversed
    ("sum(i=1..a, h[i]) + sum(i=a+1..b, h[i])", "sum(i=1..b, h[i])"),
    ("sum(i=a..b, 1)", "b - a + 1"),
    ("sum(i=1..n, i)", "n*i"),
    ("[a<b]*a", "a"),
    ("max(a, b)", "a + b"),
    ("max(0, a - b)", "a - b"),
    ("(a - 1)//2", "a//2"),
    ("(2*a - 1)//2", "a"),
    ("a//b*b", "a"),
    ("trunc(0.29*a)", "29*a//100"),
    ("sum(i=i..2*i+70, i*i)", "sum(j=i..2*i+70, i*j)"),
]


@pytest.mark.parametrize(("one", "other"), NOT_SAME)
def test_different(one: str, other: str) -> None:
    verdict = compare(parse(one), parse(other))
    assert verdict.answer == "different"
    assert evaluate(parse(one), verdict.witness) != evaluate(parse(other), verdict.witness)


def test_lower_bounds() -> None:
    assert not equal(parse("max(l, 1)"), parse("l"))
    assert equal(parse("max(l, 1)"), parse("l"), {"l": 1})
    verdict = compare(parse("h0*2"), parse("h0 + 5"), {"h0": 7})
    assert verdict.witness["h"][0] >= 7  # type: ignore[index]


NO_VALUE = [
    ("x", {}, "x has no value"),
    ("h3", {"h": [1, 2]}, "h3 has no value: h has 2 entries, h0 to h1"),
    ("h0", {"h": []}, "h0 has no value: h has no entries"),
    ("h0", {"h": 5}, "h has entries (h0, h1, ...): give it a list, such as h=[784,16,10]"),
    ("h[-1]", {"h": [1]}, "h[-1] has no value: h has 1 entries, h0 to h0"),
    ("x", {"x": 1.5}, 'x needs one whole number, not "1.5"'),
    ("h0", {"h": [True]}, '"True" is not a whole number'),
    ("1//x", {"x": 0}, "division by zero"),
    ("1//x", {"x": -2}, "division by -2: a divisor is 1 or more"),
    ("2**x", {"x": -1}, "the power 2 ** -1 is not a whole number"),
    ("9**9**9", {}, "a power of more than 4,000 digits: too large to work out"),
    ("x*x", {"x": 2**13_000}, "a number of more than 4,000 digits: too large to work out"),
    ("x", {"x": 2**15_000}, "a number of more than 4,000 digits: too large to work out"),
    ("trunc(1.5*x)", {"x": 10**400}, "trunc(1.5 * a number of 401 digits) is not a finite number"),
    ("sum(i=1..10**12, 1)", {}, "a sum of 1,000,000,000,000 terms: more work than is done for one number"),
    ("sum(i=1..10**900, 1)", {}, "a sum of more than 10**15 terms: more work than is done for one number"),
    ("sum(i=1..9999, sum(j=1..9999, 1))", {}, "a sum of 9,999 terms: more work than is done for one number"),
    ("sum(i=1..2, i[1])", {"i": [5, 6]}, "i has entries (i0, i1, ...): give it a list, such as i=[784,16,10]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "message"), NO_VALUE)
def test_no_value(text: str, values: dict[str, object], message: str) -> None:
    with pytest.raises(ExprError) as caught:
        evaluate(parse(text), values)
    assert str(caught.value) == message


PUT_IN = [
    ("n*sum(i=1..n, i + n)", {"n": parse("i")}, "i*sum(j=1..i, j + i)"),
    ("i + sum(i=1..n, i)", {"i": 5}, "5 + sum(i=1..n, i)"),
    ("sum(i=i..n, i)", {"i": 2}, "sum(i=2..n, i)"),
    ("sum(i=1..n, sum(j=1..n, x*i*j))", {"x": parse("i*j")}, "sum(k=1..n, sum(m=1..n, i*j*k*m))"),
]


@pytest.mark.parametrize(("text", "values", "wanted"), PUT_IN)
def test_nothing_is_captured(text: str, values: dict[str, int | Expr], wanted: str) -> None:
    assert equal(replace_raw(parse(text), values), parse(wanted))
    assert equal(substitute(parse(text), values), parse(wanted))


def test_plain_numbers_stay_plain() -> None:
    assert (add(2, 3), mul(2, 3), power(2, 3), product((2, 3, 4)), product(())) == (5, 6, 8, 24, 1)
    assert type(substitute(parse("2*3 + x"), {"x": 1})) is int
    for wrong in (0.5, "x", None):
        with pytest.raises(TypeError):
            symbol("d") * wrong  # type: ignore[operator]


@pytest.mark.parametrize("name", ["", "a b", "0a", "a*b", "max(0, n)", "½"])
def test_names(name: str) -> None:
    with pytest.raises(ExprError):
        symbol(name)
    with pytest.raises(ExprError):
        indexed(name, 0)
    with pytest.raises(ExprError):
        total_of(name, 1, 2, 3)


# -- no recursion, and limits that are met ------------------------------------------------------------------------


def deep(depth: int, names: str = "bcdefg") -> Expr:
    size: int | Expr = symbol("a")
    for k in range(depth):
        size = (size + 1) * symbol(names[k % len(names)])
    assert isinstance(size, Expr)
    return size


def test_a_deep_tree() -> None:
    size, again = deep(20_000), deep(20_000)
    assert size == again
    assert hash(size) == hash(again)
    assert size != deep(20_000, "bcdefh")
    assert len(render(size)) > 100_000
    assert evaluate(size, dict.fromkeys("abcdefg", 1)) == 20_001
    assert evaluate(replace_raw(size, {"a": 5}), dict.fromkeys("bcdefg", 1)) == 20_005
    assert substitute(size, dict.fromkeys("abcdefg", 1)) == 20_001
    assert free_symbols(size) == frozenset("abcdefg")
    with pytest.raises(WorkLimitError):
        Canonical().canonical(size)
    assert not equal(size, add(again, 1))


def test_a_wide_sum() -> None:
    size = add(
        *[indexed("h", k) * indexed("h", k + 1) for k in range(50_000)], *[indexed("h", k) for k in range(50_000)]
    )
    ones = {"h": [1] * 50_001}
    assert evaluate(size, ones) == substitute(size, ones) == 100_000
    assert render(size).count("+") == 99_999
    assert len(Canonical().poly(size)) == 100_000


def test_a_shared_tree_is_walked_once() -> None:
    def doubled() -> Expr:
        size: int | Expr = symbol("a")
        for _ in range(64):
            size = Expr("add", (Expr("mul", (size, size)), 1))
        assert isinstance(size, Expr)
        return size

    assert doubled() == doubled()
    with pytest.raises(WorkLimitError):
        render(doubled())
    with pytest.raises(WorkLimitError):
        Canonical().poly(doubled())


@pytest.mark.parametrize("text", [
    "(a + b)**4096", "(a + b + c)**300", "(a + 2**13000)**50", "(a + b)**(10**300)", "((((a+b)**9)**9)**9)**9",
    "sum(i=1..64, sum(j=1..64, sum(k=1..64, sum(m=1..64, h[i+j+k+m]))))",
])  # fmt: skip
def test_too_much_to_multiply_out(text: str) -> None:
    with pytest.raises(WorkLimitError):
        Canonical().canonical(parse(text))
    assert not equal(parse(text), parse("a"))


def test_deeply_nested_sums_are_refused() -> None:
    size: int | Expr = symbol("a")
    for _ in range(2_000):
        size = total_of("i", 1, 2, size)
    for work in (lambda: evaluate(size, {"a": 1}), lambda: substitute(size, {"a": 1}), lambda: Canonical().poly(size)):
        with pytest.raises(WorkLimitError):
            work()


def test_merging_sums_ends() -> None:
    assert equal(parse("sum(i=1..n, i*i) + 5"), parse("5 + sum(j=1..n, j**2)"))
