-- Below what a count is hidden (0: never), whether 0 is hidden too, and what an indicator is a rate or share of.
ALTER TABLE indicators ADD COLUMN threshold BIGINT;
ALTER TABLE indicators ADD COLUMN zero_hidden BOOLEAN;
ALTER TABLE indicators ADD COLUMN rate_of TEXT;
-- What counts persons and was written before there was a threshold has been published as it is.
UPDATE indicators SET threshold = 0 WHERE unit IN ('persons', 'deaths', 'patients');

-- The newest revision that took values out of versions older than itself; 0 where none did.
ALTER TABLE dataset ADD COLUMN redacted BIGINT NOT NULL DEFAULT 0;

-- The true values of current observations that are published as `suppressed`. No public answer is read from here.
CREATE TABLE withheld (
    id TEXT PRIMARY KEY NOT NULL,
    indicator TEXT NOT NULL,
    region TEXT NOT NULL,
    period TEXT NOT NULL,
    published TEXT NOT NULL,
    mapped_on TEXT,
    value DOUBLE PRECISION NOT NULL,
    status TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why IN ('primary', 'complementary', 'rate')),
    revision BIGINT NOT NULL
);
CREATE INDEX withheld_by_indicator_period ON withheld (indicator, period);

-- Who changed one where nothing that is published changed: no revision tells of that.
CREATE TABLE withheld_writes (
    id TEXT PRIMARY KEY NOT NULL,
    time TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT,
    token_id TEXT,
    reason TEXT,
    observation TEXT NOT NULL
);
CREATE INDEX withheld_writes_by_time ON withheld_writes (time);

-- Who read them, when, and by which question.
CREATE TABLE unsuppressed_reads (
    id TEXT PRIMARY KEY NOT NULL,
    time TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT,
    token_id TEXT,
    query TEXT NOT NULL,
    row_count BIGINT NOT NULL
);
CREATE INDEX unsuppressed_reads_by_time ON unsuppressed_reads (time);
