"""python -m tools.make_hdf5_seeds: write the small HDF5 files of tests/data/hdf5, and what h5py finds in each.

Run it with h5py and NumPy installed (the environment of the peers).  What h5py has no name for is asked of the C
library that it brings along.  The files hold every structure of the format that is read, and each that is refused.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "hdf5"
#: number types of h5py that the reader names as dtypes.py does
NUMBERS = "bool complex64 complex128 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
EARLIEST, LATEST = ("earliest", "latest"), ("latest", "latest")  # lower and upper bounds
#: metadata is set aside in pieces of so many bytes
SMALL = {"meta_block_size": 64}


def library() -> ctypes.CDLL:
    """The C library that h5py runs on."""
    (path,) = (Path(h5py.__file__).parent.parent / "h5py.libs").glob("libhdf5-*")
    found = ctypes.CDLL(str(path))
    for name in ("H5Tcomplex_create", "H5Dcreate2", "H5Lcreate_ud"):
        getattr(found, name).restype = ctypes.c_int64
    return found


C = library()
ID, SIZE, TEXT = ctypes.c_int64, ctypes.c_size_t, ctypes.c_char_p


def layout(group: h5py.Group, name: str, data: np.ndarray, **options: object) -> h5py.Dataset:
    """A dataset with a creation list of its own."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if options.get("compact"):
        plist.set_layout(h5py.h5d.COMPACT)
    if chunks := options.get("chunks"):
        plist.set_chunk(chunks)
    if options.get("early"):
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple(data.shape, options.get("most", data.shape))
    kind = h5py.h5t.py_create(data.dtype, logical=True)
    found = h5py.Dataset(h5py.h5d.create(group.id, name.encode(), kind, space, plist))
    found[...] = data
    return found


def numbers(file: h5py.File) -> None:
    for name in (*NUMBERS, ">f4", ">i2", ">u8", ">c8"):
        file[f"numbers/{name}"] = np.arange(3).astype(name)
    file["scalar"] = np.float32(1.5)
    file["none"] = h5py.Empty("f4")
    file["empty"] = np.zeros((0, 4), "f4")


def attributes(thing: h5py.Group | h5py.Dataset) -> None:
    thing.attrs["whole"] = 7
    thing.attrs["real"] = np.float16(0.5)
    thing.attrs["truth"] = True
    thing.attrs["text"] = "naïve"
    thing.attrs["fixed"] = np.bytes_(b"abc")
    thing.attrs["names"] = np.array([b"kernel:0", b"bias:0"])
    thing.attrs["words"] = ["a", "", "ccc"]
    thing.attrs["none"] = h5py.Empty("i4")
    thing.attrs["table"] = np.arange(6, dtype=">i2").reshape(2, 3)


