"""What one request can be answered by, and what it costs at list."""
