"""The tables of files that are recognised by name and not counted."""
