"""What the commands share: options, files, workers, interrupts."""
