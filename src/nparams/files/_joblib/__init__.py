"""What joblib does to pickles: arrays as bare bytes among the opcodes, and whole files compressed."""
