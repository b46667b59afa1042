"""MathML: how each operation is set, that it means what the expression means, and that names are text in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

import nparams
from nparams.expr import Expr, add, indexed, mul, parse, power, render, symbol
from nparams.views.mathml import DEEPEST, LONGEST, equation, lines, math
from tests.expressions import trees, value_of, values_for
from tests.test_html import HOSTILE

#: the elements that MathML Core defines and we use
ELEMENTS = {"math", "mrow", "mi", "mn", "mo", "msub", "msup", "mfrac", "munderover"}

WRITTEN = [
    ("13002", "<mn>13,002</mn>"),
    ("d", "<mi>d</mi>"),
    ("hidden", "<mi>hidden</mi>"),
    ("n_in", "<msub><mi>n</mi><mi>in</mi></msub>"),
    ("hidden_size", "<msub><mi>hidden</mi><mi>size</mi></msub>"),
    ("num_kv_heads", "<msub><mi>num</mi><mi>kv, heads</mi></msub>"),
    ("_x", "<mi>_x</mi>"),
    ("h0", "<msub><mi>h</mi><mn>0</mn></msub>"),
    ("h1000", "<msub><mi>h</mi><mn>1000</mn></msub>"),
    ("h[i-1]", "<msub><mi>h</mi><mrow><mi>i</mi><mo>−</mo><mn>1</mn></mrow></msub>"),
    ("d_k[i]", "<msub><mi>d</mi><mrow><mi>k</mi><mo>,</mo><mi>i</mi></mrow></msub>"),
    ("784*16 + 16", "<mn>784</mn><mo>·</mo><mn>16</mn><mo>+</mo><mn>16</mn>"),
    ("a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
    ("-a", '<mo form="prefix">−</mo><mi>a</mi>'),
    ("(a + 1)*b", "<mrow><mo>(</mo><mi>a</mi><mo>+</mo><mn>1</mn><mo>)</mo></mrow><mo>·</mo><mi>b</mi>"),
    ("d**2", "<msup><mi>d</mi><mn>2</mn></msup>"),
    ("(a + b)**n", "<msup><mrow><mo>(</mo><mi>a</mi><mo>+</mo><mi>b</mi><mo>)</mo></mrow><mi>n</mi></msup>"),
    ("2**(n + 1)", "<msup><mn>2</mn><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msup>"),
    ("a//b", "<mrow><mo>⌊</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>⌋</mo></mrow>"),
    ("ceildiv(a, 2)", "<mrow><mo>⌈</mo><mfrac><mi>a</mi><mn>2</mn></mfrac><mo>⌉</mo></mrow>"),
    ("a%b", "<mi>a</mi><mo>mod</mo><mi>b</mi>"),
    ("[a<b]", "<mrow><mo>[</mo><mi>a</mi><mo>&lt;</mo><mi>b</mi><mo>]</mo></mrow>"),
    ("[a!=b]", "<mrow><mo>[</mo><mi>a</mi><mo>≠</mo><mi>b</mi><mo>]</mo></mrow>"),
    ("max(a, 1)", "<mrow><mi>max</mi><mrow><mo>(</mo><mi>a</mi><mo>,</mo><mn>1</mn><mo>)</mo></mrow></mrow>"),
    ("trunc(0.25*d)",
     "<mrow><mi>trunc</mi><mrow><mo>(</mo><mn>0.25</mn><mo>·</mo><mi>d</mi><mo>)</mo></mrow></mrow>"),
    ("sum(i=1..l, h[i])",
     "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>l</mi></munderover>"
     "<msub><mi>h</mi><mi>i</mi></msub>"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "set_as"), WRITTEN)
def test_each_operation(text: str, set_as: str) -> None:
    assert render(parse(text), "mathml") == set_as
    assert math(parse(text)) == f"<math>{set_as}</math>"


def test_letters_of_a_layer() -> None:
    assert render(Expr("sym", (), "n1_in"), "mathml") == "<msub><mi>n</mi><mi>1, in</mi></msub>"
    assert render(Expr("sym", (), "k1"), "mathml") == "<msub><mi>k</mi><mn>1</mn></msub>"
    assert render(-3, "mathml") == '<mo form="prefix">−</mo><mn>3</mn>'


# -- what it says, read back ---------------------------------------------------------------------------------------


def tree_of(text: str) -> ElementTree.Element:
    """The elements, each with as many children as MathML asks for."""
    root = ElementTree.fromstring(text)
    for node in root.iter():
        assert node.tag in ELEMENTS, node.tag
        assert len(node) == {"msub": 2, "msup": 2, "mfrac": 2, "munderover": 3, "mi": 0, "mn": 0, "mo": 0}.get(
            node.tag, len(node)
        )
        assert node.tag not in ("mrow", "math") or not (node.text or "").strip()
        assert not (node.tail or "").strip()
    return root


SIGNS = {"−": "-", "·": "*", "mod": "%", "≤": "<=", "≠": "!=", "∑": "Σ"}


def read_back(node: ElementTree.Element) -> str:
    """What is set, as the plain notation: brackets only where the page shows them, or where the layout groups."""
    parts = [read_back(child) for child in node]
    if node.tag == "mo":
        return SIGNS.get(node.text or "", node.text or "")
    if node.tag in ("mi", "mn"):
        return (node.text or "").replace(",", "")
    if node.tag == "msub":
        return f"{parts[0]}_{parts[1]}" if parts[1].isalpha() and parts[0] == "d" else f"{parts[0]}[{parts[1]}]"
    if node.tag == "msup":
        return f"{parts[0]}**({parts[1]})"
    if node.tag == "mfrac":
        return f"({parts[0]})/({parts[1]})"
    if node.tag == "munderover":
        index, _, first = parts[1].partition("=")
        return f"Σ_{{{index}={first}..{parts[2]}}} "
    return "".join(parts)


@pytest.mark.parametrize("text", [text for text, _ in WRITTEN if "_" not in text] + [
    "2*sum(i=1..n, sum(j=1..i, -i))", "sum(i=1..n, i)*(a + 1)", "a - (b + 1)*d_k", "a//(b*n)", "(a//b)//n", "a%b*n",
    "a//b*n", "-(a + b)", "2**3**2", "max(0, a - b) - min(a, b)", "[i%4==3]*[a<=b]", "12345*h0*h[i+1000]",
    "trunc(0.25*(a + b))", "trunc(-0.5*a)", "trunc(1e-05*a)",
])  # fmt: skip
def test_it_reads_back(text: str) -> None:
    size = parse(text)
    assert nparams.expr.equal(parse(read_back(tree_of(math(size) or ""))), size)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees)
def test_random_expressions_mean_the_same(size: int | Expr) -> None:
    read = parse(read_back(tree_of(f"<math>{render(size, 'mathml')}</math>")))
    for seed in range(4):
        values = values_for(seed)
        want = value_of(size, values)
        assert want is None or value_of(read, values) == want


a, b, c = (symbol(name) for name in "abc")
AS_BUILT = [
    mul(-1, a // b), add(c, mul(-2, a) // b), add(c, mul(-1, add(a, b))), Expr("mul", (-1, mul(-1, a))),
    power(Expr("mul", (-1, a)), 2), Expr("add", (a, -3)), Expr("mul", (a, -3)), Expr("max", (-1, mul(-1, a))),
]  # fmt: skip


@pytest.mark.parametrize("size", AS_BUILT)
def test_signs_read_back(size: Expr) -> None:
    assert nparams.expr.equal(parse(read_back(tree_of(math(size) or ""))), size)


# -- names of strangers, and limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("op", ["sym", "idx", "sum"])
def test_names_are_text(text: str, op: str) -> None:
    args = {"sym": (), "idx": (0,), "sum": (1, 2, 3)}[op]
    root = tree_of(f"<math>{render(Expr(op, args, text), 'mathml')}</math>")
    assert not any(node.attrib for node in root.iter())
    assert "".join(root.itertext()).isprintable()


def test_many_terms_and_deep_trees() -> None:
    wide = add(*(indexed("h", k) * indexed("h", k + 1) for k in range(1_000)))
    assert tree_of(f"<math>{render(wide, 'mathml')}</math>").findall("mo")[-1].text == "·"
    size: int | Expr = a
    for _ in range(1_000):
        size = (size + 1) * b
    text = render(size, "mathml")
    assert text.count("<mrow>") == text.count("</mrow>") == 1_000


def nested(depth: int) -> int | Expr:
    size: int | Expr = a
    for _ in range(depth):
        size = size // 2
    return size


LIMITS = [
    (add(*(indexed("h", k) for k in range(100))), True),
    (add(*(indexed("h", k) for k in range(LONGEST))), False),
    (nested(20), True),
    (nested(DEEPEST), False),
    (symbol("x" * LONGEST), True),
    (symbol("x" * (LONGEST + 1)), False),
    (10**500, True),
    (10**3500, False),
]


@pytest.mark.parametrize(("size", "is_set"), LIMITS)
def test_what_is_too_long_is_left_out(size: int | Expr, is_set: bool) -> None:
    assert (math(size) is not None) is is_set


def test_a_shared_tree_is_too_long() -> None:
    size: int | Expr = a
    for _ in range(64):
        size = Expr("add", (Expr("mul", (size, size)), 1))
    assert math(size) is None


LINES = [
    ("784-16-16-10", [("weights", 12960), ("biases", 42), ("total", 13002)]),
    ("h0-h1-h2", [("weights", None), ("biases", None), ("total", None)]),
    ("2-2", [("weights", 4), ("biases", 2), ("total", 6)]),
]


@pytest.mark.parametrize(("text", "wanted"), LINES)
def test_lines(text: str, wanted: list[tuple[str, int | None]]) -> None:
    found = lines(nparams.read(text))
    assert [(name, value) for name, _, value in found] == wanted
    for _, drawn, value in found:
        read = parse(read_back(tree_of(drawn or "")))
        assert value is None or nparams.expr.evaluate(read, {}) == value


def test_an_equation_is_bounded_too() -> None:
    assert equation([a, 3]) == '<math displaystyle="true"><mi>a</mi><mo>=</mo><mn>3</mn></math>'
    assert equation([nested(DEEPEST), 3]) is None
    assert equation([symbol("x" * LONGEST), symbol("y")]) is None


def test_a_block_says_so() -> None:
    assert (math(a, block=True) or "").startswith('<math display="block">')


def test_nothing_acts() -> None:
    every = "".join(math(parse(text)) or "" for text, _ in WRITTEN)
    assert set(re.findall(r" (\w+)=", every)) == {"form"}
