"""The months before an agreement is signed: under the agreement in force, then at list."""
