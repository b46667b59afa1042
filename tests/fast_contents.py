"""What the fast server serves: a table of files, or a million that take no memory; and S3's list of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from xml.sax.saxutils import escape
from zlib import crc32

from tests.range_server import Sparse
from tests.safetensors_maker import T, file_of, header_of

ZEROS = memoryview(bytes(1 << 20))
MOST_KEYS = 1000  # in one page of a list


class Contents(Protocol):
    """Files by key."""

    #: sorted
    keys: Sequence[str]

    def get(self, key: str) -> Sparse | None:
        """The file of a key."""

    def size(self, key: str) -> int:
        """Its bytes."""


class Table:
    """Files as they are given."""

    def __init__(self, files: Mapping[str, Sparse | bytes]) -> None:
        self._files = {key: Sparse(held, len(held)) if isinstance(held, bytes) else held for key, held in files.items()}
        self.keys = sorted(self._files)

    def get(self, key: str) -> Sparse | None:
        return self._files.get(key)

    def size(self, key: str) -> int:
        return self._files[key].size


class Kind(NamedTuple):
    """A kind of generated file: `layers` times these shapes; the layers' number stands in each name."""

    layers: int
    shapes: Mapping[str, tuple[int, ...]]

    def tensors(self) -> list[T]:
        names = ((f"layers.{k}.{name}", shape) for k in range(self.layers) for name, shape in self.shapes.items())
        return [T(name, shape, "BF16") for name, shape in names]

    @property
    def total(self) -> int:
        """Its parameters, by the shapes that it was given."""
        return self.layers * sum(product(shape) for shape in self.shapes.values())


BLOCK = {
    "self_attn.q_proj.weight": (4096, 4096), "self_attn.k_proj.weight": (1024, 4096),
    "self_attn.v_proj.weight": (1024, 4096), "self_attn.o_proj.weight": (4096, 4096),
    "mlp.gate_proj.weight": (14336, 4096), "mlp.up_proj.weight": (14336, 4096), "mlp.down_proj.weight": (4096, 14336),
    "input_layernorm.weight": (4096,), "post_attention_layernorm.weight": (4096,),
}  # fmt: skip
ENCODER = {
    f"{part}.{kind}": shape if kind == "weight" else shape[:1]
    for part, shape in (
        ("attention.self.query", (768, 768)), ("attention.self.key", (768, 768)),
        ("attention.self.value", (768, 768)), ("attention.output.dense", (768, 768)),
        ("attention.output.LayerNorm", (768,)), ("intermediate.dense", (3072, 768)), ("output.dense", (768, 3072)),
        ("output.LayerNorm", (768,)),
    )
    for kind in ("weight", "bias")
}  # fmt: skip
LORA = {
    f"self_attn.{part}.lora_{letter}.weight": (16, 4096) if letter == "A" else (4096, 16)
    for part in ("q_proj", "v_proj") for letter in "AB"
}  # fmt: skip
#: what lies in a bucket: shards of an 8B model (7 to 8 layers), encoders, adapters of 32 layers, small heads
KINDS = (Kind(8, BLOCK), Kind(12, ENCODER), Kind(32, LORA), Kind(1, ENCODER))


def product(shape: Sequence[int]) -> int:
    found = 1
    for n in shape:
        found *= n
    return found


