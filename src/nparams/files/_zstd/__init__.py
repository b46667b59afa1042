"""Zstandard, decompressed within strict limits: what small pieces of metadata are packed with (RFC 8878).

Python has a decompressor of its own only since 3.14 (compression.zstd), so this one is always used.
"""
