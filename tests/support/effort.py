"""How much work an answer is, in processor seconds against those in which a valid deal is read on the same machine."""

import time
from functools import cache

from deal_solve.deal.load import loads

BOT = "{requests_per_month: 500k, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet]}"
HEAD = f"start: 2027-01\nhorizon_months: 12\nworkloads:\n  bot: {BOT}\n"
MANY = "".join(f"  bot-{index}-work: {BOT}\n" for index in range(300))
QUICK = 60
"""A file is refused in less processor time than this many readings of 300 workloads take."""


def processor_seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began


@cache
def reading_seconds():
    """Return the processor seconds in which 300 workloads are read."""
    return min(processor_seconds(lambda: loads(HEAD + MANY)) for _ in range(3))


def quickly(work):
    """Return what `work` returns, and see that it does not take long."""
    found = []
    assert processor_seconds(lambda: found.append(work())) < QUICK * reading_seconds()
    return found[0]
