"""Analysis: what the trials of a study say together."""
