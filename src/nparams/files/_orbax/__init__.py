"""What stands behind the reader of Orbax checkpoints: OCDBT databases, zarr's records of arrays, the tree of names."""
