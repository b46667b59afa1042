"""DESIGN §9, row 10: a stack of 1,000 symbolic layers against one of 100; the same for lists of layers."""

from __future__ import annotations

from benchmarks._measure import Row, not_slower, paired

REPEATS = 5


def run() -> list[Row]:
    """Reading, formula, explanation and table of h0-h1-…-h1000 beside h0-h1-…-h100."""
    long, short = sizes(1000), sizes(100)
    rows = []
    for name, work in (("formula", formula), ("table", table)):
        slow, quick = paired(lambda work=work: work(long), lambda work=work: work(short), REPEATS)
        rows.append(not_slower(f"{name} of 1,000 symbolic layers / of 100", slow, quick, 15))
    for name, text in (("a written list", written), ("a list of equal layers", equal), ("a symbolic list", symbolic)):
        slow, quick = paired(lambda text=text: table(text(1000)), lambda text=text: table(text(100)), REPEATS)
        rows.append(not_slower(f"table of {name}, 1,000 layers / 100", slow, quick, 15))
    return rows


def sizes(layers: int) -> str:
    return "-".join(f"h{i}" for i in range(layers + 1))


def written(layers: int) -> str:
    return "input 100; " + "; ".join(f"dense {i + 1} relu" for i in range(layers))


def equal(layers: int) -> str:
    return "input 100; " + "; ".join("dense 100; relu" for _ in range(layers // 2))


def symbolic(layers: int) -> str:
    return "input n; " + "; ".join(f"dense h{i}" for i in range(layers))


def formula(text: str) -> object:
    from nparams import read

    return read(text).formula()


def table(text: str) -> object:
    from nparams import read

    return str(read(text))
