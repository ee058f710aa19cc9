"""Records that other code may keep: copies, pickles and snapshots contain their fields, masked, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, make_dataclass
from typing import Any, TypeVar, cast, dataclass_transform

from pytest_qbchat.service.guessed_names import Hinted
from pytest_qbchat.service.masking import mask_fields

T = TypeVar("T")


class Record(Hinted):
    """A record. It refers to the whole state, so its copy is a dict of its fields, to which it is equal."""

    __slots__ = ()

    @property
    def _fields(self) -> Any:
        return json.loads(mask_fields(json.dumps(cast("Any", self).as_dict())))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self._fields), (self._fields,)

    def __eq__(self, other: object) -> bool:
        return bool(self._fields == other) if isinstance(other, dict) else NotImplemented

    __hash__ = object.__hash__


_SHOWN = make_dataclass("_Shown", ["_fields"])


@dataclass_transform(eq_default=False)
def record(kind: type[T]) -> type[T]:
    """Make a dataclass that shows only `_fields` to snapshot tools, which read `__dataclass_fields__`."""
    made = dataclass(slots=True, eq=False)(kind)
    made.__dataclass_fields__ = _SHOWN.__dataclass_fields__  # type: ignore[attr-defined]  # `made` is a dataclass
    return made
