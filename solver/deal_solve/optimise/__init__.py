"""Search, proof and agreement: from a program to a plan that is settled."""

import logging

logging.getLogger("deal_solve").addHandler(logging.NullHandler())  # only who asks for it sees what is logged
