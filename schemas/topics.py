"""The topics and what keys them."""

ENGAGEMENT = "engagement"
SCORES = "scores"
SQA_HANDOFFS = "sqa-handoffs"
SUPPRESSIONS = "suppressions"
DEAD_LETTERS = "dead-letters"

TOPICS = (ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS, DEAD_LETTERS)
