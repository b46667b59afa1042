"""Printed summaries: one module a tool that prints them, and what a row says of its layer."""
