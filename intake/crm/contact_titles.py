"""Titles of columns in exports of contacts, and what their cells are called; ordered as in `titles`.

English first, then German, French, Spanish and Dutch, as HubSpot, Salesforce, Pipedrive and Microsoft Dynamics name
them. Case, spaces and punctuation do not matter.
"""

from intake.files.table_header import Columns

CONTACT_COLUMNS: Columns = {
    "person": (
        "Contact ID", "Record ID", "Record ID - Contact", "hs_object_id", "Id", "CRM ID", "Person - ID",
        "(Do Not Modify) Contact", "Kontakt-ID", "Datensatz-ID", "Personen-ID", "(Nicht ändern) Kontakt",
        "ID du contact", "ID de l'enregistrement", "ID del contacto", "ID del registro", "Contactpersoon-ID",
    ),
    "email": (
        "Email", "Email address", "Work email", "Business email", "Primary email",
        "emailaddress1", "Person - Email", "Person - Email - Work", "Person - Email - Home", "Person - Email - Other",
        "E-Mail-Adresse", "Geschäftliche E-Mail", "E-Mail geschäftlich",
        "Person - E-Mail-Adresse", "Person - E-Mail - Arbeit", "Person - E-Mail - Büro", "Person - E-Mail - Privat",
        "Adresse e-mail", "Courriel", "Adresse électronique", "Correo electrónico", "Correo",
        "Dirección de correo electrónico", "E-mailadres",
    ),
    "name": (
        "Full name", "Contact name", "Name", "Person - Name", "Person", "Contact", "Contact: Full name",
        "Vollständiger Name", "Kontaktname", "Ansprechpartner", "Kontakt", "Nom complet", "Nombre completo",
        "Volledige naam", "Naam",
    ),
    "first_name": (
        "First name", "Given name", "Person - First name", "Contact: First name", "Vorname",
        "Person - Vorname", "Prénom", "Nombre", "Voornaam",
    ),
    "last_name": (
        "Last name", "Surname", "Family name", "Person - Last name", "Contact: Last name", "Nachname",
        "Familienname", "Person - Nachname", "Nom", "Nom de famille", "Apellidos", "Apellido", "Achternaam",
    ),
    "job_title": (
        "Job title", "Title", "Position", "Contact title", "Person - Job title", "Person - Title",
        "Stellenbezeichnung", "Berufsbezeichnung", "Jobtitel", "Berufliche Position", "Funktion", "Titel",
        "Person - Stellenbezeichnung", "Intitulé du poste", "Poste", "Fonction", "Cargo", "Puesto", "Functie",
        "Functietitel",
    ),
    "role": (
        "Role", "Buying role", "hs_buying_role", "Contact role", "Decision role", "Person - Role", "Rolle",
        "Kaufrolle", "Einkaufsrolle", "Rolle im Kaufprozess", "Kontaktrolle", "Person - Rolle", "Rôle",
        "Rôle d'achat", "Rol de compra", "Rol", "Aankooprol",
    ),
    "seniority": (
        "Seniority", "hs_seniority", "Employment seniority", "Seniority level", "Management level", "Level",
        "Senioritätsstufe", "Seniorität", "Karrierestufe", "Hierarchieebene", "Führungsebene",
        "Niveau hiérarchique", "Ancienneté", "Antigüedad", "Nivel jerárquico", "Senioriteit",
    ),
    "phone": (
        "Phone number", "Phone", "Business phone", "Work phone", "telephone1", "Direct phone", "Mobile phone number",
        "Mobile phone", "Mobile", "Person - Phone", "Person - Phone - Work", "Person - Phone - Mobile",
        "Telefonnummer", "Telefon", "Telefon (geschäftlich)", "Geschäftliches Telefon",
        "Durchwahl", "Mobiltelefon", "Mobiltelefonnummer", "Handynummer", "Person - Telefon",
        "Person - Telefon - Arbeit", "Numéro de téléphone", "Téléphone", "Número de teléfono", "Teléfono",
        "Telefoonnummer", "Telefoon",
    ),
    "record": (
        "Associated company IDs", "Associated company ID", "Primary associated company ID",
        "AccountId", "Company ID", "Organization ID", "Person - Organization ID", "parentcustomerid",
        "IDs zugehöriger Unternehmen", "Zugehörige Unternehmens-IDs", "ID des zugehörigen Unternehmens",
        "Primäre zugehörige Unternehmens-ID", "Unternehmens-ID", "Organisations-ID",
        "Person - Organisation - ID", "ID de l'entreprise associée", "ID de la empresa asociada",
    ),
    "company": (
        "Associated company", "Company name", "Company", "Account name", "Primary company", "Account",
        "Organization", "Organization name", "Person - Organization", "Associated company names",
        "Unternehmen", "Unternehmensname", "Name des Unternehmens", "Zugehöriges Unternehmen",
        "Primäres Unternehmen", "Firma", "Firmenname", "Kontoname", "Organisation",
        "Person - Organisation", "Nom de l'entreprise", "Entreprise", "Société", "Nom du compte",
        "Nombre de la empresa", "Empresa", "Nombre de la cuenta", "Bedrijfsnaam", "Bedrijf", "Accountnaam",
    ),
    "domain": (
        "Company domain name", "Company domain", "Account domain", "Domain", "Email domain", "Company website",
        "Website URL", "Website", "Domain-Name des Unternehmens", "Unternehmensdomain",
        "Unternehmens-Domain-Name", "Webseite", "Internetseite",
        "Nom de domaine de l'entreprise", "Site web", "Nombre de dominio de la empresa", "Sitio web",
    ),
    "owner": (
        "Contact owner", "hubspot_owner_id", "Owner", "OwnerId", "Owner name", "Person - Owner",
        "Account owner", "Zuständiger Mitarbeiter", "Kontaktinhaber", "Inhaber", "Besitzer",
        "Verantwortlicher", "Zuständig", "Person - Besitzer", "Propriétaire du contact", "Propriétaire",
        "Propietario del contacto", "Propietario", "Eigenaar van contactpersoon", "Eigenaar",
    ),
    "opted_out": (
        "Unsubscribed from all email", "hs_email_optout", "Email opt out", "HasOptedOutOfEmail", "Opted out",
        "Opted out of email", "Opt out", "Do not email", "donotbulkemail", "Do not contact",
        "Do not allow emails", "Do not allow bulk emails", "Person - Marketing status", "Marketing status",
        "Unsubscribed", "Von allen E-Mails abgemeldet", "Abmeldung von allen E-Mails", "Keine E-Mails", "Abgemeldet",
        "E-Mail-Abmeldung", "E-Mails nicht zulassen", "Keine E-Mails zulassen",
        "Massen-E-Mails nicht zulassen", "Widerspruch", "Werbesperre",
        "Désabonné de tous les e-mails", "Désinscrit", "Ha cancelado la suscripción a todo el correo",
        "Afgemeld voor alle e-mail",
    ),
    "created": (
        "Create date", "Created date", "Created", "createdon", "Created at",
        "Add time", "Person created", "Person - Person created", "Erstellungsdatum", "Erstelldatum", "Erstellt am",
        "Angelegt am", "Hinzugefügt am", "Date de création", "Fecha de creación", "Aanmaakdatum",
    ),
    "modified": (
        "SystemModstamp", "Last modified date", "Last modified", "hs_lastmodifieddate",
        "Modified on", "Updated at", "Update time", "Person - Update time",
        "(Do Not Modify) Modified On", "Datum der letzten Änderung", "Letzte Änderung", "Zuletzt geändert",
        "Geändert am", "Letztes Änderungsdatum", "Aktualisiert am", "(Nicht ändern) Geändert am",
        "Date de dernière modification", "Fecha de última modificación", "Laatst gewijzigd",
    ),
    "deleted": ("IsDeleted", "Deleted", "Gelöscht"),
}  # fmt: skip

