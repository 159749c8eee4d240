"""One folder per question: its computation, its result, its text and its picture."""
