"""Samplers: where the next trial is looked for."""
