"""Keras: the configuration of a model, what each class keeps in which order, and the two ways of storing it."""
