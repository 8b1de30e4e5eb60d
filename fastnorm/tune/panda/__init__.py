"""Panda: one run steered by hand, with a record of every action."""
