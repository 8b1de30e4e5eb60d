"""Diagnostics: the inside of a run, its curve, and the guard that rescues it."""
