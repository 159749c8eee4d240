"""What to say about a deal and a settled plan: the numbers behind a report, and findings in a deal file."""
