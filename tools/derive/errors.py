"""What the derivation says no with: a config the library refuses, and a type that has no entry, with the reason."""

from __future__ import annotations

KINDS = {
    "no class": "no model class of its own",
    "not built": "cannot be built on the meta device",
    "limit": "ran out of time or memory",
    "not verified": "built, but no entry agrees with the constructor",
    "failed": "the derivation itself raised",
    "not tried": "not derived yet",
}


class Refused(Exception):
    """The library refused this config; another one of the same type may be accepted."""


class NoEntry(Exception):
    """No entry for this type, and why, on one line that the coverage table prints.

    `kind` is a key of KINDS: "no class" and "not built" are outside what can be covered, the others are not.

    >>> NoEntry("2 of 50 configs\\n differ").reason
    '2 of 50 configs differ'
    """

    def __init__(self, reason: str, kind: str = "not verified") -> None:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of refusal: one of {', '.join(KINDS)}")
        super().__init__(" ".join(reason.split()))
        self.reason, self.kind = str(self), kind


class Unbuildable(NoEntry):
    """No model of this type can be built here, whatever the config: the reason, e.g. an optional library."""

    def __init__(self, reason: str, kind: str = "not built") -> None:
        super().__init__(reason, kind)
