-- What was answered to writes that named an `Idempotency-Key`, kept for a day, so that a retry is told the same. It stands
-- outside the revisions. Of the key and of the request only digests are kept; `body` has nothing of a submission.
CREATE TABLE idempotency_keys (
    name TEXT PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    created_at TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
