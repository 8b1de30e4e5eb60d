"""Passes: a recorded tape rewritten, neighbors fused for training and folded for inference."""
