"""Saving: model files and run states, and what goes into them as plain JSON."""
