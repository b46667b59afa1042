"""Fleets: many models counted into one table; see docs/fleets.md."""
