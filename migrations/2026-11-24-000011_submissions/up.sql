-- What the public sends to a consultation. Personal data that must be erasable whole, so it stands outside the
-- revisions: no versions, no changes. `version` counts the decisions on a row, for `If-Match`, and keeps nothing of
-- what it was before.
CREATE TABLE submissions (
    id TEXT PRIMARY KEY NOT NULL,
    consultation TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'published', 'rejected')),
    version BIGINT NOT NULL,
    received_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT,
    rejection_reason TEXT,
    language TEXT,
    text TEXT NOT NULL,
    name TEXT,
    organisation TEXT,
    consent_to_name BOOLEAN NOT NULL,
    email TEXT
);
CREATE INDEX submissions_published ON submissions (consultation, state, decided_at, id);
CREATE INDEX submissions_to_moderate ON submissions (state, received_at, id);

-- All that is kept of an erased one.
CREATE TABLE erased_submissions (
    id TEXT PRIMARY KEY NOT NULL,
    consultation TEXT NOT NULL,
    erased_at TEXT NOT NULL,
    erased_by TEXT NOT NULL
);
