"""The algebra under the clauses: program, expressions, payments, sums over scenarios, recourse."""
