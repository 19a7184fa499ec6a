"""The recorder marks the clicks of scanners within a batch."""

from intake.observation import Observation
from tests.intake.recorder.fakes import NOW, RecorderWorld, new_observation


def click(second: int, link: str, message: str = "spring") -> Observation:
    data = {"message": message, "url": link}
    time = NOW - 3_600_000 + second * 1_000
    return new_observation(f"{second}{message}", "email.clicked.v1", email="pat@acme.com", time=time, data=data)


def scan() -> list[Observation]:
    return [click(number, f"/{number}") for number in range(3)]


def test_what_is_recorded_of_a_scan_is_marked(intake: RecorderWorld) -> None:
    intake.record(*scan(), click(99, "/a", "autumn"))
    assert [fact["data"].get("machine") for fact in intake.log.facts()] == [True, True, True, None]


def test_clicks_that_were_recorded_before_stay_as_they_are(intake: RecorderWorld) -> None:
    first, *rest = scan()
    intake.record(first)
    intake.record(first, *rest)
    assert [fact["data"].get("machine") for fact in intake.log.facts()] == [None, True, True]
