"""HTML under attack: what files, models and symbols are called is text on the page, and the page stays small."""

from __future__ import annotations

import html
import string

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.expr import Expr
from nparams.network import Module, Network, Tensor
from nparams.views.html import fragment, render
from tests.safetensors_maker import T, safetensors
from tests.test_html import HOSTILE, Page, inert

#: every character that may end a text, an attribute, a tag or a comment, beside letters that make a word of it
PIECES = [
    "<", ">", '"', "'", "&", "=", "/", "\\", "`", "--", "!", "]]>", "<!--", "<script>", "</style>", "onload=", "url(",
    "style=",    "javascript:", "&#60;", "&lt", "\x00", "\n", "\t",
    "\x1b[2J", "\u202e", "\u2028", "\ufeff", "\ud800", "é", *"=xy1.",
]  # fmt: skip


def words(seed: int) -> str:
    import random

    chance = random.Random(seed)
    return "".join(chance.choices(PIECES, k=chance.randrange(1, 12)))


def held(page: Page) -> None:
    """No attribute begins with on, none holds an address, and each class is one of ours."""
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert "url" not in (value or "")
        assert ":" not in (value or "") or name == "style"
        if name == "class":
            assert set(value or "") <= set(string.ascii_lowercase + "- ")
            assert all(word == "nparams" or word.startswith("np-") for word in (value or "").split())


@pytest.mark.parametrize("text", [*HOSTILE, *map(words, range(40))], ids=lambda text: ascii(text)[:24])
def test_names_in_files(text: str) -> None:
    """The names in a file, and its own, come to the page as they are, with what cannot be seen escaped."""
    name = text.encode("utf-8", "replace").decode()
    try:
        network = nparams.read(safetensors([T(f"{name}.weight", (3, 2)), T(f"{name}.bias", (3,))], {name: name}))
    except NparamsError:  # a name that the format does not allow
        return
    network.source = text
    for made in (render(network), f"<div>{network._repr_html_()}</div>"):
        held(inert(made))


@pytest.mark.parametrize("seed", range(60))
def test_words_by_chance(seed: int) -> None:
    """Names, kinds, notes, conditions, letters and number types of a network that says anything."""
    own = [words(100 * seed + k) for k in range(12)]
    size = Expr("sym", (), own[0]) if seed % 2 else 5
    layer = Module(
        own[1], own[2], {own[3]: size}, size, takes=(size,), out=(size,),
        tensors=[Tensor(own[4], (size,), own[5], note=own[6]), Tensor(own[7], (2,), own[8], tied_to=own[4])],
    )  # fmt: skip
    network = Network(
        Module(own[9], children=[layer]), source=own[10], form=own[11], read_as=own[0], described=own[1], notes=own,
    )  # fmt: skip
    page = inert(render(network))
    held(page)
    assert all(c.isprintable() or c in "\n\u2002" for c in "".join(page.text))


def test_what_is_escaped_is_not_escaped_twice() -> None:
    network = nparams.read(safetensors([T("a<b>&amp;.weight", (3, 2))]))
    assert "a<b>&amp;" in "".join(Page(render(network)).text)
    assert html.escape("a<b>&amp;") in render(network)


def test_several_outputs_on_one_page() -> None:
    """Outputs of a notebook stand in one document: none has an id, a script or a style that reaches beyond its own."""
    page = "".join(f"<div>{fragment(nparams.read(sizes))}</div>" for sizes in ("784-16-10", "h0-h1-h2", "2-2"))
    held(inert(f"<div>{page}</div>"))
    assert "<script" not in page
    assert " id=" not in page


@pytest.mark.parametrize(("count", "alike"), [(100_000, True), (20_000, False)])
def test_many_modules(count: int, alike: bool) -> None:
    blocks = [
        Module(f"m.{k}", "Dense", tensors=[Tensor(f"m.{k}.weight", (1 if alike else k + 1,))]) for k in range(count)
    ]
    network = Network(Module(children=[Module("m", children=blocks)]), source="x", read_as="x")
    page = render(network)
    assert network.total == (count if alike else count * (count + 1) // 2)
    assert len(page) < 1_000_000
    held(inert(page))
