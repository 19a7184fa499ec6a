"""Tables of contacts: persons of companies, in the columns of the common CRMs."""

from pathlib import Path

import pytest

from intake.crm.cells import ExportOptions
from intake.crm.contact_titles import CONTACT_COLUMNS
from intake.crm.contacts import read_contacts
from intake.files.table_header import normalized_header
from intake.observation import Filtered, Item, Observation, Rejected
from schemas.facts.validation import check_fact
from schemas.times import parse_time

CREATED, MODIFIED = "2025-01-02", "2025-03-04"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "contacts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def contacts_of(folder: Path, *lines: str, **options: object) -> list[Item]:
    return list(read_contacts(table(folder, *lines), export=ExportOptions(**options)))  # type: ignore[arg-type]


def only(items: list[Item]) -> Observation:
    [item] = items
    assert isinstance(item, Observation)
    return item


PAT = Observation(
    where="contacts.csv:2",
    source="hubspot/c",
    id="contact:pat@acme.com",
    personal=("id",),
    type="contact.registered.v1",
    time=parse_time(f"{CREATED}T00:00:00Z"),
    data={"role": "decision_maker", "seniority": "director", "owner": "anna", "system": "hubspot"},
    email="pat@acme.com",
    person="901",
    name="Pat Lee",
    job_title="Head of IT",
    phone="+49 30 1",
    account_hint="1001",
    company_name="Acme AG",
    host="acme.com",
    profile=True,
    modified_at=parse_time(f"{MODIFIED}T00:00:00Z"),
)
CELLS = (
    "901,Pat,Lee,Pat@Acme.com,Head of IT,+49 30 1,{role},{level},1001,Acme AG,www.acme.com,anna,"
    f"{CREATED},{MODIFIED}"
)


@pytest.mark.parametrize(
    ("header", "role", "level"),
    [
        (
            "Record ID,First Name,Last Name,Email,Job Title,Phone Number,Buying Role,Employment Seniority,"
            "Associated Company IDs,Associated Company,Website URL,Contact owner,Create Date,Last Modified Date",
            "Decision Maker",
            "Director",
        ),
        (
            "hs_object_id,firstname,lastname,email,jobtitle,phone,hs_buying_role,hs_seniority,associatedcompanyid,"
            "company,website,hubspot_owner_id,createdate,lastmodifieddate",
            "DECISION_MAKER",
            "director",
        ),
        (
            "Datensatz-ID,Vorname,Nachname,E-Mail-Adresse,Stellenbezeichnung,Telefonnummer,Kaufrolle,Senioritätsstufe,"
            "Zugehörige Unternehmens-IDs,Unternehmensname,Website-URL,Zuständiger Mitarbeiter,Erstellungsdatum,"
            "Datum der letzten Änderung",
            "Entscheider",
            "director",
        ),
        (
            "Id,FirstName,LastName,Email,Title,Phone,Role,Level,AccountId,Account Name,Website,OwnerId,CreatedDate,"
            "LastModifiedDate",
            "decision_maker",
            "Director",
        ),
        (
            "Person - ID,Person - First name,Person - Last name,Person - Email - Work,Person - Job title,"
            "Person - Phone - Work,Person - Role,Seniority,Person - Organization ID,Person - Organization,Domain,"
            "Person - Owner,Person - Person created,Person - Update time",
            "decision-maker; champion",
            "Director",
        ),
        (
            "(Nicht ändern) Kontakt,Vorname,Nachname,E-Mail,Position,Telefon (geschäftlich),Rolle,Führungsebene,"
            "Account-ID,Firmenname,Webseite,Besitzer,Erstellt am,(Nicht ändern) Geändert am",
            "Entscheidungsträgerin",
            "Director",
        ),
    ],
    ids=["HubSpot", "HubSpot, internal", "HubSpot, German", "Salesforce", "Pipedrive", "Dynamics, German"],
)
def test_a_contact_in_the_columns_of_a_crm(tmp_path: Path, header: str, role: str, level: str) -> None:
    row = CELLS.format(role=role, level=level)
    assert only(contacts_of(tmp_path, header, row, source="hubspot/c")) == PAT


def test_what_is_recorded_of_a_contact_is_valid_and_holds_nothing_personal() -> None:
    assert check_fact(PAT.type, PAT.data) is PAT.data
    assert {"Pat Lee", "pat@acme.com", "Head of IT", "+49 30 1"}.isdisjoint(PAT.data.values())


def test_a_contact_without_dates_is_known_from_the_beginning(tmp_path: Path) -> None:
    contact = only(contacts_of(tmp_path, "Email", "pat@acme.com"))
    assert (contact.time, contact.modified_at, contact.data) == (0, None, {"system": "crm"})
    dated = only(contacts_of(tmp_path, "Email", "pat@acme.com", as_of=17))
    assert (dated.time, dated.modified_at) == (17, 17)


def test_a_contact_without_an_address_is_known_by_its_id(tmp_path: Path) -> None:
    contact = only(contacts_of(tmp_path, "Contact ID,Full name,Email", "901,Pat Lee,n/a"))
    assert (contact.email, contact.person, contact.name, contact.id) == (None, "901", "Pat Lee", "contact:901")


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("mailto:pat@acme.com", "pat@acme.com"),
        ("pat@acme.com; lee@acme.com", "pat@acme.com"),
        ("<pat@acme.com>", "pat@acme.com"),
        ("none, lee@acme.com", "lee@acme.com"),
    ],
)
def test_the_first_address_of_a_cell_is_used(tmp_path: Path, cell: str, address: str) -> None:
    assert only(contacts_of(tmp_path, "Contact ID\tEmail", f"901\t{cell}")).email == address


