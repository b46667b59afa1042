"""Tables of synthetic models: rows as a scan of a large hub writes them, and the files that hold them.

The rows are made by a seeded generator, so that a test works out its answers from the very rows that a table holds.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from nparams.fleet.rows import COLUMNS, EMPTY

Row = dict[str, Any]

ROWS_A_PART = 5_000


class Base(NamedTuple):
    """An architecture with its sizes: what is published of it shares names and shapes."""

    architecture: str | None
    total: int
    buffers: int
    fingerprint: str


# architecture, parameters of the smallest and of the largest
ARCHITECTURES = (
    ("llama", 1_100_048_384, 405_853_388_800), ("bert", 4_386_178, 335_141_888), ("qwen2", 494_032_768, 72_706_203_648),
    ("gpt2", 124_439_808, 1_557_611_200), ("t5", 60_506_624, 11_307_321_344), ("resnet", 11_689_512, 60_192_808),
    ("vit", 5_717_416, 632_045_800), ("mistral", 7_241_732_096, 22_247_282_688), ("whisper", 37_760_640, 1_543_304_960),
    ("roberta", 124_645_632, 560_125_440), ("gemma2", 2_614_341_888, 27_227_128_320), (None, 1_000, 90_000_000),
    ("phi3", 3_821_079_552, 13_960_238_080), ("wav2vec2", 94_371_712, 964_300_928), ("clip", 149_620_737, 986_109_441),
    ("mixtral", 46_702_792_704, 140_620_634_112), ("deepseek_v3", 671_026_419_200, 684_531_386_000),
    ("distilbert", 66_362_880, 135_326_208), ("mlp", 101, 250_000), ("yolo", 2_600_000, 68_200_000),
)  # fmt: skip
# format, its number types with their bits in 1/4, quantisation, weight by chance
FORMATS = (
    ("safetensors", "bfloat16", 64, None, 40), ("safetensors", "float32", 128, None, 25),
    ("safetensors", "float16", 64, None, 10), ("safetensors", "int4", 17, "gptq 4-bit", 3),
    ("gguf", "q4_K", 18, "q4_K q6_K", 8), ("gguf", "q8_0", 34, "q8_0", 4), ("pytorch", "float32", 128, None, 15),
    ("onnx", "float32", 128, None, 5), ("keras", "float32", 128, None, 2), ("tflite", "int8", 32, "int8", 1),
)  # fmt: skip
ERRORS = (
    ("format", "{}: byte 8: the header is cut short"), ("unsupported", "{}: a tokenizer, not a model"),
    ("transfer", "{}: no answer within 30 s"), ("read", "{}: permission denied"),
)  # fmt: skip
FLAGS = (
    ("pickle", "data.pkl names os.system, which it does not call"), ("checksum", "data.pkl: its bytes do not give it"),
    ("unlisted", "120 bytes that nothing in the file lists"),
)  # fmt: skip


def rows(count: int, seed: int = 1) -> Iterator[Row]:
    """So many rows: 1 % that could not be read, 1 % with flags, 0.5 % gone, many that share an architecture."""
    chance = random.Random(seed)
    bases = list(_bases(chance, max(20, count // 20)))
    for k in range(count):
        row = _model(chance, bases, k) if chance.random() > 0.01 else _refused(chance, k)
        if chance.random() < 0.01:
            row["flags"] = [dict(zip(("kind", "text"), chance.choice(FLAGS), strict=True))] * chance.randint(1, 2)
        if chance.random() < 0.005:
            row["gone"] = "2026-11-25T00:00:00Z"
        yield row


def _bases(chance: random.Random, count: int) -> Iterator[Base]:
    for _ in range(count):
        architecture, least, most = chance.choice(ARCHITECTURES)
        total = round(least * (most / least) ** chance.random())
        buffers = total // 500 if architecture == "resnet" else 0
        yield Base(architecture, total, buffers, f"{chance.getrandbits(128):032x}")


def _model(chance: random.Random, bases: list[Base], k: int) -> Row:
    base = bases[int(len(bases) * chance.random() ** 4)]
    form, dtype, bits, scheme, _ = chance.choices(FORMATS, [row[4] for row in FORMATS])[0]
    small = min(base.total, 4096 + base.total // 1000)
    dtypes = {dtype: base.total - small, "float32": small} if scheme else {dtype: base.total}
    held = (base.total * bits + 31) // 32
    packed = base.total // 2 if scheme and form == "safetensors" else 0
    row = _blank(k, f"{base.architecture or 'other'}-{k % 977}")
    row |= {
        "format": form, "form": form, "read_as": f"{form}, 291 tensors", "total": base.total, "unknown": 0,
        "weights": base.total - small, "biases": small, "buffers": base.buffers, "bookkeeping": 0, "other": 0,
        "elements": base.total + base.buffers - packed, "dtypes": dtypes, "components": {"backbone": base.total},
        "parameter_bytes": held, "bytes": held + 4 * base.buffers, "bits_per_parameter": bits / 4,
        "quantisation": scheme, "architecture": base.architecture, "fingerprint": base.fingerprint,
        "size": held + 4 * base.buffers + 32_768, "notes": ["bias of norm counted as a bias"] if k % 3 == 0 else [],
    }  # fmt: skip
    if chance.random() < 0.02:
        row["declared"] = base.total // chance.choice((2, 8, 20_000)) or 1
    if chance.random() < 0.003:
        row |= {"total": None, "unknown": 2, "dtypes": None, "components": None, "declared": None}
        return row
    row["disagreement"] = _disagreement(row, packed)
    return row


def _disagreement(row: Row, packed: int) -> str | None:
    """In the words of nparams.fleet.rows.disagreement."""
    said = []
    items = (f" + buffers {row['buffers']:,}" if row["buffers"] else "") + (
        f" - by the way they are stored {packed:,}" if packed else ""
    )
    if items:
        said.append(f"elements {row['elements']:,} = total {row['total']:,}{items}")
    if row["declared"] not in (None, row["total"]):
        said.append(f"declared {row['declared']:,} is 1/{row['total'] // row['declared']:,} of the total")
    return "; ".join(said) or None


def _refused(chance: random.Random, k: int) -> Row:
    row = _blank(k, "broken")
    kind, text = chance.choice(ERRORS)
    return row | {"error_kind": kind, "error": text.format("model.bin"), "size": chance.randrange(10**9)}


def _blank(k: int, name: str) -> Row:
    row: Row = {key: [] if value == [] else value for key, value in EMPTY.items()}
    return row | {
        "uri": f"hf://org-{k % 4001}/{name}-{k}/model.safetensors", "kind": "file", "stamp": f"{k:040x}",
        "reader": "0.1.0", "read_at": f"2026-11-{1 + k * 27 // 1_000_003 % 27:02}T12:00:00Z",
    }  # fmt: skip


def row(uri: str, total: int | None = 10, **more: Any) -> Row:
    """A row of one model: float32 in safetensors unless something else is said."""
    made: Row = {key: [] if value == [] else value for key, value in EMPTY.items()}
    dtypes = None if total is None else {"float32": total}
    made |= {"uri": uri, "kind": "file", "format": "safetensors", "total": total, "elements": total, "dtypes": dtypes}
    made |= {"size": None if total is None else 4 * total + 8, "fingerprint": f"{total}", "architecture": "llama"}
    return made | {"reader": "1.0", "read_at": "2026-11-01T00:00:00Z"} | more


# -- the files --------------------------------------------------------------------------------------------------------


def write_parquet(place: Path, made: Iterable[Row], run: int = 1, a_part: int = ROWS_A_PART) -> None:
    """The parts of a scan's table with pyarrow: place/models/part-0001-00001.parquet and so on."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, _arrow(pa, column.kind)) for column in COLUMNS])
    for path, held in _parts(place, made, run, a_part, "parquet"):
        columns = [pa.array([_cell(row, c.name, c.kind) for row in held], _arrow(pa, c.kind)) for c in COLUMNS]
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), path, compression="zstd")


