"""Commands that read exports of usage."""
