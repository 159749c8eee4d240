"""The first moments of a command: an interrupt that comes while its modules are imported ends it as a later one does.

Nothing is imported here before it can be caught, and next to nothing before the handlers of `cli.support.interrupt`
stand, as some modules swallow one while they are imported.
"""


def main() -> None:
    """Import the command line and run it."""
    try:
        from deal_solve.cli.support.interrupt import INTERRUPTS

        with INTERRUPTS.heeded():
            from deal_solve.cli.support.collector import begin

            begin()
            from deal_solve.cli.main import main as run

            run()
    except KeyboardInterrupt:
        import os

        os.write(2, b"interrupted\n")
        os._exit(130)