def write_jsonl(place: Path, made: Iterable[Row], run: int = 1, a_part: int = ROWS_A_PART) -> None:
    """The same as JSON Lines."""
    for path, held in _parts(place, made, run, a_part, "jsonl"):
        path.write_text("".join(f"{json.dumps(row)}\n" for row in held), encoding="utf-8")


WRITERS = {"parquet": write_parquet, "jsonl": write_jsonl}


def written(place: Path, made: Iterable[Row], kind: str = "parquet", **more: int) -> str:
    """The folder that holds such a table now."""
    WRITERS[kind](place, made, **more)
    return str(place)


def _parts(place: Path, made: Iterable[Row], run: int, a_part: int, ext: str) -> Iterator[tuple[Path, list[Row]]]:
    (place / "models").mkdir(parents=True, exist_ok=True)
    left = iter(made)
    number = 1
    while held := list(islice(left, a_part)):
        yield place / "models" / f"part-{run:04}-{number:05}.{ext}", held
        number += 1


def _arrow(pa: Any, kind: str) -> Any:
    flag = pa.struct([("kind", pa.string()), ("text", pa.string())])
    return {
        "text": pa.string(), "int": pa.int64(), "decimal": pa.float64(), "map": pa.map_(pa.string(), pa.int64()),
        "flags": pa.list_(flag), "texts": pa.list_(pa.string()),
    }[kind]  # fmt: skip


def _cell(row: Row, name: str, kind: str) -> Any:
    value = row[name]
    return list(value.items()) if kind == "map" and value is not None else value
