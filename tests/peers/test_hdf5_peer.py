"""HDF5 against h5py: what it writes, in every version of the format, ours reads as it does."""

from __future__ import annotations

import random
import string

import h5py
import numpy as np
import pytest

from nparams.files._hdf5 import Dataset, Group, open_file
from nparams.files.bytesource import FileSource

VERSIONS = ["earliest", "v108", "v110", "v112", "v114", "latest"]
KINDS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "c16",
         ">f2", ">f4", ">f8", ">i2", ">i8", ">u4", ">c8"]  # fmt: skip
LETTERS = string.ascii_letters + string.digits + "_:. -"
ODD = "äöüß漢字кл😀ab"


class Writer:
    """Fills a file with random groups, datasets and attributes."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.version = self.rng.choice(VERSIONS)

    def write(self, path: str) -> None:
        rng = self.rng
        options = {"userblock_size": 512 << rng.randint(0, 3)} if rng.random() < 0.3 else {}
        ordered = rng.choice([None, True, False])
        with h5py.File(path, "w", libver=(self.version, "latest"), track_order=ordered, **options) as file:
            self.group(file, 0)
            self.attributes(file)

    def name(self, inside: h5py.Group) -> str:
        """A name that is still free."""
        rng = self.rng
        while True:
            letters = rng.choice([LETTERS, LETTERS, ODD])
            name = "".join(rng.choices(letters, k=rng.randint(1, 20))).strip(".") * rng.choice([1, 1, 1, 1, 200])
            if name and name not in inside:
                return name

    def group(self, group: h5py.Group, depth: int) -> None:
        rng = self.rng
        for _ in range(rng.choice([0, 2, 5, 12, 20]) if depth < 3 else 2):
            if rng.random() < 0.2 and depth < 4:
                made = group.create_group(self.name(group), track_order=rng.choice([None, True, False]))
                self.group(made, depth + 1)
            else:
                made = self.dataset(group)
            self.attributes(made)

    def dataset(self, group: h5py.Group) -> h5py.Dataset:
        rng, name = self.rng, self.name(group)
        shape = tuple(rng.randint(1, 8) for _ in range(rng.randint(0, 4)))
        if shape and rng.random() < 0.05:
            shape = (0, *shape[1:])
        kind = np.dtype(rng.choice(KINDS))
        data = (
            np.random.default_rng(rng.randint(0, 999)).integers(0, 2 if kind.kind == "b" else 100, shape).astype(kind)
        )
        options = self.chunks(shape) if shape and 0 not in shape and rng.random() < 0.6 else {}
        options |= {"track_times": True} if rng.random() < 0.2 else {}
        options |= {"fillvalue": 1} if kind.kind in "fiu" and rng.random() < 0.2 else {}
        how = rng.random()
        if how < 0.2:
            return self.by_list(group, name, data, options)
        if how < 0.3:
            return group.create_dataset(name, shape, kind, **options)
        if how < 0.4 and "chunks" in options:
            made = group.create_dataset(name, shape, kind, **options)
            part = tuple(slice(0, rng.randint(1, n)) for n in shape)
            made[part] = data[part]
            return made
        return group.create_dataset(name, data=data, **options)

    def chunks(self, shape: tuple[int, ...]) -> dict[str, object]:
        """Chunks, filters, and how far the dataset may grow: each choice has its own index."""
        rng = self.rng
        found: dict[str, object] = {"chunks": shape if rng.random() < 0.2 else tuple(rng.randint(1, n) for n in shape)}
        found |= {"compression": "gzip"} if rng.random() < 0.4 else {}
        found |= {name: True for name in ("shuffle", "fletcher32") if rng.random() < 0.3}
        one = rng.randrange(len(shape))
        most = [None, tuple(None if i == one else n + rng.randint(0, 5) for i, n in enumerate(shape)),
                (None,) * len(shape), tuple(n + rng.randint(0, 9) for n in shape)]  # fmt: skip
        return found | {"maxshape": rng.choice(most)}

    def by_list(self, group: h5py.Group, name: str, data: np.ndarray, options: dict[str, object]) -> h5py.Dataset:
        """Compact, or chunks set aside before they are written."""
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        most = options.get("maxshape") or data.shape
        if "chunks" in options:
            plist.set_chunk(options["chunks"])
            plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        else:
            plist.set_layout(h5py.h5d.COMPACT)
        sizes = tuple(h5py.h5s.UNLIMITED if n is None else n for n in most)
        space = h5py.h5s.create_simple(data.shape, sizes) if data.shape else h5py.h5s.create(h5py.h5s.SCALAR)
        kind = h5py.h5t.py_create(data.dtype, logical=True)
        made = h5py.Dataset(h5py.h5d.create(group.id, name.encode(), kind, space, plist))
        made[...] = data
        return made

    def attributes(self, thing: h5py.Group | h5py.Dataset) -> None:
        """Few, so that they stand in the header, or many, so that a heap holds them."""
        rng = self.rng
        for i in range(rng.choice([0, 0, 1, 3, 12])):
            thing.attrs[f"{i}{rng.choice(ODD)}"] = self.value()

    def value(self) -> object:
        rng = self.rng
        large = self.version not in ("earliest",)
        kind = rng.choice(KINDS[:12])
        return rng.choice([
            lambda: rng.randint(-99, 99),
            rng.random,
            lambda: rng.random() < 0.5,
            lambda: "text é" * rng.randint(0, 9),
            lambda: "y" * rng.choice([10, 100, 1000, 1000, 70_000]),
            lambda: np.bytes_(b"fixed"),
            lambda: np.array([b"kernel:0", b"bias:0", b"x" * rng.randint(1, 40)]),
            lambda: ["a", "bé", ""] * rng.randint(1, 4),
            lambda: np.arange(rng.randint(0, 12)).astype(kind).reshape(-1, 1),
            lambda: np.zeros(20_000 if large and rng.random() < 0.1 else 20, "i4"),
            lambda: h5py.Empty("f4"),
        ])()  # fmt: skip


def plain(value: object) -> object:
    """A value of h5py as ours gives it."""
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return value.decode() if isinstance(value, bytes) else value


def compare(ours: Group | Dataset, theirs: h5py.Group | h5py.Dataset) -> int:
    """Everything below two objects, which must be alike; how many datasets there were."""
    assert ours.name == theirs.name
    attributes = ours.attrs()
    assert {name: found.value() for name, found in attributes.items()} == {
        name: plain(value) for name, value in theirs.attrs.items()
    }
    for name, found in attributes.items():
        assert found.shape == theirs.attrs.get_id(name).shape
    if isinstance(theirs, h5py.Group):
        members = ours.items()
        assert [name for name, _ in members] == list(theirs)
        return sum(compare(found, theirs[name]) for name, found in members)
    assert (ours.shape, ours.dtype, ours.item_bytes) == (theirs.shape, theirs.dtype.name, theirs.dtype.itemsize)
    assert ours.stored_bytes == theirs.id.get_storage_size()
    assert ours.data(1 << 30) == np.asarray(theirs[()], theirs.dtype).tobytes()
    return 1


@pytest.mark.parametrize("seed", range(40))
def test_random_files(tmp_path, seed):
    path = str(tmp_path / "m.h5")
    Writer(seed).write(path)
    with FileSource(path) as source, h5py.File(path) as theirs:
        assert compare(open_file(source), theirs) == count(theirs)


def count(theirs: h5py.File) -> int:
    found = []
    theirs.visititems(lambda _, thing: found.append(thing) if isinstance(thing, h5py.Dataset) else None)
    return len(found)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("links", [1, 8, 9, 300, 1000])
def test_many_links(tmp_path, version, links):
    """From a symbol table or a few messages to a heap of several levels."""
    path = str(tmp_path / "m.h5")
    with h5py.File(path, "w", libver=(version, "latest")) as file:
        x = file.create_dataset("x", (2,), "f4")
        for i in range(links):
            file[f"g/{i:x}{'n' * (i % 50)}"] = x
    with FileSource(path) as source, h5py.File(path) as theirs:
        assert [name for name, _ in open_file(source).get("g").items()] == list(theirs["g"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("filters", [{}, {"compression": "gzip"}])
@pytest.mark.parametrize("most", [(None,), (3000,), None], ids=["growing", "fixed", "as it is"])
def test_many_chunks(tmp_path, version, filters, most):
    """Enough chunks for pages of an array and for super blocks."""
    path = str(tmp_path / "m.h5")
    with h5py.File(path, "w", libver=(version, "latest")) as file:
        made = file.create_dataset("x", (2500,), "i2", chunks=(1,), maxshape=most, **filters)
        made[:100] = np.arange(100)
        made[2000:] = np.arange(500)
    with FileSource(path) as source, h5py.File(path) as theirs:
        assert compare(open_file(source), theirs) == 1


@pytest.mark.parametrize("filters", [{}, {"compression": "gzip"}])
def test_chunks_far_apart(tmp_path, filters):
    """Data blocks so large that they have pages, of which few are written."""
    path = str(tmp_path / "m.h5")
    with h5py.File(path, "w", libver="latest") as file:
        made = file.create_dataset("x", (400_000,), "i2", chunks=(1,), maxshape=(None,), **filters)
        for place in (0, 139_999, 200_000, 200_001, 399_999):
            made[place] = place % 100
    with FileSource(path) as source, h5py.File(path) as theirs:
        assert compare(open_file(source), theirs) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_large_table_that_grows(tmp_path, version):
    path = str(tmp_path / "m.h5")
    with h5py.File(path, "w", libver=(version, "latest")) as file:
        file.create_dataset("x", data=np.arange(3000).reshape(50, 60), chunks=(1, 1), maxshape=(None, None))
    with FileSource(path) as source, h5py.File(path) as theirs:
        assert compare(open_file(source), theirs) == 1
