"""Opportunities name the handoff that they came from."""

from pathlib import Path

from intake.crm import opportunities as crm_opportunities
from intake.observation import Observation


def test_an_opportunity_names_the_handoff_that_it_came_from(tmp_path: Path) -> None:
    rows = (
        "Deal ID,Account,Deal stage,Create date,Close date,Staffel handoff",
        "1,Acme,Closed Won,2016-10-20,2017-03-01,acme.com/acquisition/1",
        "2,Acme,Closed Lost,,2017-03-01,acme.com/acquisition/2",
        "3,Acme,Proposal,2016-10-20,,",
    )
    path = tmp_path / "crm.csv"
    path.write_text("\n".join(rows))
    items = crm_opportunities.read_opportunities(path)
    named = [(item.id, item.data.get("handoff")) for item in items if isinstance(item, Observation)]
    assert named == [
        ("opportunity:1:opened", "acme.com/acquisition/1"),
        ("opportunity:1:won:2017-03-01T00:00:00.000Z", "acme.com/acquisition/1"),
        ("opportunity:2:lost:2017-03-01T00:00:00.000Z", None),
        ("opportunity:3:opened", None),
    ]