class Numbered(Sequence[str]):
    """Keys that are made when they are asked for; sorted, since their numbers have one width."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, n: Any) -> Any:
        if isinstance(n, slice):
            return [self[k] for k in range(*n.indices(self.count))]
        if not 0 <= n < self.count:
            raise IndexError(n)
        return f"models/{n // 1000:05}/model-{n:08}.safetensors"


NUMBER = b"00000000"


class Generated:
    """`count` safetensors files, each of one of the kinds in turn; they differ in their kind and name.

    With `unlike`, no two headers are alike: the number of the file stands in each.
    """

    def __init__(self, count: int, kinds: Sequence[Kind] = KINDS, unlike: bool = False) -> None:
        self.keys = Numbered(count)
        self._totals = [kind.total for kind in kinds]
        self._unlike = unlike
        metadata = {"format": "pt", **({"number": NUMBER.decode()} if unlike else {})}
        heads = [file_of(header_of(kind.tensors(), metadata)) for kind in kinds]
        self._files = [Sparse(head, len(head) + 2 * kind.total) for head, kind in zip(heads, kinds, strict=True)]

    def _number(self, key: str) -> int:
        digits = key[-20:-12]
        n = int(digits) if digits.isdecimal() else -1
        return n if 0 <= n < len(self.keys) and self.keys[n] == key else -1

    def get(self, key: str) -> Sparse | None:
        n = self._number(key)
        if n < 0:
            return None
        made = self._files[n % len(self._files)]
        return made._replace(head=made.head.replace(NUMBER, b"%08d" % n, 1)) if self._unlike else made

    def size(self, key: str) -> int:
        return self._files[self._number(key) % len(self._files)].size

    def total(self, n: int) -> int:
        """The parameters of the file of a number."""
        return self._totals[n % len(self._totals)]


def etag(key: str, size: int) -> str:
    """The mark of a file, without its quotes."""
    return f"{crc32(key.encode()):08x}-{size:x}"


def pieces(content: Sparse, start: int, end: int) -> list[memoryview]:
    """The bytes from `start` to `end`, zeros not made but taken from one buffer."""
    found = []
    tail = content.size - len(content.tail)
    if start < len(content.head):
        found.append(memoryview(content.head)[start:end])
    low, high = max(start, len(content.head)), min(end, tail)
    while low < high:
        found.append(ZEROS[: min(high - low, len(ZEROS))])
        low += len(ZEROS)
    if end > tail:
        found.append(memoryview(content.tail)[max(0, start - tail) : end - tail])
    return [each for each in found if each]


# -- lists -----------------------------------------------------------------------------------------------------------


def listing(contents: Contents, bucket: str, query: Mapping[str, str]) -> str:
    """ListBucketResult: a page of the keys below a prefix, behind a token; with a delimiter, folders as prefixes."""
    prefix, most = query.get("prefix", ""), min(int(query.get("max-keys") or MOST_KEYS), MOST_KEYS)
    after = query.get("continuation-token") or query.get("start-after", "")
    found, more = [], False
    for each in below(contents.keys, prefix, after, query.get("delimiter", "")):
        more = len(found) == most
        if more:
            break
        found.append(each)
    out = [f"<Name>{escape(bucket)}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(found)}</KeyCount>"]
    out.append(f"<MaxKeys>{most}</MaxKeys><IsTruncated>{'true' if more else 'false'}</IsTruncated>")
    if more:
        out.append(f"<NextContinuationToken>{escape(found[-1][0])}</NextContinuationToken>")
    out += [_listed(contents, key, is_folder) for key, is_folder in found]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        + "".join(out) + "</ListBucketResult>"
    )  # fmt: skip


def below(keys: Sequence[str], prefix: str, after: str, delimiter: str) -> Iterator[tuple[str, bool]]:
    """The keys with a prefix that come after one, and whether each is a folder, which stands for all below it.

    >>> list(below(["a/b/1", "a/b/2", "a/c", "b"], "a/", "", "/"))
    [('a/b/', True), ('a/c', False)]
    """
    at = max(bisect_left(keys, prefix), bisect_right(keys, after))
    if delimiter and after.endswith(delimiter):
        at = max(at, bisect_left(keys, after + "\U0010ffff"))
    while at < len(keys) and keys[at].startswith(prefix):
        name, found, _ = keys[at][len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if found:
            folder = prefix + name + delimiter
            yield folder, True
            at = bisect_left(keys, folder + "\U0010ffff")
        else:
            yield keys[at], False
            at += 1


def _listed(contents: Contents, key: str, is_folder: bool) -> str:
    if is_folder:
        return f"<CommonPrefixes><Prefix>{escape(key)}</Prefix></CommonPrefixes>"
    size = contents.size(key)
    return (
        f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{etag(key, size)}&quot;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )
