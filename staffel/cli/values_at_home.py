"""What accounts and contacts of the home look like, for commands that also work without one."""

from database import DatabaseError
from staffel.cli.output import print_error
from staffel.cli.session import connected_application
from staffel.connect import NoHomeError
from staffel.errors import ProblemFound, UsageError
from staffel.model_review import SeenValues, seen_values
from staffel.settings import Settings
from streams import LogError, NoModelError


def values_at_home(settings: Settings) -> SeenValues:
    """Nothing where there is no home, or none that can be read."""
    try:
        with connected_application(settings) as application:
            return seen_values(application.engine)
    except NoHomeError:
        return SeenValues()
    except (UsageError, ProblemFound, DatabaseError, LogError, NoModelError, OSError) as error:
        print_error(f"note: without the values of this home, which cannot be read: {error}")
        return SeenValues()
