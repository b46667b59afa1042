"""Tables in papers as lists of layers."""
