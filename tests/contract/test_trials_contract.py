"""A fault at every call, over every client: each has its own errors, and the fake finds its calls again."""

from __future__ import annotations

from support.ways import DIALOG, World

PATIENCE = 1  # seconds, which a client waits where the answer has a line to come over


def test_each_call_gets_each_fault_and_the_errors_of_the_client_are_expected(world: World) -> None:
    seen = []
    for trial in world.fake.each_fault("timeout-stored", "disconnect", 503, methods=["POST"]):
        statuses: list[int] = []
        with trial:
            for text in ("one", "two"):
                body = {"chat_dialog_id": DIALOG, "message": text}
                statuses.append(world.post(body, timeout=PATIENCE).status_code)
        posted = [message.message for message in world.fake.posted]
        seen.append((trial.fault, statuses, trial.error and type(trial.error), trial.recovered, posted))
        assert len(trial.calls) == len(world.fake.calls)

    timeout, disconnect = ({world.way.error(what)} for what in ("timeout", "disconnect"))
    assert [(fault, statuses, recovered, posted) for fault, statuses, _, recovered, posted in seen] == [
        (None, [201, 201], False, ["one", "two"]),
        ("1:timeout-stored", [], False, ["one"]),
        ("1:disconnect", [], False, []),
        ("1:503", [503, 201], True, ["two"]),
        ("2:timeout-stored", [201], False, ["one", "two"]),
        ("2:disconnect", [201], False, ["one"]),
        ("2:503", [201, 503], True, ["one"]),
    ]
    errors = [error for *_, error, _, _ in seen]
    for expected, found in zip([timeout, disconnect, timeout, disconnect], [*errors[1:3], *errors[4:6]], strict=True):
        assert any(issubclass(found, each) for each in expected)  # type: ignore[arg-type]
