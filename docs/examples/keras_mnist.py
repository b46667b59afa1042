"""Digits in Keras: a sequential list and a graph with two branches."""

import keras
from keras import layers


def small():
    model = keras.Sequential()
    model.add(keras.Input(shape=(28, 28, 1)))
    model.add(layers.Conv2D(32, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model


def branched(filters=16):
    image = keras.Input(shape=(28, 28, 1))
    near = layers.Conv2D(filters, 3, padding="same", activation="relu")(image)
    far = layers.Conv2D(filters, 5, padding="same", activation="relu")(image)
    x = layers.concatenate([near, far])
    x = layers.BatchNormalization()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))
