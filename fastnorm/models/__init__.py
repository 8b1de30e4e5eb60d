"""Models: what is trained, predicts and is saved."""
