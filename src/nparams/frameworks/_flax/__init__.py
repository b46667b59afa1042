"""What stands behind the reader of Flax: classes told by their names, nnx, linen."""
