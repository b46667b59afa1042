"""The textbook: for each kind of layer its arguments, tensors, formula, output shape and source."""
