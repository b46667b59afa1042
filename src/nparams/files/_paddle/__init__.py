"""The parts of the reader for Paddle: pickled state dicts, streams of variables, programs."""
