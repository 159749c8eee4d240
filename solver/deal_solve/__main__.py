"""`python -m deal_solve` is the command line."""

from deal_solve.cli.start import main

if __name__ == "__main__":
    main()
