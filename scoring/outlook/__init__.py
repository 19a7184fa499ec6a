"""What an account lacks for its next stage, what keeps it from sales, and when it falls; nothing of it is stored."""

from scoring.outlook.outlook import TrackOutlook, outlook_of
from scoring.outlook.shortfall import Shortfall

__all__ = ["Shortfall", "TrackOutlook", "outlook_of"]
