"""Models: recording, training, prediction and saving of a forward pass."""
