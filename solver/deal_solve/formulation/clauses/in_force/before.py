"""What is paid before the month of signing: the same in every plan (model §6; formulation §3).

before = 1                                    pays what the months before the month of signing cost
"""

from __future__ import annotations

from deal_solve.formulation.model.program import Due, Program


def pay_before(program: Program) -> None:
    """Charge the payments of the months before signing, an amount per scenario at each time, to a variable that is 1.

    They belong to no contract year.
    """
    if program.sums.paid_before:
        before = program.variable("before", 0.0, 1.0)
        program.add("before_signing", 1.0 * before == 1.0)
        for time, usd in program.sums.paid_before.items():
            program.pay("before", before, 1.0, Due(time, -1), usd)
