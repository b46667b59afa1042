"""What configurations name: a config.json as a Network, by a catalogue of formulas that were derived and verified."""
