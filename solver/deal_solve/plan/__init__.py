"""What a buyer can decide: options of routing, terms of offers, and the plan that holds the decisions."""
