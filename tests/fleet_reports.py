"""Reports made by hand, for the drawings: of a hub, of one model, of nothing, and with every word a stranger's."""

from __future__ import annotations

from nparams.network.many import (
    Alike,
    Area,
    Bin,
    Copies,
    Disagreement,
    Disagreements,
    Example,
    Families,
    Family,
    Group,
    Groups,
    Kind,
    Report,
    Sizes,
    Variant,
)


def groups(*held: tuple[str | None, int, int, int], rest: Group | None = None, more: int = 0) -> Groups:
    return Groups(tuple(Group(*each) for each in held), rest, len(held) + more)


NONE = Groups((), None, 0)
LLAMA, BERT = 8_030_261_248, 109_482_240


def hub() -> Report:
    """Twelve models and three refusals: everything that a report can say, once."""
    parameters = 5 * LLAMA + 4 * BERT + 61_000
    return Report(
        place="scans/hub", models=12, without_total=1, refused=3, flagged=2, gone=1, parameters=parameters,
        size=92_000_000_000, unsized=1, first="2026-11-01T08:00:00Z", last="2026-11-03T09:30:00Z", readers=("0.1.0",),
        architectures=groups(
            ("llama", 5, 5 * LLAMA, 90_000_000_000), ("bert", 4, 4 * BERT, 1_900_000_000),
            rest=Group(None, 3, 61_000, 100_000_000), more=2,
        ),
        dtypes=groups(
            ("bfloat16", 3, 3 * LLAMA, 0), ("q4_K", 2, 2 * LLAMA, 0), ("float32", 4, 4 * BERT, 0), (None, 2, 61_000, 0)
        ),
        formats=groups(("safetensors", 8, 3 * LLAMA + 4 * BERT, 80_000_000_000), ("gguf", 2, 2 * LLAMA, 11_900_000_000),
                       (None, 2, 61_000, 100_000_000)),
        quantisations=groups((None, 10, parameters - 2 * LLAMA, 80_100_000_000), ("q4_K", 2, 2 * LLAMA, 11 * 10**9)),
        sizes=Sizes(
            (Bin(1_000, 1, 1_000), Bin(2_000, 0, 0), Bin(5_000, 0, 0), Bin(10_000, 0, 0), Bin(20_000, 0, 0),
             Bin(50_000, 1, 60_000), *(Bin(k * 10**p, 0, 0) for p in (5, 6, 7) for k in (1, 2, 5)),
             Bin(10**8, 4, 4 * BERT), Bin(2 * 10**8, 0, 0), Bin(5 * 10**8, 0, 0), Bin(10**9, 0, 0),
             Bin(2 * 10**9, 0, 0), Bin(5 * 10**9, 5, 5 * LLAMA)),
            BERT, LLAMA, LLAMA,
        ),
        treemap=(
            Area("llama", 1, 5, 5 * LLAMA, tuple((f"hf://org/llama-8b-{k}/model.bin", LLAMA) for k in range(4))),
            Area("bert", 1, 4, 4 * BERT, (("hf://org/bert-base/model.safetensors", BERT),)),
            Area(None, 2, 3, 61_000, ()),
        ),
        disagreements=Disagreements(
            3, (("declared total", 2), ("packed", 1)),
            (
                Disagreement("hf://org/llama-8b-1/model.safetensors", LLAMA, LLAMA, 333_312,
                             "declared 333,312 is 1/24,092.32 of the total"),
                Disagreement("hf://org/llama-8b-awq/model.safetensors", LLAMA, 1_984_696_320, None,
                             "elements 1,984,696,320 = total 8,030,261,248 - by the way they are stored 6,045,564,928"),
            ),
        ),
        copies=Alike(
            1, 2, 32_121_044_992,
            (Copies("ab" * 16, "llama", LLAMA, 3, ("bfloat16",), 16_060_522_496,
                    ("hf://org/llama-8b-0/model.safetensors", "hf://org/llama-8b-1/model.safetensors")),),
        ),
        families=Families(
            1, 4, (Family("cd" * 16, "bert", BERT, 4, (Variant("safetensors", ("float32",), 3, 1_313_786_880),
                   Variant(None, (), 1, 0)), 2, ("hf://org/bert-base/model.safetensors",)),),
        ),
        flags=(Kind("pickle", 2, (Example("hf://org/odd/pytorch_model.bin", "data.pkl calls os.system"),
                                  Example("hf://org/odd-2/pytorch_model.bin", "data.pkl calls os.system"))),),
        errors=(Kind("format", 2, (Example("hf://org/cut/model.safetensors",
                                           "model.safetensors: the header ends at byte 1,024, the file at 1,000"),)),
                Kind("transfer", 1, (Example("hf://org/far/model.gguf", ""),))),
    )  # fmt: skip


