"""The entry point: a group whose help costs nothing, and one place where every error becomes an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from contextlib import AbstractContextManager, suppress

import click
from click.shell_completion import CompletionItem

from deal_solve.cli.support.interrupt import INTERRUPTS
from deal_solve.messages import nearest
from deal_solve.version import VERSION

COMMANDS = {
    "measure": "Read exports of usage and write a deal file.",
    "forecast": "Show what measured usage may come to.",
    "track": "Hold a signed deal against what happened.",
    "today": "Show what a deal file says is paid today.",
    "solve": "Find the deal to sign, with proof.",
    "settle": "Price a plan, line by line.",
    "review": "Hold a proposal against the best deal.",
    "when": "Show in which month to sign.",
    "wait": "Show whether to measure before signing.",
    "report": "Write the document to sign on, as one HTML file.",
    "focus": "Write what a plan commits as rows of FOCUS.",
    "simulate": "Price a plan over a million scenarios.",
    "frontier": "Show what caution costs.",
    "curve": "Show what each commitment costs and risks.",
    "sweep": "Solve over many values of any fields.",
    "clauses": "Show the value of every clause of an offer.",
    "breakeven": "Show at which values the best deal changes.",
    "sensitivity": "Show what the deal depends on.",
    "check": "Check a deal file and say what in it can never matter.",
    "scenarios": "Show the scenarios of a deal: a fan per month.",
    "init": "Write a commented starter deal.",
    "schema": "Print the JSON Schema of a file.",
    "rates": "Print the rate card.",
}
FOLDERS = {
    **dict.fromkeys(("init", "schema", "rates"), "prints."),
    **dict.fromkeys(("measure", "forecast", "track"), "exports."),
}
"""The folder of commands that need no deal, and of those that read exports of usage."""
BAD_INPUT = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
ONE_PROCESS = {"OPENBLAS_NUM_THREADS": "1", "PYDANTIC_DISABLE_PLUGINS": "__all__"}
"""What libraries start for every process and a command has no use for, unless the user says so: threads of BLAS (work
is cut into pieces of its own) and a look through all installed packages for plugins."""


def module_of(command: str) -> str:
    """Return the module of a command.

    >>> module_of("solve"), module_of("rates")
    ('deal_solve.cli.solve', 'deal_solve.cli.prints.rates')
    """
    return f"deal_solve.cli.{FOLDERS.get(command, '')}{command}"


class LazyGroup(click.Group):
    """Commands are imported when they are called; help and completion read a table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(module_of(cmd_name)).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command named first, or fail with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f"did you mean {near!r}?" if near else f"expected one of {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete command names from the table."""
        found = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  deal-solve init deal.yaml && deal-solve solve deal.yaml",
)
@click.version_option(VERSION, prog_name="deal-solve", message="%(prog)s %(version)s")
def cli() -> None:
    """Decide a Claude deal before it is signed: seats, API commitment, clauses and routing in one exact program.

    Exit codes: 0 solved to the gap; 1 internal error; 2 bad input; 3 no plan meets all limits; 4 a plan that is not
    proven to the gap; 5 stopped without one; 6 a threshold of track is crossed; 130 interrupted.
    """


def run(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code; no error leaves this function, and no interrupt is lost."""
    try:
        with INTERRUPTS.heeded():
            code = _run(args)
            return _interrupted() if INTERRUPTS.is_pending else code
    except KeyboardInterrupt:  # before the command began, or a second one while the first was answered
        return _interrupted()


def _run(args: list[str] | None) -> int:
    from deal_solve.cli.support.printing import printed_safely
    from deal_solve.report.text import page_of, printed_on

    try:
        with printed_safely():
            return _answered(args, printed_on(page_of(sys.stdout)))
    except Exception as error:  # nothing can be printed
        with suppress(Exception):
            click.echo(str(error), err=True)
        return BAD_INPUT


def _answered(args: list[str] | None, page: AbstractContextManager[None]) -> int:
    try:
        with page:
            code = cli.main(args=args, prog_name="deal-solve", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except SystemExit as stop:  # click leaves so after completing a shell's line (0), and when a pipe is closed (1)
        return BROKEN_PIPE if stop.code == 1 else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return INTERRUPTED if INTERRUPTS.is_pending else _report(error)  # what it cut off may fail in its own way
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    """Say that the run was interrupted, and return the exit code."""
    INTERRUPTS.answered()
    click.echo("interrupted", err=True)
    return INTERRUPTED


def _report(error: Exception) -> int:
    """Print an error and return its exit code; what nobody foresaw is an internal error, in one line."""
    from deal_solve.errors import DealSolveError, InputError, InternalError, LimitReached, Problem
    from deal_solve.messages import os_reason

    if os.environ.get("DEAL_SOLVE_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, MemoryError):
        error = LimitReached("the memory is not enough for this; expected fewer scenarios, or a smaller deal")
    if isinstance(error, OSError):  # a disk that is full, a folder that is gone: where, in the words of the system
        error = InputError(Problem("", os_reason(error), str(error.filename or "")))
    if isinstance(error, InputError):
        click.echo("\n".join(str(problem) for problem in error.problems), err=True)
    elif isinstance(error, DealSolveError) and not isinstance(error, InternalError):
        click.echo(str(error), err=True)
    else:
        what = "" if isinstance(error, InternalError) else f"{type(error).__name__}: "
        click.echo(f"internal error: {what}{' '.join(str(error).split())}", err=True)
    return error.exit_code if isinstance(error, DealSolveError) else 1


def main() -> None:
    """Run the command line and leave with its exit code."""
    for name, value in ONE_PROCESS.items():
        os.environ.setdefault(name, value)
    code = run()
    if code == INTERRUPTED:  # a solver may still hold a thread: do not wait for it
        sys.stderr.flush()
        os._exit(code)
    gc.freeze()  # the process ends: nothing that is left is looked through for cycles
    sys.exit(code)


if __name__ == "__main__":
    main()
