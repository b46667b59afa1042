"""Fleets, with what they need beside the core: clusters, tables as files, object stores."""
