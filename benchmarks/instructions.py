"""How many instructions a posted message takes: they repeat, where seconds depend on what else the machine does."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.documented import MESSAGE, TOKEN
from benchmarks.installation import CHECKOUT
from benchmarks.posts import Client, clients
from benchmarks.report import Aim, table

# A post is the difference of two numbers of posts, so that what happens once is not in it.
_FEW, _MANY = 20, 120


def instructions() -> Iterator[str]:
    """Instructions of one post through each way, without the garbage collection of Python."""
    if shutil.which("valgrind") is None:
        sys.exit("instructions are counted by valgrind, which is not installed")
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "benchmarks.instructions"],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    collected = dict(re.findall(r"==(\d+)== Collected : (\d+)", done.stderr))
    counts = [int(collected[process]) for process in done.stdout.split()]
    posts = iter([(many - few) / (_MANY - _FEW) for few, many in zip(counts[::2], counts[1::2], strict=True)])
    for client in clients():
        yield _table(client, {way: next(posts) for way in client.ways})


def _table(client: Client, counts: dict[str, float]) -> str:
    floor = next(iter(counts.values()))
    rows = [(way, f"{count:,.0f}", f"{count / floor:.2f}") for way, count in counts.items()]
    aims = [Aim(f"{one} against {other}", limit, counts[one] / counts[other]) for one, other, limit in client.aims]
    return table(
        f"Instructions of a posted message, `{client.name}`", ("what answers", "instructions", "ratio"), rows, aims
    )


def _post() -> None:
    """Post few and many messages through each way, each in a fork, and print the ids of their processes."""
    gc.disable()
    for client in clients():
        for way in client.ways.values():
            for posts in (_FEW, _MANY):
                process = os.fork()
                if not process:
                    with way() as url, client.new() as opened:
                        for _ in range(posts):
                            opened.post(url, json=MESSAGE, headers=TOKEN)
                    os._exit(0)
                os.waitpid(process, 0)
                print(process)


if __name__ == "__main__":
    _post()
