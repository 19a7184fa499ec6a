"""Titles of columns in the exports of HubSpot, Salesforce, Pipedrive and Microsoft Dynamics.

English first, then German, French, Spanish and Dutch. HubSpot and Salesforce export the labels of their pages, or the
names of their interfaces; Pipedrive puts the object before the label (`Organization - Name`). Case, spaces and
punctuation do not matter. Of a field's titles the first that a file has and fills is read.
"""

from intake.files.table_header import Columns

ACCOUNT_COLUMNS: Columns = {
    "account": ("Staffel account", "Account key", "Account ID", "Key", "Account-ID"),
    "record": (
        "Record ID", "hs_object_id", "Id", "Company ID", "CRM ID", "Record ID - Company",
        "Organization - ID", "Organization ID", "(Do Not Modify) Account",
        "Datensatz-ID", "Organisation - ID", "Unternehmens-ID", "(Nicht ändern) Firma", "(Nicht ändern) Konto",
        "ID de l'enregistrement", "ID del registro", "Record-ID",
    ),
    "name": (
        "Company name", "Account name", "Name", "Company", "Account", "Organization", "Organization - Name",
        "Organization name", "Firma", "Unternehmen", "Unternehmensname", "Name des Unternehmens", "Accountname",
        "Firmenname", "Kontoname", "Organisation", "Organisation - Name", "Nom de l'entreprise",
        "Nom du compte", "Nom", "Entreprise", "Société", "Nombre de la empresa", "Nombre de la cuenta", "Empresa",
        "Bedrijfsnaam", "Naam", "Accountnaam",
    ),
    "domains": (
        "Company domain name", "Domain", "Domains", "Website URL", "Website", "Web site", "URL", "Homepage",
        "Organization - Website", "Organization - Domain", "Domain-Name des Unternehmens", "Unternehmensdomain",
        "Unternehmens-Domain-Name", "Domain-Name", "Website-URL", "Webseite", "Internetseite", "Internetadresse",
        "Organisation - Website", "Nom de domaine de l'entreprise", "URL du site web", "Site web",
        "Nombre de dominio de la empresa", "URL del sitio web", "Sitio web", "Domeinnaam van bedrijf",
    ),
    "more_domains": (
        "Additional domains", "hs_additional_domains", "Other domains", "Zusätzliche Domains", "Weitere Domains",
        "Domaines supplémentaires", "Dominios adicionales",
    ),
    "industry": (
        "Industry", "Sector", "Branche", "Vertical", "Organization - Industry", "Organisation - Branche",
        "Secteur d'activité", "Secteur", "Industria", "Bedrijfstak", "Wirtschaftszweig",
    ),
    "employees": (
        "Number of employees", "numberofemployees", "Employees", "Company size", "Employee count", "Mitarbeiter",
        "Organization - Employee count", "Organization - Number of employees", "Anzahl der Mitarbeiter",
        "Anzahl Mitarbeiter", "Mitarbeiterzahl", "Mitarbeiteranzahl", "Beschäftigte", "Zahl der Beschäftigten",
        "Nombre d'employés", "Effectif", "Employés", "Número de empleados", "Empleados", "Aantal werknemers",
        "Aantal medewerkers",
    ),
    "revenue": (
        "Annual revenue", "Revenue", "Umsatz", "Organization - Annual revenue", "Jahresumsatz", "Chiffre d'affaires",
        "Chiffre d'affaires annuel", "Ingresos anuales", "Jaaromzet", "Omzet",
    ),
    "country": (
        "Country code", "Billing country code", "Country/Region", "Country", "Billing country", "Land",
        "Office location", "Address 1: Country/Region", "Organization - Country of Address",
        "Organization - Address - Country", "Billing state/province/country", "Land/Region", "Rechnungsland",
        "Land (Rechnung)", "Rechnungsanschrift Land", "Land (Rechnungsanschrift)", "Adresse 1: Land/Region",
        "Pays", "Pays/Région", "Pays de facturation", "País", "País/región", "Land/regio", "Staat",
    ),
    "segment": (
        "Segment", "Tier", "Ideal customer profile tier", "Customer segment", "Organization - Label", "Kundensegment",
    ),
    "owner": (
        "Company owner", "Account owner", "Owner", "hubspot_owner_id", "OwnerId", "Owner ID", "Sales agent",
        "Organization - Owner", "Für Unternehmen zuständiger Mitarbeiter", "Zuständiger Mitarbeiter für Unternehmen",
        "Accountinhaber", "Account-Inhaber", "Inhaber", "Besitzer", "Organisation - Besitzer", "Organisation - Inhaber",
        "Kundenbetreuer", "Propriétaire de l'entreprise", "Propriétaire du compte", "Propriétaire",
        "Propietario de la empresa", "Propietario", "Eigenaar van bedrijf", "Eigenaar",
    ),
    "customer": (
        "Customer", "Is customer", "Lifecycle stage", "Account type", "Type", "Relationship type", "Lifecycle-Phase",
        "Typ", "Accounttyp", "Beziehungstyp", "Phase du cycle de vie", "Etapa del ciclo de vida", "Levenscyclusfase",
    ),
    "target": ("Target account", "hs_is_target_account", "Target", "Named account", "Zielaccount", "Zielkunde",
               "Compte cible", "Cuenta objetivo"),
    "parent": (
        "Parent company", "Parent account", "ParentId", "Parent account ID", "Parent", "Subsidiary of",
        "Parent account name", "Übergeordnetes Unternehmen", "Mutterunternehmen", "Muttergesellschaft",
        "Übergeordneter Account", "Übergeordnete Firma", "Konzernmutter", "Entreprise mère", "Société mère",
        "Empresa matriz", "Moederbedrijf",
    ),
    "created": (
        "Create date", "Created date", "Created", "createdate", "Created at", "Created on", "Date created",
        "Organization - Organization created", "Organization created", "Erstellt am", "Erstelldatum",
        "Erstellungsdatum", "Angelegt am", "Organisation - Organisation erstellt", "Date de création",
        "Fecha de creación", "Aanmaakdatum",
    ),
    "modified": (
        "SystemModstamp", "Last modified date", "Last modified", "hs_lastmodifieddate", "Updated at", "Modified on",
        "(Do Not Modify) Modified On", "Organization - Update time", "Update time", "Datum der letzten Änderung",
        "Letzte Änderung", "Zuletzt geändert am", "Zuletzt geändert", "Geändert am", "(Nicht ändern) Geändert am",
        "Organisation - Aktualisierungszeit", "Date de dernière modification", "Fecha de última modificación",
        "Datum laatst gewijzigd",
    ),
    "deleted": ("IsDeleted", "Deleted", "Gelöscht"),
}  # fmt: skip

