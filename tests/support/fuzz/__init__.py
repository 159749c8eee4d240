"""A fuzzer that knows the structure of deals, proposals, scenario sets and options: `cases` makes, `judge` judges."""
