"""Fleets: many models counted into one table; `nparams scan` is its command, and docs/fleets.md tells of both."""
