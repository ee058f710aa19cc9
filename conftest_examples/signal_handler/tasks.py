"""Work for later, done by a thread of its own: Celery in small."""

import logging
from collections.abc import Callable
from queue import Queue
from threading import Thread
from typing import Any

log = logging.getLogger(__name__)
waiting: Queue[tuple[Callable[..., None], tuple[Any, ...]]] = Queue()


def later(task: Callable[..., None], *args: Any) -> None:
    """Have a task done when there is time for it."""
    waiting.put((task, args))


def _work() -> None:
    while True:
        task, args = waiting.get()
        try:
            task(*args)
        except Exception:  # the next task is not to suffer from this one
            log.exception("the task %s failed", task.__name__)
        finally:
            waiting.task_done()


Thread(target=_work, name="worker", daemon=True).start()
