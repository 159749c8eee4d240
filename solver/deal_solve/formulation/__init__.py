"""The clauses of the deal as a linear/integer program over a scenario set (docs/reference/formulation.md)."""