@pytest.mark.parametrize("cell", ["linkedin.com/company/acme", "gmail.com", "unknown"])
def test_a_domain_that_says_nothing_of_the_company_is_ignored(tmp_path: Path, cell: str) -> None:
    assert only(contacts_of(tmp_path, "Email,Company domain", f"pat@acme.com,{cell}")).host is None


def test_of_several_companies_the_first_is_used(tmp_path: Path) -> None:
    header = "Email,Associated Company IDs,Associated Company"
    contact = only(contacts_of(tmp_path, header, "pat@acme.com,1001;1002,Acme AG;Beta"))
    assert (contact.account_hint, contact.company_name) == ("1001", "Acme AG")


@pytest.mark.parametrize(
    "cell", ["yes", "TRUE", "1", "ja", "Unsubscribed", "Do Not Allow", "Nicht zulassen", "opted out"]
)
def test_who_opted_out_is_suppressed(tmp_path: Path, cell: str) -> None:
    header = "Email,Company,Unsubscribed from all email,Last modified"
    registered, suppressed = contacts_of(tmp_path, header, f"pat@acme.com,Acme AG,{cell},{MODIFIED}")
    assert isinstance(registered, Observation)
    assert suppressed == Observation(
        where="contacts.csv:2",
        source="crm",
        id="contact:pat@acme.com:suppressed",
        personal=("id",),
        type="contact.suppressed.v1",
        time=parse_time(f"{MODIFIED}T00:00:00Z"),
        email="pat@acme.com",
        account_hint="Acme AG",
        company_name="Acme AG",
    )


def test_texts_are_cleaned_and_never_refused(tmp_path: Path) -> None:
    header = "Email,Full name,Job title,Phone,Company,Owner"
    row = f'pat@acme.com,"Pat\n\x07 Lee","{"x" * 900}",+49\x9b30 1,"Acme\tAG",an\x02na'
    contact = only(contacts_of(tmp_path, header, row))
    assert (contact.name, contact.job_title, contact.phone) == ("Pat Lee", "x" * 200, "+49 30 1")
    assert (contact.company_name, contact.data["owner"]) == ("Acme AG", "an na")


def test_any_of_several_columns_may_say_that_somebody_opted_out(tmp_path: Path) -> None:
    header = "Email,Unsubscribed from all email,Do not contact"
    items = contacts_of(tmp_path, header, "pat@acme.com,false,true")
    assert [each.type for each in items if isinstance(each, Observation)] == [
        "contact.registered.v1",
        "contact.suppressed.v1",
    ]


def test_any_of_several_columns_may_hold_the_address(tmp_path: Path) -> None:
    assert only(contacts_of(tmp_path, "Email,Work email", "n/a,pat@acme.com")).email == "pat@acme.com"


@pytest.mark.parametrize("cell", ["", "-", "n/a", "no", "false", "0", "subscribed", "Allow", "no consent"])
def test_nothing_in_a_table_releases_a_contact(tmp_path: Path, cell: str) -> None:
    [registered] = contacts_of(tmp_path, "Email,Opted out", f"pat@acme.com,{cell}")
    assert isinstance(registered, Observation)
    assert registered.type == "contact.registered.v1"


@pytest.mark.parametrize(
    ("header", "row", "code", "why"),
    [
        ("Email,Name", ",Pat", "no_person", "no e-mail address, and no id of the contact: fill in one of them"),
        ("Email,Name", "n/a,Pat", "no_person", "no e-mail address, and no id of the contact: fill in one of them"),
        ("Email,Opted out", "a@b.com,who knows", "bad_value", "write yes for contacts who opted out"),
        ("Email,Created", "a@b.com,someday", "bad_time", "not a date"),
        ("Email,Contact ID", "a@b.com,9.01E+11", "damaged_id", "a spreadsheet has rounded the id"),
        ("Name", "Pat", "missing_column", "columns found: 'Name'"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_reason(
    tmp_path: Path, header: str, row: str, code: str, why: str
) -> None:
    [rejected] = contacts_of(tmp_path, header, row)
    assert isinstance(rejected, Rejected)
    assert (rejected.code, why in rejected.why) == (code, True)


def test_a_second_row_of_a_contact_at_one_company_is_rejected_without_naming_the_person(tmp_path: Path) -> None:
    first, second, elsewhere = contacts_of(
        tmp_path, "Email,Company", "pat@acme.com,Acme", "PAT@acme.com,Acme", "pat@acme.com,Beta"
    )
    assert isinstance(first, Observation)
    assert isinstance(elsewhere, Observation)
    why = "the contact is already in contacts.csv:2, at the same company: merge the rows"
    assert second == Rejected("contacts.csv:3", "duplicate_contact", why)


def test_contacts_that_were_deleted_in_the_crm_are_skipped(tmp_path: Path) -> None:
    assert contacts_of(tmp_path, "Email,IsDeleted", "pat@acme.com,true") == [
        Filtered("contacts.csv:2", "deleted in the CRM")
    ]


def test_a_title_names_one_field() -> None:
    names = [normalized_header(title) for titles in CONTACT_COLUMNS.values() for title in titles]
    assert len(names) == len(set(names))