def chunked(file: h5py.File) -> None:
    values = np.arange(35, dtype="i2").reshape(5, 7)
    file.create_dataset("gzip", data=values, chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("plain", data=values, chunks=(2, 3), maxshape=(9, 9))
    file.create_dataset("one", data=values, chunks=(5, 7))
    file.create_dataset("one_gzip", data=values, chunks=(5, 7), compression="gzip")
    file.create_dataset("growing", data=values, chunks=(2, 7), maxshape=(None, 7))
    file.create_dataset("growing_gzip", data=values, chunks=(5, 2), maxshape=(5, None), compression="gzip")
    file.create_dataset("both", data=values, chunks=(3, 3), maxshape=(None, None))
    file.create_dataset("both_gzip", data=values, chunks=(3, 4), maxshape=(None, None), compression="gzip")
    layout(file, "early", values, chunks=(2, 4), early=True)
    part = file.create_dataset("part", (6, 6), "i2", chunks=(2, 2), fillvalue=3)
    part[2:4, 2:4] = 9
    file.create_dataset("unwritten", (4,), "f4", fillvalue=2)


def old(path: Path) -> None:
    """Groups of symbol tables, version 1 headers: what Keras writes."""
    with h5py.File(path, "w", libver=EARLIEST, userblock_size=512, **SMALL) as file:
        for i in range(10):
            file[f"layer/{i}"] = np.zeros(i, "i1")
        layout(file, "compact", np.arange(3, dtype="i2"), compact=True)
        attributes(file)
        attributes(file["layer/3"])


def old_types(path: Path) -> None:
    with h5py.File(path, "w", libver=EARLIEST, **SMALL) as file:
        numbers(file)


def old_chunks(path: Path) -> None:
    """B-trees of few chunks a node, so that they have several levels."""
    with special(path, old=True, leaf=2) as file:
        chunked(file)


def new(path: Path) -> None:
    """Links in version 2 headers, a superblock with a checksum, names in order of creation."""
    with h5py.File(path, "w", libver=LATEST, track_order=True, **SMALL) as file:
        file["b/ü"], file["a"] = np.zeros((2, 3), "f4"), np.zeros(5, "f8")
        file["again"] = file["b/ü"]
        layout(file, "compact", np.arange(3, dtype="i2"), compact=True)
        attributes(file)
        attributes(file["b/ü"])


def new_chunks(path: Path) -> None:
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        chunked(file)
        layout(file, "early_growing", np.zeros((3, 3), "i1"), chunks=(2, 2), early=True, most=(8, 9))


def array(path: Path) -> None:
    """A super block in an extensible array."""
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        file.create_dataset("array", data=np.arange(260).astype("i1"), chunks=(1,), maxshape=(None,))


def tree(path: Path) -> None:
    """Two levels in a B-tree."""
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        file.create_dataset("tree", data=np.zeros((1, 90), "i1"), chunks=(1, 1), maxshape=(None, None))


def dense(path: Path) -> None:
    """Links and attributes in fractal heaps, with an indirect block."""
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        file["x"] = np.zeros(3, "f4")
        for i in range(45):
            file[f"many/{'long' * (i % 3)}{i}"] = file["x"]
        for i in range(12):
            file["many"].attrs[f"n{i}"] = i


def types(path: Path) -> None:
    """What is no plain number, and committed datatypes."""
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        file["kind"] = np.dtype("f4")
        file.create_dataset("named", (2,), file["kind"])
        file["named"].attrs.create("committed", 1.5, dtype=file["kind"])
        file["strings"] = np.array([b"ab", b"c"])
        file["words"] = ["a", "bc"]
        file["pairs"] = np.zeros(2, [("x", "f4"), ("y", "i2", (2,))])
        file.create_dataset("enum", (2,), h5py.enum_dtype({"A": 0, "B": 5}, "i2"))
        file.create_dataset("rows", (2,), h5py.vlen_dtype("i4"))
        file.create_dataset("arrays", (2,), np.dtype(("f4", (3, 2))))
        file.create_dataset("references", (2,), h5py.ref_dtype)
        file.create_dataset("opaque", (2,), np.dtype("V3"))
        file.create_dataset("long", (2,), np.longdouble)
        for name in ("FLOAT_BFLOAT16LE", "FLOAT_F8E4M3", "FLOAT_F8E5M2", "UNIX_D32LE", "STD_B8LE"):
            create(file, name, ID.in_dll(C, f"H5T_{name}_g").value)
        create(file, "complex", C.H5Tcomplex_create(ID.in_dll(C, "H5T_IEEE_F32LE_g")))


def create(file: h5py.File, name: str, kind: int) -> None:
    """A dataset of two values of a type that h5py has no name for."""
    space = h5py.h5s.create_simple((2,))
    made = C.H5Dcreate2(ID(file.id.id), name.encode(), ID(kind), ID(space.id), ID(0), ID(0), ID(0))
    assert made >= 0, name
    C.H5Dclose(ID(made))


def special(path: Path, **options: object) -> h5py.File:
    """A new file whose creation list was asked for what h5py has no name for."""
    fcpl, fapl = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    low, high = EARLIEST if options.get("old") else LATEST
    fapl.set_meta_block_size(64)
    names = {"earliest": h5py.h5f.LIBVER_EARLIEST, "latest": h5py.h5f.LIBVER_LATEST}
    fapl.set_libver_bounds(names[low], names[high])
    if sizes := options.get("sizes"):
        fcpl.set_sizes(*sizes)
    if leaf := options.get("leaf"):
        C.H5Pset_istore_k(ID(fcpl.id), ctypes.c_uint(leaf))
    if options.get("image"):
        assert C.H5Pset_mdc_image_config(ID(fapl.id), ctypes.byref((ctypes.c_int32 * 4)(1, 1, -1, 0))) >= 0
    if options.get("shared"):
        assert C.H5Pset_shared_mesg_nindexes(ID(fcpl.id), 2) >= 0
        assert C.H5Pset_shared_mesg_index(ID(fcpl.id), 0, 0x0A, 1) >= 0  # dataspaces and datatypes
        assert C.H5Pset_shared_mesg_index(ID(fcpl.id), 1, 0x1000, 1) >= 0  # attributes
        assert C.H5Pset_shared_mesg_phase_change(ID(fcpl.id), 3, 2) >= 0
    return h5py.File(h5py.h5f.create(str(path).encode(), h5py.h5f.ACC_TRUNC, fcpl, fapl))


def shared(path: Path) -> None:
    """Datatypes, dataspaces and attributes that stand once, in a heap of the file."""
    with special(path, shared=True) as file:
        for i in range(5):
            file.create_dataset(f"d{i}", data=np.zeros((2, 3), ("f4", "i8")[i % 2]))
            file[f"d{i}"].attrs["same"] = "of every dataset"
        for i in range(10):
            file["d0"].attrs[f"a{i}"] = i % 2


def narrow(path: Path) -> None:
    """Addresses of 4 bytes and lengths of 2, in a version 1 superblock."""
    with special(path, old=True, sizes=(4, 2), leaf=7) as file:
        chunked_too = file.create_dataset("g/chunks", data=np.zeros((2, 5), "i4"), chunks=(2, 2))
        chunked_too.attrs["words"] = ["a", "b"]
        file["g/x"] = np.zeros(4, "f8")


def narrow_new(path: Path) -> None:
    """(HDF5 2.0 loses unlimited dimensions where lengths are not 8 bytes wide.)"""
    with special(path, sizes=(4, 4)) as file:
        file.create_dataset("g/chunks", data=np.zeros((3, 5), "i4"), chunks=(2, 2))
        for i in range(12):
            file[f"g/{i}"] = np.int16(i)


def moved(path: Path) -> None:
    """A file that was given a user block afterwards: its superblock says that it begins at 0."""
    with h5py.File(path, "w", libver=EARLIEST, **SMALL) as file:
        file["x"] = np.zeros(3, "f4")
    path.write_bytes(bytes(512) + path.read_bytes())


def soft_old(path: Path) -> None:
    with h5py.File(path, "w", libver=EARLIEST, **SMALL) as file:
        file["x"] = h5py.SoftLink("/etc/passwd")


def soft_new(path: Path) -> None:
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        file["x"] = h5py.SoftLink("/etc/passwd")


def external(path: Path) -> None:
    with h5py.File(path, "w", libver=EARLIEST, **SMALL) as file:
        file["x"] = h5py.ExternalLink("/etc/passwd", "/y")


def user_defined(path: Path) -> None:
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        register(80)
        C.H5Lcreate_ud(ID(file.id.id), b"x", ctypes.c_int(80), b"data", SIZE(4), ID(0), ID(0))


CALL = ctypes.CFUNCTYPE(ID, TEXT, ID, ctypes.c_void_p, SIZE, ID, ID)


class LinkClass(ctypes.Structure):
    """H5L_class_t: version, number, comment, and six functions of which only one must be there."""

    _fields_ = (
        ("version", ctypes.c_int), ("number", ctypes.c_int), ("comment", TEXT), ("create", ctypes.c_void_p),
        ("move", ctypes.c_void_p), ("copy", ctypes.c_void_p), ("traverse", CALL), ("remove", ctypes.c_void_p),
        ("query", ctypes.c_void_p),
    )  # fmt: skip


KEPT = CALL(lambda *_: -1)


def register(number: int) -> None:
    row = LinkClass(1, number, b"", None, None, None, KEPT, None, None)
    assert C.H5Lregister(ctypes.byref(row)) >= 0


def virtual(path: Path) -> None:
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        made = h5py.VirtualLayout((4,), "f4")
        made[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
        file.create_virtual_dataset("x", made)


def external_data(path: Path) -> None:
    with h5py.File(path, "w", libver=EARLIEST, **SMALL) as file:
        file.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def image(path: Path) -> None:
    """Metadata that was not written where it belongs, but in an image of the library's cache."""
    with special(path, image=True) as file:
        file["x"] = np.zeros(3, "f4")


def cycle(path: Path) -> None:
    with h5py.File(path, "w", libver=LATEST, **SMALL) as file:
        made = file.create_group("a/b")
        made["c"] = file["a"]


def cycle_old(path: Path) -> None:
    with h5py.File(path, "w", libver=EARLIEST, **SMALL) as file:
        made = file.create_group("a/b")
        made["c"] = file["a"]


READ = (old, old_types, old_chunks, new, new_chunks, array, tree, dense, types, shared, narrow, narrow_new, moved)
REFUSED = (soft_old, soft_new, external, user_defined, virtual, external_data, image, cycle, cycle_old)


def answer(path: Path) -> list[object]:
    """What h5py finds: a row of path, shape, dtype, bytes stored, checksum of the values and attributes, in order."""
    rows: list[object] = []
    with h5py.File(path) as file:
        below(file, rows)
    return rows


def below(thing: h5py.Group | h5py.Dataset, rows: list[object]) -> None:
    attrs = {name: plain(value) for name, value in thing.attrs.items()}
    if isinstance(thing, h5py.Group):
        rows.append([thing.name, None, None, None, None, attrs])
        for name in thing:
            if not isinstance(thing[name], h5py.Datatype):
                below(thing[name], rows)
        return
    dtype = known(thing)
    shape = None if thing.shape is None else list(thing.shape)
    rows.append([thing.name, shape, dtype, thing.id.get_storage_size(), values(thing) if dtype else None, attrs])


def known(thing: h5py.Dataset) -> str | None:
    """The name of its type where it is a plain number; h5py has none for the narrow floats."""
    narrow = {"FLOAT_BFLOAT16LE": "bfloat16", "FLOAT_F8E4M3": "float8_e4m3fn", "FLOAT_F8E5M2": "float8_e5m2"}
    name = thing.name.lstrip("/")
    if name in narrow or name.startswith(("UNIX", "STD_B")):
        return narrow.get(name)
    return thing.dtype.name if thing.dtype.name in NUMBERS and thing.dtype.subdtype is None else None


def values(thing: h5py.Dataset) -> str | None:
    """A checksum of the values; none for what h5py cannot read."""
    if thing.shape is None or thing.name.startswith("/FLOAT"):
        return None
    return hashlib.sha256(np.asarray(thing[()], thing.dtype).tobytes()).hexdigest()[:16]


def plain(value: object) -> object:
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return value.decode() if isinstance(value, bytes) else value


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    answers = {}
    for make in (*READ, *REFUSED):
        path = FOLDER / f"{make.__name__}.h5"
        make(path)
        if make in READ:
            answers[path.name] = answer(path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    rows = (f" {json.dumps(name)}: [\n{body(found)}\n ]" for name, found in answers.items())
    (FOLDER / "expected.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


def body(rows: list[object]) -> str:
    return ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)


if __name__ == "__main__":
    main()
