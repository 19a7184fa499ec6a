"""Slow imports and caches, loaded once in the fork server. Opens no database."""

from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

from intake.domains import registrable_domain
from intake.recorder import networks, recorder
from intake.vault import vault
from projections import directory
from staffel.cli import main as cli
from tests.crash import case_runner

PRELOADED = (networks, recorder, vault, directory, psycopg, pysqlite, cli, case_runner)
registrable_domain("www.example.com")
