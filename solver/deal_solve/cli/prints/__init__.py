"""Commands that print what is known without a deal: schemas, rates, a starter deal."""
