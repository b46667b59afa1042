"""Damaged input for every reader: one module a format, or a wire reader; `python -m tests.fuzz` runs them all.

A module that does not begin with _ is a fuzzer.  It has

- ``run(count, seed) -> {"accepted": n, "refused": m}``: reads `count` damaged inputs; the same seed makes the same
  inputs.  Only our own errors, each one printable line, may leave the reader; anything else raises out of run().
- ``COUNT = 1_000_000`` where it fuzzes a wire reader (pickle, protobuf, flatbuffers, hdf5) directly; 50,000 otherwise.
  A literal: the runner reads it from the text.
- ``KINDS = "a b"`` where it has several kinds of input, run apart as NAME-a and NAME-b: ``run(count, seed, kind)``.
- ``MEGABYTES = 256`` only where that is not what the process may map beyond what it holds before run().

Binary formats need no loop of their own::

    from nparams.files.bytesource import MemorySource
    from nparams.files.npy import read
    from tests.fuzz._drive import drive, real
    from tests.npy_maker import npy

    SEEDS = [npy("<f4", (3, 4)), npy(">i8", ()), *real("npy")]  # generated, and the shared real files where they are

    def one(data: bytes) -> None:
        network = read(MemorySource(data, "m.npy"))
        assert (network.totals.elements or 0) <= 8 * len(data), "more than the file could hold"

    def run(count: int, seed: int) -> dict[str, int]:
        return drive(count, seed, SEEDS, one)

`drive` damages copies of the seeds (_mutate.DAMAGE: flipped bytes and bits, lengths at 0, at their most and beside
themselves, varints, cuts, tails, chunks dropped, doubled, exchanged and blanked, pieces of other seeds; of zip
archives also the members, with their checksums put right again).  It stops an input after 5 s of the processor, checks
that a refusal is one printable line, and keeps an input that broke a reader in a file.  A format may add damage of its
own: `damage=(*DAMAGE, ours)`.

Keep seeds small (most under 4 KB: that is what makes a million inputs quick) and of many kinds: every dtype, layout,
opcode, version.  A wire reader's `one` walks everything that the reader offers (every group, attribute, field).

The runner splits a module's count into parts of 10,000, each in a process of its own under a limit on its address
space, two at a time.  `--record` writes the figures to RECORD.md.
"""
