"""The declaration of an endpoint: what its API looks like, in types of Python.

Nothing here decodes a request. A mark adds to a type what Python cannot say, as keywords of JSON schema. Parameters are
declared by name and type; a dict is an object with these keys, and a list of one type is a list of such items:

    @route("GET", "/chat/Thing/{id}", takes={"force": Flag}, replies={200: ThingRecord})
    @refuses(not_found)
    def get_thing(store: Store, call: Call, thing_id: ObjectId) -> Reply:

An endpoint takes the store, the call, and the value of each variable in its path. It returns a status and a body
(strings and bytes are sent unchanged, anything else as JSON), or a `Response` for calls outside the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pytest_qbchat.service.wire import Response

T = TypeVar("T")
E = TypeVar("E", bound=Callable[..., Any])
Reply = tuple[int, Any] | Response
Callers = Literal["user", "user or key", "session", "session or key", "key", "account key", "anybody"]


class Mark:
    """Keywords of JSON schema that a type of Python lacks."""

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords


class Also(Mark):
    """A further spelling, for requests only."""


class Needed(NamedTuple):
    """A parameter that is required."""

    type: Any


OPEN = Mark()  # an object that may have custom fields
Custom = Annotated[Any, Mark(type=["string", "number", "boolean", "object", "array", "null"])]
WithCustomFields = Annotated[T, OPEN]

Flag = Annotated[Literal[0, 1], Also(enum=["0", "1"])]
OffFlag = Annotated[Literal[0, 1], Also(enum=["0", "1"])]  # 0 has an effect, not 1
Number = Annotated[int, Also(type="string", pattern=r"^-?\d+$")]
Numbers = Annotated[list[int], Also(type=["string", "integer"])]  # 1,2 or [1, 2]
Texts = Annotated[list[str], Also(type="string")]
ObjectId = Annotated[str, Mark(pattern="^[0-9a-fA-F]{24}$")]
ObjectIds = Annotated[str, Mark(pattern="^[0-9a-fA-F]{24}(,[0-9a-fA-F]{24})*$")]
Digits = Annotated[str, Mark(pattern=r"^\d+$")]  # a number in a path
Time = Annotated[str, Mark(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]

RANGE = frozenset({"lt", "lte", "gt", "gte"})
SET = frozenset({"in", "nin"})
NE = frozenset({"ne"})
CTN = frozenset({"ctn"})
LIST = {"limit": Number, "skip": Number, "count": Flag, "sort_asc": str, "sort_desc": str}
PAGE = {"page": Number, "per_page": Number}


def page_of(wrapper: str, record: Any) -> dict[str, Any]:
    """The reply with one page of users or files."""
    return {"current_page": int, "per_page": int, "total_entries": int, "items": [{wrapper: record}]}


class Field(NamedTuple):
    """A field that a list can be filtered and sorted by.

    Attributes:
        kind: Converts the value in a request for the comparison. Raises TypeError or ValueError.
        operators: The documented operators besides equality.
    """

    get: Callable[[Any], Any]
    kind: Callable[[Any], Any] = str
    operators: frozenset[str] = frozenset()


class Route:
    """A path of the API, and what is declared about it; see `route`.

    Attributes:
        path: Without the suffix `.json`, which is optional throughout this API (documented with it, observed without).
        takes: The parameters, without the filters.
        open: Whether the route needs neither a token nor an API key.
        known: The names of all parameters.
    """

    method: str
    path: str
    endpoint: Callable[..., Reply]
    takes: dict[str, Any]
    filters: Mapping[str, Field]
    custom_fields: bool
    replies: Mapping[int, Any]
    refusals: tuple[Callable[..., Exception], ...]
    callers: Callers
    raw: bool

    def __init__(self, **declared: Any) -> None:
        self.__dict__ |= declared
        self.open = self.callers in ("anybody", "account key")
        self.known = {*self.takes, *self.filters}

    def __str__(self) -> str:
        suffix = "" if self.raw or self.path.endswith(("/tokens", "/download", ".xml")) else ".json"
        return f"{self.method} {self.path}{suffix}"

    def snapshot(self) -> Callable[[], object]:
        """A declaration does not change, so that nothing is restored."""
        return bool


DECLARED: list[Route] = []
_REFUSALS: dict[Callable[..., Any], tuple[Callable[..., Exception], ...]] = {}
_EMPTY = {200: None}


def route(
    method: str,
    *paths: str,
    takes: Mapping[str, Any] | None = None,
    filters: Mapping[str, Field] | None = None,
    paged: bool = False,
    custom_fields: bool = False,
    replies: Mapping[int, Any] = _EMPTY,
    callers: Callers = "user",
    raw: bool = False,
) -> Callable[[E], E]:
    """Declare the endpoint of a method and a path, or of several paths.

    Args:
        method: In upper case.
        *paths: Without `.json`, with the names of variables in braces.
        takes: Parameters by name and type; a dict in place of a type is an object.
        filters: Fields of a list. They add `limit`, `skip`, `count`, `sort_asc` and `sort_desc`.
        paged: Whether there are also `page` and `per_page`.
        custom_fields: Whether every other parameter is stored and returned. Otherwise it is ignored with a warning.
        replies: The body by status, as a type; None is an empty body. If omitted, it is empty, with status 200.
        callers: Who may call. A "session" is that of a user or of the application.
        raw: Whether the body is bytes, not parameters.
    """
    declared = {"filters": filters or {}, "custom_fields": custom_fields, "replies": replies}
    parameters = {**(takes or {}), **(LIST if filters else {}), **(PAGE if paged else {})}
    declared |= {"method": method, "takes": parameters, "callers": callers, "raw": raw}

    def declare(endpoint: E) -> E:
        refusals = _REFUSALS.get(endpoint, ())
        DECLARED.extend(Route(path=path, endpoint=endpoint, refusals=refusals, **declared) for path in paths)
        return endpoint

    return declare


def refuses(*refusals: Callable[..., Exception]) -> Callable[[E], E]:
    """Declare, below the routes of an endpoint, what makes the errors that it may raise itself."""

    def declare(endpoint: E) -> E:
        _REFUSALS[endpoint] = refusals
        return endpoint

    return declare
