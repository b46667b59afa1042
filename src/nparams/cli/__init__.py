"""The command line: one module a command, each its arguments and one call."""
