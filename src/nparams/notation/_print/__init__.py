"""What print(model) shows, step by step: text, arguments, layers, modules, notes."""
