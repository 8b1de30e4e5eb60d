"""Training: Run and its parts: data, shuffling, validation, checkpoints, optimizers, schedules."""
