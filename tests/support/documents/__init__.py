"""What documents are read with."""
