"""Why a type has no entry."""

from __future__ import annotations

KINDS = {
    "no class": "no model class of its own",
    "not built": "cannot be built on the meta device",
    "limit": "ran out of time or memory",
    "not verified": "built, but no entry that agrees with the constructor",
    "failed": "the derivation itself raised",
}


class Refused(Exception):
    """No entry for this type, and why: one line that the coverage table prints.

    `kind` is a key of KINDS: "no class" and "not built" are outside what can be covered, the others are not.

    >>> Refused("needs the package timm", kind="not built").kind
    'not built'
    """

    def __init__(self, reason: str, kind: str = "not verified") -> None:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of refusal: one of {', '.join(KINDS)}")
        super().__init__(" ".join(reason.split()))
        self.reason, self.kind = str(self), kind
