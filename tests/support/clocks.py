"""A time limit that passes after so many solves, whatever the machine."""

from deal_solve.errors import LimitReached
from deal_solve.optimise import solve as module
from deal_solve.optimise.options import SolveOptions

CONFIRMED = module.confirmed
PLENTY = 1e6
"""A limit in seconds that no test reaches."""


def passes_after(monkeypatch, solves):
    """Let every limit that has begun pass once so many solves are done; no later one finds a plan."""
    done = []

    def counted(*given):
        if len(done) >= solves:
            raise LimitReached("the time limit passed before a plan was found")
        found = CONFIRMED(*given)
        done.append(found)
        return found

    def left(options):
        return None if options.until is None else 0.0 if len(done) >= solves else PLENTY

    monkeypatch.setattr(module, "confirmed", counted)
    monkeypatch.setattr(SolveOptions, "left", property(left))
    return done
