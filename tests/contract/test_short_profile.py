"""Which tests of every client and several cases are left in the short profile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from support.ways import WAYS, repeated


def items_of(function: str, cases: int, ways: list[Any]) -> list[Any]:
    return [
        SimpleNamespace(
            nodeid=f"{function}[{way.name}-{case}]",
            callspec=SimpleNamespace(params={"world": way, "case": case}, indices={"world": index, "case": case}),
        )
        for case in range(cases)
        for index, way in enumerate(ways)
    ]


@pytest.mark.parametrize("cases", [1, 2, 6, len(WAYS), len(WAYS) + 1, 50])
def test_a_test_of_several_cases_keeps_each_client_and_each_case(cases: int) -> None:
    items = [*items_of("test_one", cases, WAYS), *items_of("test_other", cases, WAYS[:10])]
    left_out = list(repeated(items))
    for function, ways in (("test_one", WAYS), ("test_other", WAYS[:10])):
        kept = [item for item in items if item not in left_out and item.nodeid.startswith(f"{function}[")]
        assert {item.callspec.params["world"].name for item in kept} == {way.name for way in ways}
        assert {item.callspec.params["case"] for item in kept} == set(range(cases))
        assert len(kept) < len(ways) + cases


def test_a_test_without_a_client_or_with_two_of_them_is_left() -> None:
    two = {"world": WAYS[0], "other": WAYS[1]}
    with_two = [
        SimpleNamespace(nodeid=f"test_it[{case}]", callspec=SimpleNamespace(params=two, indices={})) for case in "ab"
    ]
    without = [SimpleNamespace(nodeid="test_it"), SimpleNamespace(nodeid="x", callspec=SimpleNamespace(params={}))]
    assert list(repeated([*with_two, *without])) == []
