"""Tells the calls of tasks that a trial of `each_fault` left behind. They must not reach the fake after its rewind.

Threads are not known by this: until Python 3.14, they do not inherit the context of the code that starts them.
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


def is_left_behind() -> bool:
    """Whether the current task was started in a block that is undone."""
    block = current_block.get()
    return block is not None and block.undone
