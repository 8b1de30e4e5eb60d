"""The search: caviar, its coordinator, workers and pruners."""
