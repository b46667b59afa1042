"""The classes of keras.layers: their signatures, their arrays by Keras's own names, and what they send."""
