"""The parts of the Caffe reader."""
