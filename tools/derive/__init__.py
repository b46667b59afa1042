"""Derive the parameter formulas of transformers' architectures from their constructors (maintainers only)."""
