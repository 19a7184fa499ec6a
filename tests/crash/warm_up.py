"""What takes long to begin with, done once in the server that child processes are forked from. Opens no database."""

from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

from intake.domains import registrable_domain
from intake.recorder import networks, recorder
from intake.vault import vault
from projections import directory
from staffel.cli import main as cli
from tests.crash import case_runner as playing

PRELOADED = (networks, recorder, vault, directory, psycopg, pysqlite, cli, playing)
registrable_domain("www.example.com")
