"""What a buyer can decide: options of routing, terms of papers, and the plan that holds the decisions."""
