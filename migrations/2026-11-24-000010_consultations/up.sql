CREATE TABLE consultations (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    kind TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    owner TEXT,
    opens TEXT,
    closes TEXT,
    url TEXT,
    source TEXT NOT NULL,
    note TEXT,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX consultations_current ON consultations (id) WHERE ended = 9223372036854775807;
CREATE INDEX consultations_by_plan ON consultations (plan, id);
