"""The parts of fleet/listing.py: the lists of a hub, pages of web servers, buckets that a web address leads to."""
