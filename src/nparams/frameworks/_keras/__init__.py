"""Live Keras models: their layers and variables, read through plain attributes."""
