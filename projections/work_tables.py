"""The tables that no rebuild touches: positions, work in hand of the reactors, the directory. Never a read model.

Every row has a key that follows from the log, so writing it again changes nothing.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text

from projections.columns import Serial, ms

metadata = MetaData()

projections = Table(
    "projections",
    metadata,
    Column("projection", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)
"""The pointer: which version of the read models is asked."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("projection", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("engagement_next", BigInteger, nullable=False),
)
"""The next offset of `scores` to read, and how far into `engagement` what was read reaches."""

outbox = Table(
    "outbox",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    ms("at", nullable=False),
    Column("published", Boolean, nullable=False),
    Index("outbox_waiting", "published", "n"),
)
"""`event` is a CloudEvent whose `recordedtime` is empty, which the relay writes."""

parked = Table(
    "parked",
    metadata,
    Column("account", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    ms("time", nullable=False),
    Column("event", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("fact", LargeBinary, nullable=False),
)

moves = Table(
    "moves",
    metadata,
    Column("move", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("to_account", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Index("moves_open", "done"),
    Index("moves_by_account", "account"),
)

leases = Table(
    "leases",
    metadata,
    Column("role", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    ms("until", nullable=False),
)

directory_accounts = Table(
    "directory_accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text),
    Column("name_key", Text),
    Column("seq", BigInteger, nullable=False),
    Index("directory_accounts_by_name", "name_key"),
)
"""`name_key` is the name with case and blanks evened out."""

directory_domains = Table(
    "directory_domains",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Index("directory_domains_by_account", "account"),
)

directory_visitors = Table(
    "directory_visitors",
    metadata,
    Column("visitor", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("contact", Text),
)

directory_contacts = Table(
    "directory_contacts",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("account", Text, nullable=False),
)
