"""The words of the sheet: each row says of which layers it is true.  Slots are the letters of the layer."""

from __future__ import annotations

#: kinds whose layers are asked about one by one, the most instructive first; others by size
ORDER = (
    "Dense", "Conv", "LSTM", "GRU", "SimpleRNN", "Embedding", "Attention", "FeedForward", "BatchNorm", "LayerNorm",
)  # fmt: skip
RECURRENT = frozenset(("LSTM", "GRU", "SimpleRNN", "ConvLSTM"))
FILTERS = frozenset(("Conv", "ConvTranspose", "DepthwiseConv", "SeparableConv"))
NORMS = frozenset(("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm"))
#: kinds whose arrays, or the values they hand on, have a size that comes with the image or the length of a sequence
BOUND = frozenset(("PositionEmbedding", "PatchEmbedding", "LocallyConnected", "RelativePosition", "Reshape"))
#: kinds that make a size their own, whatever comes in
ADAPTING = frozenset(("AdaptivePool", "GlobalPool"))
#: kinds that have no bias by their nature, so that none need be told
UNBIASED = frozenset(("Embedding", "PositionEmbedding", "RMSNorm", "LayerScale", "PReLU", "Token", "Parameter"))

#: kind -> what a student must know of a layer, the first that the layer has all letters of; of other kinds, the
#: letters of the formula.  `window` is the sides of a filter, `matrices` how many arrays of weights there are
GIVEN: dict[str, tuple[str, ...]] = {
    "Dense": ("{n_out} neurons",),
    "Conv": ("{c_out} filters of {window}",),
    "ConvTranspose": ("{c_out} filters of {window}",),
    "LSTM": ("{h} cells",),
    "GRU": ("{h} cells",),
    "SimpleRNN": ("{h} cells",),
    "Embedding": ("{V} entries of {d} numbers",),
    "PositionEmbedding": ("{n} positions of {d} numbers",),
    "Attention": (
        "width {d}; heads for queries: {h}, for keys and values: {kv}; {d_h} numbers in each",
        "width {d}, heads: {h}",
    ),
    "FeedForward": ("{matrices} matrices between {d} and {f} numbers",),
    "BatchNorm": ("{c} channels",),
    "LayerNorm": ("{c} channels",),
    "GroupNorm": ("{c} channels",),
    "RMSNorm": ("{c} channels",),
}

#: kind -> (the letters it needs, a question besides, its answer)
BESIDES = {
    "LSTM": ((), "Where does the factor 4 come from?",
             "The factor 4 is the number of gates: input, forget, cell and output."),
    "GRU": ((), "Where does the factor 3 come from?",
            "The factor 3 is the number of gates: reset, update and new."),
    "Embedding": ((), "Why does it have no bias?",
                  "A row of the table is looked up and handed on: no weighted sum is formed that a bias could be added "
                  "to."),
    "Conv": (("c_in", "window", "c_out"), "Why is {window} times {c_out} not enough?",
             "A filter reaches through all {c_in} channels that come in, so it has {c_in} weights for each position of "
             "its window."),
}  # fmt: skip
INPUTS = (
    "Why do the inputs have no biases?",
    "The inputs are not neurons: they only hand numbers in. A bias is added where a weighted sum is formed, and the "
    "first sums are formed in {name}.",
)
STATISTICS = (
    "It keeps {n} further numbers. Why are they no parameters?",
    "The {n} further numbers are statistics, a mean and a variance for each channel{counter}. They are measured while "
    "training, not learned.",
)

TITLE = "Exercises: how many parameters?"
ASK_LAYER = "How many weights does {name} have, and how many biases?"
ASK_UNBIASED = "How many weights does {name} have?"
ASK_COPIES = (
    "How many weights does one of the {copies} layers {name} have, and how many biases? How many parameters do {every} "
    "have together?"
)
ASK_FAMILY = (
    "There is a layer {name} for each {index} from {first} to {last}. How many weights does it have, and how many "
    "biases?"
)

#: (in or out: whether it changes the count, what is asked, why); the facts that each needs are in choices.py
CHOICES = {
    "batch": (False, "the number of examples in a batch", "every example goes through the same weights."),
    "image": (False, "the height and width of the image",
              "a filter uses the same weights at every position, however many positions there are."),
    "flattened": (True, "the height and width of the image",
                  "the filters stay as they are, but {flatten} hands on one value for each position and channel, and "
                  "the layer after it has weights for each of them."),
    "filters": (True, "the number of filters of {name}",
                "each filter has weights of its own, and makes a channel that the next layer has weights for."),
    "neurons": (True, "the number of neurons of {name}",
                "each neuron has a weight for every value that comes in."),
    "stride": (False, "the stride of {name}",
               "it says where the filters are put down, not how many weights they have."),
    "steps": (False, "the number of time steps", "every step uses the same weights."),
    "cells": (True, "the number of cells of {name}",
              "each cell has weights in every gate, for what comes in and for the outputs of the step before."),
    "units": (True, "the number of cells of {name}",
              "each cell has weights for what comes in and for the outputs of the step before."),
    "heads": (False, "the number of heads of {name}, the width being as it is",
              "the heads share the width, so more heads are narrower ones, and together they are as wide as before."),
    "width": (True, "the width of {name}", "its matrices are as wide."),
    "inner": (True, "the inner width of {name}", "its matrices have a row or a column for each of those numbers."),
    "vocabulary": (True, "the number of entries of {name}", "each entry is a row of the table."),
    "positions": (True, "the number of positions of {name}", "each position has numbers of its own."),
    "text": (False, "the number of words in a text", "each word is looked up in the same table."),
    "dropout": (False, "the share of values that {name} leaves out", "it leaves values out, and has nothing to learn."),
    "activation": (False, "the activation function (ReLU or tanh, say)",
                   "it is a fixed function of each value, with nothing to learn."),
    "examples": (False, "the number of training examples",
                 "the parameters are fitted to them, however many there are."),
}  # fmt: skip

#: a friend's mistake -> what they did
FRIENDS = {
    "tied": "They counted {tied} again. It is the same array as {owner} and is counted there.",
    "statistics": "They counted the {n} statistics of the normalisations as well. Those are measured while training, "
                  "not learned, so they are no parameters.",
    "inputs": "They gave the inputs a bias each, {n} in all. The inputs are not neurons and have none.",
    "recurrence": "They forgot that the cells of {name} also weigh the {h} outputs of the step before.",
    "once": "There are {n} of each of these layers, and they counted one of each: {names}.",
    "many": "In {lines} lines of the table there are {n} layers each, and they counted one of each.",
    "one": "There are {n} layers {name0}, and they counted one of them.",
    "layer": "They left {name} out.",
    "output": "They left out the biases of the last layer, {name}. Its neurons have biases like all others.",
}  # fmt: skip
