"""One clause, one file, by the name of its settlement module: the table of contents of the formulation page."""
