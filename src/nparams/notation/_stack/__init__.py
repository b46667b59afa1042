"""Lists of layers: from text to calls to modules."""