ROLES = {
    german: role
    for role, texts in {
        "decision_maker": "entscheider entscheiderin entscheidungsträger entscheidungsträgerin décideur beslisser",
        "budget_holder": "budgetverantwortlicher budgetverantwortliche budgetinhaber",
        "champion": "fürsprecher fürsprecherin befürworter befürworterin",
        "influencer": "einflussnehmer einflussnehmerin beeinflusser meinungsbildner influenceur",
        "end_user": "endanwender endanwenderin endbenutzer endnutzer endnutzerin",
        "user": "anwender anwenderin nutzer nutzerin benutzer",
        "blocker": "blockierer verhinderer",
        "executive_sponsor": "sponsor executivesponsor",
        "evaluator": "bewerter prüfer prüferin",
        "unknown": "unbekannt inconnu",
    }.items()
    for german in texts.split()
}
"""Roles as other languages name them, without spaces."""

OPTED_OUT_WORDS = frozenset(
    "unsubscribed optedout optout donotallow donotcontact nichtzulassen abgemeldet widersprochen désabonné désinscrit "
    "dadodebaja uitgeschreven afgemeld".split()
)
OPTED_IN_WORDS = frozenset(
    "subscribed optedin optin allow allowed zulassen zugelassen angemeldet abonniert abonné suscrito aangemeld "
    "noconsent noemailconsent keineeinwilligung neverconsented archived archiviert pending unknown unbekannt none "
    "notset na".split()
)
"""What cells of `opted_out` say apart from yes and no, without spaces and punctuation."""