def one() -> Report:
    """One model, with nothing to be said against it."""
    everything = (("safetensors", 1, 7_850, 31_496),)
    return Report(
        place="one", models=1, without_total=0, refused=0, flagged=0, gone=0, parameters=7_850, size=31_496, unsized=0,
        first="2026-11-01T08:00:00Z", last="2026-11-01T08:00:00Z", readers=("0.1.0",),
        architectures=groups((None, 1, 7_850, 31_496)), dtypes=groups(("float32", 1, 7_850, 0)),
        formats=groups(*everything), quantisations=groups((None, 1, 7_850, 31_496)),
        sizes=Sizes((Bin(1_000, 0, 0), Bin(2_000, 0, 0), Bin(5_000, 1, 7_850)), 7_850, 7_850, 7_850),
        treemap=(Area(None, 1, 1, 7_850, (("a/model.safetensors", 7_850),)),), disagreements=Disagreements(0, (), ()),
        copies=Alike(0, 0, 0, ()), families=Families(0, 0, ()), flags=(), errors=(),
    )  # fmt: skip


def gone() -> Report:
    """A table of which nothing is there any more."""
    return Report(
        place="gone", models=0, without_total=0, refused=0, flagged=0, gone=7, parameters=0, size=0, unsized=0,
        first=None, last=None, readers=(), architectures=NONE, dtypes=NONE, formats=NONE, quantisations=NONE,
        sizes=Sizes((), None, None, None), treemap=(), disagreements=Disagreements(0, (), ()),
        copies=Alike(0, 0, 0, ()), families=Families(0, 0, ()), flags=(), errors=(),
    )  # fmt: skip


def said(*words: str) -> Report:
    """A report whose every word is one of a stranger's."""
    most = 2**63 - 1
    held = [(each, 1, most, most) for each in words]
    each = groups(*held)
    whole = most * len(words)
    first = words[0]
    return Report(
        place=first, models=len(words), without_total=0, refused=len(words), flagged=len(words), gone=0,
        parameters=whole, size=whole, unsized=0, first=first, last=first, readers=words, architectures=each,
        dtypes=each, formats=each, quantisations=each,
        sizes=Sizes((Bin(10**18, 0, 0), Bin(2 * 10**18, 0, 0), Bin(5 * 10**18, len(words), whole)), most, most, most),
        treemap=tuple(Area(word, 1, 1, most, ((word, most),)) for word in words),
        disagreements=Disagreements(
            len(words), tuple((word, 1) for word in words), tuple(Disagreement(w, most, 3, 0, w) for w in words)
        ),
        copies=Alike(1, 1, most, tuple(Copies(w, w, most, 2, (w, w), most, (w, w)) for w in words)),
        families=Families(1, 1, tuple(Family(w, w, most, 2, (Variant(w, (w,), 2, most),), 0, (w,)) for w in words)),
        flags=tuple(Kind(w, 1, (Example(w, w),)) for w in words),
        errors=tuple(Kind(w, 1, (Example(w, w),)) for w in words),
    )  # fmt: skip
