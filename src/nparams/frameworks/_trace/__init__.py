"""The closed form of a class of your own: run its constructor with integers that remember their expression."""
