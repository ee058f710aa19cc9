"""Measuring several ways of doing a thing on a noisy machine: in turn, and compared round by round."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from statistics import median

# Does the thing many times, and returns the seconds that it took once.
Batch = Callable[[], float]


@dataclass(frozen=True)
class Seconds:
    """What each way took, one figure a round.

    Attributes:
        taken: By the name of the way.
    """

    taken: dict[str, list[float]]

    def median(self, way: str) -> float:
        """What it takes."""
        return median(self.taken[way])

    def ratio(self, way: str, to: str) -> float:
        """How many times as long as another it takes: the median of the ratios within a round."""
        return median(one / other for one, other in zip(self.taken[way], self.taken[to], strict=True))

    def over(self, floor: str) -> Seconds:
        """What each way takes more than the floor does, round by round."""
        return Seconds(
            {
                way: [one - less for one, less in zip(taken, self.taken[floor], strict=True)]
                for way, taken in self.taken.items()
                if way != floor
            }
        )


def interleave(ways: Mapping[str, Batch], rounds: int) -> Seconds:
    """Run a batch of each way in each round."""
    gc.freeze()  # what is loaded by now, so that the garbage of a batch is all that its collections look at
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for way in turns(ways, rounds + 1):
        gc.collect()
        taken[way].append(ways[way]())
    gc.unfreeze()
    return Seconds({way: seconds[1:] for way, seconds in taken.items()})  # the first round only warms up


def turns(ways: Iterable[str], rounds: int) -> Iterator[str]:
    """Whose turn it is: each way once a round, in an order that changes from round to round.

    What the machine does beside it then falls on all ways alike.
    """
    order = Random(0)
    names = list(ways)
    for _ in range(rounds):
        order.shuffle(names)
        yield from names
