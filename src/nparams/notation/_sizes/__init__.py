"""Sizes of a fully connected network: from text to elements."""
