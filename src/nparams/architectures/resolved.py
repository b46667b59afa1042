"""What the fields of one configuration are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.architectures.closures import Slots


class Resolved:
    """The fields of one configuration: `raw` as it has them, `values` after the rules; read by dotted path."""

    __slots__ = ("places", "raw", "slots", "values")

    def __init__(self, places: Mapping[str, int], raw: list[Any], values: list[Any], slots: Slots) -> None:
        self.places = places
        self.raw = raw
        self.values = values
        self.slots = slots

    def __getitem__(self, field: str) -> Any:
        return self.values[self.places[field]]

    def __contains__(self, field: str) -> bool:
        return field in self.places

    def given(self, field: str) -> Any:
        """A field as the configuration has it, else its default."""
        return self.raw[self.places[field]]

    def numbers(self) -> dict[str, int]:
        """The fields that are whole numbers, by their dotted paths."""
        found = zip(self.places, self.values, strict=True)
        return {field: value for field, value in found if type(value) is int}
