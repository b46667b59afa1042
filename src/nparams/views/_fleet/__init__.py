"""The parts of the report about many models: words, tables, bars and boxes as text, pictures, and the page."""
