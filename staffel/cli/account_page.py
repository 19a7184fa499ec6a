"""What a page about an account or a handoff shows besides the report: persons, marks, the viewer's zone."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from audit import HandoffView, account_report
from intake.vault import Person
from projections import open_queries
from schemas import parse_time
from staffel.application import Application
from staffel.cli.people import Names, asked_contacts, names_of, person_json
from staffel.cli.viewer import Viewer, viewer_of

Json = dict[str, Any]


class AccountPage(NamedTuple):
    """A report with what is needed to show it: the persons of the vault, and the zone of the viewer."""

    report: Json
    persons: Mapping[str, Person]
    names: Names
    viewer: Viewer


def account_page(application: Application, report: Json) -> AccountPage:
    """The report with its persons; who asked to be left alone in another account is marked, too."""
    contacts = {contact["contact"] for contact in report["contacts"]}
    with open_queries(application.engine) as queries:
        asked = asked_contacts(queries)
    for contact in report["contacts"]:
        contact["asked"] = contact["asked"] or asked.get(contact["contact"])
    contacts |= {person for handoff in report["handoffs"] for person in handoff.people}
    persons = application.vault.persons(contacts)
    return AccountPage(report, persons, names_of(persons), viewer_of(application, parse_time(report["as_of"])))


def named_contacts(page: AccountPage) -> Json:
    contacts = [
        contact | person_json(page.persons.get(contact["contact"]), contact["asked"])
        for contact in page.report["contacts"]
    ]
    return page.report | {"contacts": contacts}


def page_of_handoff(application: Application, view: HandoffView, viewer: Viewer) -> AccountPage | None:
    """The page of the account of a handoff; None while a rebuild has not come to it."""
    report = account_report(
        application.engine,
        application.log,
        application.plan,
        view.account,
        viewer.as_of,
        historic=False,
        lines=True,
        deep=False,
    )
    return None if report is None else account_page(application, report)


def told_handoff(view: HandoffView, page: AccountPage | None) -> Json:
    """The fields of a handoff; its cause, and of each reason what was done last before the crossing, in words."""
    result: Json = {name: getattr(view, name) for name in view.__struct_fields__}
    if page is None:
        return result
    own = [line for line in page.report["lines"] if line["track"] == view.track and line["time"] <= view.crossed_at]
    done = {(line["rule"], line["contact"]): line["done"] for line in sorted(own, key=lambda line: line["time"])}
    reasons = [reason | {"done": done.get((reason["rule"], reason["contact"]))} for reason in view.reasons]
    because = next((line["done"] for line in page.report["lines"] if line["event"] == view.fact), None)
    return result | {"reasons": reasons, "because": because}
