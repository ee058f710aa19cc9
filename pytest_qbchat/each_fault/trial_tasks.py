"""Tells which trial of `each_fault` a task began in. Calls from an earlier trial must not reach the rewound fake.

Covered are tasks of the code under test whose client is answered in place. Threads are not covered: until Python 3.14,
they do not inherit the context of the code that starts them. Calls through a loopback server are not covered either.
"""

from __future__ import annotations

from contextvars import ContextVar


class Block:
    """The block of a trial."""

    undone = False  # whether the fake was rewound since


# Tasks inherit it from the code that starts them.
NO_BLOCK = Block()
current_block: ContextVar[Block] = ContextVar("qbchat_block", default=NO_BLOCK)
