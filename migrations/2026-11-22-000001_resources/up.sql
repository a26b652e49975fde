-- The published tables. Each row is a version: `revision` is the first it is valid at, `ended` the first it no longer is
-- (the largest BIGINT while it is current). `*_key` sorts as Norwegians sort; `search_text` is what `q` looks in.

CREATE TABLE plans (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    document TEXT,
    owner TEXT,
    period TEXT NOT NULL,
    period_start TEXT NOT NULL,
    period_end TEXT NOT NULL,
    frame_nok BIGINT,
    measures_stated BIGINT,
    overall_goal_nb TEXT,
    succeeds TEXT,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX plans_current ON plans (id) WHERE ended = 9223372036854775807;

CREATE TABLE goals (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    number BIGINT NOT NULL,
    parent TEXT,
    succeeds TEXT,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX goals_current ON goals (id) WHERE ended = 9223372036854775807;
CREATE INDEX goals_by_plan ON goals (plan, id);

CREATE TABLE wordings (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    goal TEXT NOT NULL,
    number BIGINT NOT NULL,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    attributed_to TEXT NOT NULL,
    source TEXT NOT NULL,
    note TEXT,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX wordings_current ON wordings (id) WHERE ended = 9223372036854775807;
CREATE INDEX wordings_by_goal ON wordings (goal, id);

CREATE TABLE measures (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    goals TEXT,
    number BIGINT NOT NULL,
    category TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    responsible TEXT,
    target_value DOUBLE PRECISION,
    target_unit TEXT,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX measures_current ON measures (id) WHERE ended = 9223372036854775807;
CREATE INDEX measures_by_plan ON measures (plan, id);

CREATE TABLE status_reports (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    measure TEXT,
    year BIGINT NOT NULL,
    status TEXT,
    reported_by TEXT NOT NULL,
    summary_nb TEXT,
    summary_nn TEXT,
    summary_en TEXT,
    source TEXT NOT NULL,
    note TEXT,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX status_reports_current ON status_reports (id) WHERE ended = 9223372036854775807;
CREATE INDEX status_reports_by_plan ON status_reports (plan, id);
CREATE INDEX status_reports_by_measure ON status_reports (measure, id);

CREATE TABLE events (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    date TEXT NOT NULL,
    kind TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    source TEXT NOT NULL,
    note TEXT,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX events_current ON events (id) WHERE ended = 9223372036854775807;
CREATE INDEX events_by_plan_date ON events (plan, date, id);

CREATE TABLE budgets (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT,
    measure TEXT,
    scheme TEXT,
    region TEXT,
    region_code TEXT,
    region_name TEXT,
    level TEXT,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    period TEXT NOT NULL,
    period_start TEXT NOT NULL,
    period_end TEXT NOT NULL,
    amount_nok BIGINT,
    flow TEXT NOT NULL,
    stage TEXT NOT NULL,
    inside_frame BOOLEAN,
    approximate BOOLEAN NOT NULL,
    stated_by TEXT,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX budgets_current ON budgets (id) WHERE ended = 9223372036854775807;
CREATE INDEX budgets_by_plan ON budgets (plan, id);
CREATE INDEX budgets_by_measure ON budgets (measure, id);

CREATE TABLE schemes (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    chapter BIGINT,
    post BIGINT,
    administered_by TEXT,
    period TEXT,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX schemes_current ON schemes (id) WHERE ended = 9223372036854775807;

CREATE TABLE grants (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT,
    scheme TEXT,
    measure TEXT,
    region TEXT,
    region_code TEXT,
    region_name TEXT,
    level TEXT,
    county TEXT,
    recipient_name TEXT,
    recipient_orgnr TEXT,
    period TEXT NOT NULL,
    period_start TEXT NOT NULL,
    period_end TEXT NOT NULL,
    amount_nok BIGINT NOT NULL,
    stage TEXT NOT NULL,
    approximate BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    note TEXT,
    region_name_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX grants_current ON grants (id) WHERE ended = 9223372036854775807;
CREATE INDEX grants_by_region_period ON grants (region, period, id);
CREATE INDEX grants_by_period ON grants (period, id);
CREATE INDEX grants_by_scheme ON grants (scheme, id);
CREATE INDEX grants_by_plan ON grants (plan, id);
CREATE INDEX grants_by_county_period ON grants (county, period, id);
CREATE INDEX grants_by_amount_nok ON grants (amount_nok, id);

CREATE TABLE municipalities (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    region TEXT NOT NULL,
    region_code TEXT NOT NULL,
    region_name TEXT NOT NULL,
    level TEXT NOT NULL,
    name_no TEXT,
    name_se TEXT,
    name_smj TEXT,
    name_sma TEXT,
    name_fkv TEXT,
    county TEXT NOT NULL,
    health_region TEXT,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    source TEXT NOT NULL,
    note TEXT,
    region_name_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX municipalities_current ON municipalities (id) WHERE ended = 9223372036854775807;
CREATE INDEX municipalities_by_region ON municipalities (region, id);
CREATE INDEX municipalities_by_county ON municipalities (county, id);

CREATE TABLE municipality_changes (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    change_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    old_region TEXT NOT NULL,
    old_name TEXT NOT NULL,
    new_region TEXT NOT NULL,
    new_name TEXT NOT NULL,
    n_targets BIGINT NOT NULL,
    n_sources BIGINT NOT NULL,
    name_changed BOOLEAN NOT NULL,
    label_suffix_only BOOLEAN NOT NULL,
    county_changed BOOLEAN NOT NULL,
    population_share DOUBLE PRECISION,
    population_at_change BIGINT,
    source TEXT NOT NULL,
    note TEXT,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX municipality_changes_current ON municipality_changes (id) WHERE ended = 9223372036854775807;
CREATE INDEX municipality_changes_by_change_date ON municipality_changes (change_date, id);
CREATE INDEX municipality_changes_by_old_region ON municipality_changes (old_region, id);
CREATE INDEX municipality_changes_by_new_region ON municipality_changes (new_region, id);

CREATE TABLE counties (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    region TEXT NOT NULL,
    region_code TEXT NOT NULL,
    region_name TEXT NOT NULL,
    level TEXT NOT NULL,
    official_name TEXT NOT NULL,
    health_region TEXT,
    valid_from TEXT,
    valid_to TEXT,
    source TEXT NOT NULL,
    note TEXT,
    region_name_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX counties_current ON counties (id) WHERE ended = 9223372036854775807;

CREATE TABLE health_regions (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    region TEXT NOT NULL,
    region_code TEXT NOT NULL,
    region_name TEXT NOT NULL,
    level TEXT NOT NULL,
    source TEXT NOT NULL,
    note TEXT,
    region_name_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX health_regions_current ON health_regions (id) WHERE ended = 9223372036854775807;

CREATE TABLE indicators (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    description_nb TEXT,
    description_nn TEXT,
    description_en TEXT,
    unit TEXT NOT NULL,
    decimals BIGINT NOT NULL,
    direction TEXT NOT NULL,
    aggregation TEXT NOT NULL,
    weight TEXT,
    plan TEXT,
    goals TEXT,
    baseline_period TEXT,
    baseline_value DOUBLE PRECISION,
    target_period TEXT,
    target_value DOUBLE PRECISION,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX indicators_current ON indicators (id) WHERE ended = 9223372036854775807;
CREATE INDEX indicators_by_plan ON indicators (plan, id);

CREATE TABLE observations (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    indicator TEXT NOT NULL,
    region TEXT NOT NULL,
    region_code TEXT NOT NULL,
    region_name TEXT NOT NULL,
    level TEXT NOT NULL,
    county TEXT,
    period TEXT NOT NULL,
    period_start TEXT NOT NULL,
    period_end TEXT NOT NULL,
    published TEXT NOT NULL,
    mapped_on TEXT,
    value DOUBLE PRECISION,
    status TEXT NOT NULL,
    confidence TEXT NOT NULL,
    publisher TEXT,
    source TEXT NOT NULL,
    note TEXT,
    region_name_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX observations_current ON observations (id) WHERE ended = 9223372036854775807;
CREATE INDEX observations_by_indicator_period_region_published ON observations (indicator, period, region, published);
CREATE INDEX observations_by_indicator_region_period_published ON observations (indicator, region, period, published);
CREATE INDEX observations_by_region_indicator_period ON observations (region, indicator, period);
CREATE INDEX observations_by_county_indicator_period ON observations (county, indicator, period);
CREATE INDEX observations_by_source ON observations (source);

CREATE TABLE evaluations (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    title_nb TEXT NOT NULL,
    title_nn TEXT,
    title_en TEXT,
    series TEXT,
    evaluator TEXT NOT NULL,
    partners TEXT,
    commissioner TEXT,
    authors TEXT,
    isbn_print TEXT,
    isbn_online TEXT,
    published TEXT,
    corrected TEXT,
    period TEXT,
    indicator_count BIGINT,
    url TEXT,
    source TEXT NOT NULL,
    note TEXT,
    title_nb_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX evaluations_current ON evaluations (id) WHERE ended = 9223372036854775807;
CREATE INDEX evaluations_by_plan ON evaluations (plan, id);

CREATE TABLE assessments (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    plan TEXT NOT NULL,
    goal TEXT,
    indicator TEXT,
    evaluation TEXT,
    about TEXT NOT NULL,
    verdict TEXT NOT NULL,
    assessor TEXT NOT NULL,
    quotation TEXT,
    quotation_language TEXT,
    page TEXT,
    published TEXT,
    source TEXT NOT NULL,
    note TEXT,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX assessments_current ON assessments (id) WHERE ended = 9223372036854775807;
CREATE INDEX assessments_by_plan ON assessments (plan, id);

CREATE TABLE sources (
    revision BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    publisher TEXT NOT NULL,
    kind TEXT NOT NULL,
    url TEXT,
    published TEXT,
    language TEXT,
    license TEXT,
    note TEXT,
    title_key TEXT NOT NULL,
    search_text TEXT NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX sources_current ON sources (id) WHERE ended = 9223372036854775807;
