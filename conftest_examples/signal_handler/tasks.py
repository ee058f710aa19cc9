"""A queue of tasks and a worker thread, as a minimal replacement for Celery."""

import logging
from collections.abc import Callable
from queue import Queue
from threading import Thread
from typing import Any

log = logging.getLogger(__name__)
waiting: Queue[tuple[Callable[..., None], tuple[Any, ...]]] = Queue()


def later(task: Callable[..., None], *args: Any) -> None:
    """Queue a task for the worker."""
    waiting.put((task, args))


def _work() -> None:
    while True:
        task, args = waiting.get()
        try:
            task(*args)
        except Exception:  # the worker continues with the next task
            log.exception("the task %s failed", task.__name__)
        finally:
            waiting.task_done()


Thread(target=_work, name="worker", daemon=True).start()
