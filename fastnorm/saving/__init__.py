"""Saving: model files and run states, and their contents as plain JSON."""
