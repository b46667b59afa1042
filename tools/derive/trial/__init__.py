"""An independent trial of the catalogue: random configs of its own, the real constructors, and what nparams answers.

Nothing here knows how entries are learned: the configs are drawn from the annotations of the library's config classes
and the words in its sources, by other rules than tools/derive/draw.py.
"""
