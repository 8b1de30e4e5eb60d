"""Study: the record of a search in one SQLite file."""
