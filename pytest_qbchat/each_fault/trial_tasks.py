"""Tells which trial of `each_fault` a task began in. Calls from an earlier trial must not reach the rewound fake.

Covered are tasks of the code under test whose client is answered in place. Threads are not covered: until Python 3.14,
they do not inherit the context of the code that starts them. Calls through a loopback server are not covered either.
"""

from __future__ import annotations

from contextvars import ContextVar


class Block:
    """The block of a trial.

    Attributes:
        undone: Whether the fake was rewound since.
    """

    undone = False


# Tasks inherit it from the code that starts them.
current_block: ContextVar[Block | None] = ContextVar("qbchat_block", default=None)


def is_of_earlier_trial() -> bool:
    """Whether the current task began in a block that is undone."""
    block = current_block.get()
    return block is not None and block.undone
