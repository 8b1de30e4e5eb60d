"""Analysis: results drawn from all trials of a study."""
