"""Hyper-parameters of transformers: words, styles, and what is assumed."""
