"""Search spaces: hyperparameters, their scales and conditions."""
