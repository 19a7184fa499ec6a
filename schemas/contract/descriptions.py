"""Texts of the published contract: rules for readers, descriptions of topics and messages."""

from typing import NamedTuple

from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS

CONTRACT = """\
Staffel keeps a running account of every company's engagement and hands the accounts that are ready to sales.
This document is all that a subscriber needs: topics, keys, messages, and the rules for reading them.

**send** means: Staffel writes there, and you may read. **receive** means: Staffel reads there.
Facts come in by Staffel's own intake; nobody else writes to any of these topics.

## Rules for readers

1. **A record may come twice.** Delivery is at-least-once. Remember `source` and `id` of every event of
   `sqa-handoffs` and `suppressions` that you have acted on; an event with the same pair is the same event, however
   often it comes.
2. **Merge `scores` by the highest `seq`.** Keep a record only where its `seq` is higher than the one you hold for
   its key; drop it otherwise. A late record of a process that was thought dead then changes nothing.
3. **`scores` is a table, never a history.** It is compacted: superseded records vanish after seven days. Whoever
   starts at its beginning sees where every account stands, and not how it came there. What led to a handoff stands
   in the handoff itself; the history is `engagement`.
4. **Tolerate what you do not know**: fields, and types of events. New fields are optional and come without notice;
   anything else comes as a new type, `….v2`, beside the old one.
5. **Order holds per account.** The account is the key, or the key begins with it; all its records stand in one
   partition, in order. Between partitions there is no order.
6. **Read where you like.** Staffel commits no offsets there and cares for no group: take a group of your own, or
   seek. `auto.offset.reset` has to be `earliest` where nothing may be missed.

Times are UTC, `2026-01-05T09:12:00.000Z`. Persons are pseudonyms, `c_…`; names and addresses are on no topic.
The promise: effectively once, that is at-least-once delivery, deterministic ids, atomic state and position.
"""

SERVER = (
    "The broker of docker-compose.yml, as seen from the machine it runs on. "
    "Ask whoever runs Staffel for the address of another one, for TLS and SASL, and for the prefix of the topics' "
    "names, if there is one."
)


class Description(NamedTuple):
    """`summary` is one line, `description` what a reader has to know."""

    summary: str
    description: str


CHANNELS = {
    ENGAGEMENT: Description(
        "Facts, for ever",
        "All that happened, as CloudEvents. Read it for an audit or to keep a copy. An event may stand there twice: "
        "its identity is `source` and `id`.",
    ),
    SCORES: Description(
        "Where every account and contact stands",
        "A compacted table and its recent changes, never a history. Merge by the highest `seq` of each key. "
        "Each partition also holds Staffel's own `~checkpoint`, which readers skip.",
    ),
    SQA_HANDOFFS: Description(
        "Handoffs to sales, and each of their steps",
        "One event when an account crosses into a handoff stage, with its evidence frozen, and one for each step "
        "after it. Dedupe by `source` and `id`. Steps of one handoff come in order.",
    ),
    SUPPRESSIONS: Description(
        "Accounts and contacts not to be addressed",
        "Whom to leave out of campaigns, why and since when. Keep the set of ids (`suppression`) that have started and "
        "not ended: a contact is suppressed while one of them names it, or names its account without a contact. "
        "Dedupe by `source` and `id`. One that has `until` is over then.",
    ),
    DEAD_LETTERS: Description(
        "References to records that could not be kept",
        "The key of the record, and headers that say where it stands and why it was refused, in the words of Kafka "
        "Connect; nothing of its content. (Letters of earlier versions hold the bytes of the record.) A record with "
        "the header `staffel-dropped` or `staffel-retried` says what became of the letter of that id. Partition p "
        "holds those of partition p of `engagement`.",
    ),
}

OPERATIONS = {
    "recordFacts": Description("Staffel records facts", "By intake, timers and relay."),
    "readFacts": Description(
        "Staffel folds facts into scores", "One worker per partition, with a position of its own."
    ),
    "publishScores": Description(
        "Staffel tells where accounts stand",
        "The one worker of a partition writes all that a batch of facts changed at once. You may read.",
    ),
    "publishHandoffs": Description(
        "Staffel hands accounts to sales", "By the relay, from its outbox, in order. You may read."
    ),
    "publishSuppressions": Description(
        "Staffel tells campaigns whom to leave out", "By the relay, from its outbox, in order. You may read."
    ),
    "refuseRecords": Description("Staffel sets aside what it cannot read", "You may read, to watch and to repair."),
}

HANDOFFS = {
    "sqa.handoff_proposed.v1": "An account crossed into a handoff stage: sales is asked to accept",
    "sqa.handoff_accepted.v1": "Sales accepted, maybe `late`",
    "sqa.handoff_rejected.v1": "Sales rejected, with a reason",
    "sqa.handoff_expired.v1": "Nobody decided within the service level; it may still be accepted",
    "sqa.handoff_withdrawn.v1": "It lost its ground before anybody decided",
    "sqa.handoff_recycled.v1": "Sales gave an accepted one back, with a reason",
    "sqa.handoff_converted.v1": "An accepted one became an opportunity",
}
"""Type of the event -> what it says, for each type of `schemas/handoff_events.py`."""

SUPPRESSION_TEXTS = {
    "suppression.started.v1": "Leave the contact, or the whole account, out of campaigns",
    "suppression.ended.v1": "This reason to leave them out is gone; others may hold",
}
"""The same for `schemas/handoff_events.py`."""

FACT = Description("A fact", "`type` says what `data` holds; an unknown type is to be passed over.")
ACCOUNT = Description(
    "Where an account stands",
    "`state` and `digest` are Staffel's own: their shape may change at any time. `changes` are those since "
    "`after_seq`; where that is not the seq you hold you have missed some, and the rest of the record is right.",
)
CONTACT = Description(
    "Where a contact stands", "Within one account; `seq` is the account's at the contact's last change."
)
CHECKPOINT = Description("Staffel's position", "For Staffel alone: skip records with the key `~checkpoint`.")
DEAD_LETTER = Description("A reference to a record", "Empty. The headers say where the record stands, and why.")
