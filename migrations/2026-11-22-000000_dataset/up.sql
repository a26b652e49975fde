-- The counter that every write takes first: writers queue on this one row, so that the order of revisions is the
-- order of commits.
CREATE TABLE dataset (
    only_one BIGINT PRIMARY KEY NOT NULL CHECK (only_one = 1),
    revision BIGINT NOT NULL
);
INSERT INTO dataset (only_one, revision) VALUES (1, 0);

-- Who, when, why: one row for each revision.
CREATE TABLE revisions (
    revision BIGINT PRIMARY KEY NOT NULL,
    time TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT,
    token_id TEXT,
    reason TEXT,
    row_count BIGINT NOT NULL
);
CREATE INDEX revisions_by_time ON revisions (time);

-- What each revision touched, in the order in which it did.
CREATE TABLE changes (
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('create', 'update', 'delete')),
    PRIMARY KEY (revision, position)
);
CREATE INDEX changes_by_thing ON changes (collection, id, revision);

-- The newest revision that touched each collection: what caches and entity tags go by.
CREATE TABLE collections (
    collection TEXT PRIMARY KEY NOT NULL,
    revision BIGINT NOT NULL,
    updated_at TEXT NOT NULL
);
