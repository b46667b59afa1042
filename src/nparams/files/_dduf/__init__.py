"""The parts of the reader of zipped pipelines."""
