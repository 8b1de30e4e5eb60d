"""Training: Run and what it is made of: data, shuffling, validation, checkpoints, optimizers, schedules."""
