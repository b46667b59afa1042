"""Arithmetic: which layers a sum could be."""
