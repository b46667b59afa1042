"""A report about many models: as text, as one JSON object, and as a page of its own."""

from __future__ import annotations

from nparams.views.look import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network.many import Report

#: of the JSON object
SCHEMA = 1


def render(report: Report, look: Look | None = None) -> str:
    """The answers to what people ask first, how large models are, where the parameters are, and the tables."""
    from nparams.views._fleet.text import drawn

    return drawn(report, look or Look())


def as_json(report: Report) -> str:
    """The whole report as one object, a key a line; whole numbers are exact."""
    import json

    held = {"schema": SCHEMA, **report.to_dict()}
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in held.items()) + "\n}"


def page(report: Report) -> str:
    """The same with pictures as a page of its own: light or dark as the reader's side is, with no script."""
    from nparams.views._fleet.page import drawn

    return drawn(report)