OPPORTUNITY_COLUMNS: Columns = {
    "opportunity": (
        "Opportunity ID", "Deal ID", "Record ID", "hs_object_id", "Id", "Deal - ID", "(Do Not Modify) Opportunity",
        "Opportunity-ID", "Datensatz-ID", "(Nicht ändern) Verkaufschance", "ID de l'enregistrement", "ID del registro",
    ),
    "title": (
        "Deal name", "Opportunity name", "dealname", "Name", "Title", "Deal - Title", "Topic", "Opportunity: Name",
        "Dealname", "Titel", "Deal - Titel", "Opportunity-Name", "Thema", "Nom de la transaction",
        "Nom de l'opportunité", "Nombre del negocio", "Nombre de la oportunidad", "Dealnaam", "Naam",
    ),
    "record": (
        "Primary associated company ID", "Primary company ID", "Associated company IDs (Primary)",
        "Associated company IDs", "Associated company ID", "AccountId", "Account ID", "Company ID", "Organization ID",
        "Organization - ID", "Deal - Organization ID", "Zugehörige Unternehmens-IDs", "Zugehörige Unternehmens-ID",
        "Zugeordnete Unternehmens-IDs", "Account-ID", "Organisation - ID",
    ),
    "name": (
        "Primary associated company", "Primary company", "Associated company (Primary)", "Associated company",
        "Account name", "Associated company name", "Account", "Company", "Company name", "Organization",
        "Deal - Organization", "Organization - Name", "Organization name", "Potential customer",
        "Zugehöriges Unternehmen", "Zugeordnetes Unternehmen", "Accountname", "Account-Name", "Unternehmen", "Firma",
        "Organisation", "Deal - Organisation", "Organisation - Name", "Potenzieller Kunde", "Kunde", "Kundenname",
        "Entreprise associée", "Nom du compte", "Entreprise", "Société", "Empresa asociada", "Empresa",
        "Nombre de la cuenta", "Bedrijf", "Accountnaam",
    ),
    "domain": ("Company domain name", "Account domain", "Domain", "Website", "Webseite", "Site web", "Sitio web"),
    "stage": (
        "Deal stage", "Stage name", "StageName", "Stage", "dealstage", "Phase", "Deal - Stage", "Sales stage",
        "Pipeline phase", "Deal-Phase", "Dealphase", "Deal - Phase", "Verkaufsphase", "Vertriebsphase",
        "Phase de la transaction", "Étape", "Étape de la transaction", "Etapa del negocio", "Etapa", "Dealfase", "Fase",
    ),
    "status": (
        "Deal status", "Deal - Status", "Opportunity status", "Status", "State", "Estado", "Statut", "Stato",
    ),
    "amount": (
        "Amount", "Close value", "Value", "Deal amount", "Betrag", "Deal - Value", "Deal value", "Actual revenue",
        "Amount (converted)",
        "Est. revenue", "Estimated revenue", "Wert", "Deal - Wert", "Tatsächlicher Umsatz", "Geschätzter Umsatz",
        "Auftragswert", "Montant", "Importe", "Cantidad", "Bedrag", "Waarde",
    ),
    "currency": (
        "Currency", "Deal currency", "CurrencyIsoCode", "deal_currency_code", "Währung", "Deal - Currency",
        "Currency of value", "Deal - Currency of Value", "Opportunity currency", "Amount currency", "Deal - Währung",
        "Betragswährung", "Devise", "Moneda", "Divisa", "Valuta",
    ),
    "created": (
        "Create date", "Created date", "Created", "createdate", "Engage date", "Opened", "Open date", "Deal created",
        "Deal - Deal created", "Created on", "Created at", "Date created", "Erstelldatum", "Erstellungsdatum",
        "Erstellt am", "Angelegt am", "Deal erstellt", "Deal - Deal erstellt", "Date de création", "Fecha de creación",
        "Aanmaakdatum",
    ),
    "closed": (
        "Close date", "Closed date", "closedate", "Actual close date", "Deal closed on", "Deal - Deal closed on",
        "Closed on", "Schlusstermin", "Schlussdatum", "Abschlussdatum", "Tatsächliches Abschlussdatum",
        "Deal geschlossen am", "Date de fermeture", "Date de clôture", "Fecha de cierre", "Sluitingsdatum",
        "Est. close date", "Estimated close date", "Geschätztes Abschlussdatum", "Closed",
    ),
    "won_on": ("Won time", "Deal - Won time", "Won date", "Won at", "Gewonnen am", "Zeitpunkt gewonnen"),
    "lost_on": ("Lost time", "Deal - Lost time", "Lost date", "Lost at", "Verloren am", "Zeitpunkt verloren"),
    "moved": (
        "Last stage change date", "Stage changed", "Date entered current stage", "hs_v2_date_entered_current_stage",
        "Last stage change", "Deal - Last stage change", "Letzte Phasenänderung", "Datum der letzten Phasenänderung",
    ),
    "won": ("Is closed won", "IsWon", "Won", "hs_is_closed_won", "Gewonnen", "Ist gewonnen", "Gagnée"),
    "lost": ("Is closed lost", "hs_is_closed_lost", "IsLost", "Lost", "Verloren", "Ist abgeschlossen und verloren"),
    "over": ("Is closed", "IsClosed", "hs_is_closed", "Closed", "Geschlossen", "Ist abgeschlossen", "Fermée"),
    "probability": (
        "Probability (%)", "Probability", "Deal probability", "Wahrscheinlichkeit (%)", "Wahrscheinlichkeit",
    ),
    "reason": (
        "Closed lost reason", "Closed won reason", "Loss reason", "Lost reason", "Reason", "Grund",
        "Deal - Lost reason", "Status reason", "Verlustgrund", "Grund für Verlust",
        "Grund für verlorenen Deal", "Deal - Verlustgrund",
        "Statusgrund", "Motif de perte", "Motivo de pérdida", "Verliesreden",
    ),
    "handoff": ("Staffel handoff", "Handoff", "Handoff ID", "Staffel-Übergabe"),
    "deleted": ("IsDeleted", "Deleted", "Gelöscht"),
}  # fmt: skip
