"""What stands behind the reader of Flax's msgpack: the wire, the tree of arrays, shards."""
