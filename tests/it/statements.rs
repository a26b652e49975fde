//! What requests ask of the database: as many statements for a long page as for a short one, and none that reads a whole
//! large table to find a few rows.
use crate::client::{Client, collections};
use crate::operations::operations;
use crate::support::{Base, databases, sqlite};
use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use opptrapping::http::resource::Collection;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Filters by which the whole of a large table is read. To be shortened, and not to be added to.
const SCANNED: [&str; 7] = [
    "grants?level",
    "grants?source",
    "grants?stage",
    "observations?confidence",
    "observations?level",
    "observations?published",
    "observations?status",
];

/// Orders into which the whole of a large table is put, where no filter narrows it. Nor these.
const SORTED: [&str; 6] = [
    "grants?sort=period_start",
    "grants?sort=region",
    "grants?sort=region_name",
    "observations?sort=period_start",
    "observations?sort=published",
    "observations?sort=region_name",
];

/// What the databases of these tests are called; others may be used in the same process.
const NAME: &str = "statements";

/// The statements since they were last taken.
static STATEMENTS: Mutex<Vec<String>> = Mutex::new(vec![]);
/// One test at a time listens.
static LISTENING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Hears every statement from connections that are made from now on.
fn listen() {
    set_default_instrumentation(|| {
        let mut ours = false;
        Some(Box::new(move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => ours = url.contains(NAME),
            InstrumentationEvent::StartQuery { query, .. } if ours => {
                let said = query.to_string();
                let (sql, _) = said.split_once(" -- binds").unwrap_or((&said, ""));
                STATEMENTS.lock().unwrap().push(sql.to_owned());
            }
            _ => {}
        }))
    })
    .unwrap();
}

/// The statements that a request needs.
async fn needed(client: &Client, url: &str) -> Vec<String> {
    STATEMENTS.lock().unwrap().clear();
    client.get(url).await.done(200);
    std::mem::take(&mut *STATEMENTS.lock().unwrap())
}

#[actix_web::test]
async fn a_long_page_needs_no_more_statements_than_a_short_one() {
    let _one = LISTENING.lock().await;
    listen();
    for base in databases(NAME) {
        let client = Client::new(&base.db).await;
        let pages = operations().into_iter().filter(|operation| {
            operation.reads()
                && operation.scope().is_none()
                && operation.query_parameters().any(|p| p["name"] == "limit")
        });
        let mut seen = 0;
        for operation in pages {
            let page = |limit: usize| operation.example_url(&format!("limit={limit}"));
            // What is remembered from one request to the next, such as totals and the register of places.
            needed(&client, &page(2)).await;
            let (short, long) = (needed(&client, &page(1)).await, needed(&client, &page(100)).await);
            // Changes are of many collections; each has its statement, whatever the number of its rows.
            let most = match operation.path.as_str() {
                "/v1/changes" | "/v1/diff" => short.len() + collections().count(),
                _ => short.len(),
            };
            let path = &operation.path;
            assert!(long.len() <= most, "{}: {path}\n{short:#?}\n{long:#?}", base.label);
            assert!(short.len() <= 10, "{}: {}\n{short:#?}", base.label, operation.path);
            seen += short.len();
        }
        assert!(seen > 20, "{}: {seen}", base.label);
    }
}

/// What SQLite does for a statement, a line for each step.
fn plan(base: &Base, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let mut conn = SqliteConnection::establish(base.url.strip_prefix("sqlite://").unwrap()).unwrap();
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(&mut conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

/// Whether any statement that a request needs has a step like this.
async fn takes(base: &Base, client: &Client, url: &str, like: impl Fn(&String) -> bool) -> bool {
    needed(client, url).await.iter().any(|sql| plan(base, sql).iter().any(&like))
}

/// The collections that grow to many thousands of rows.
fn large() -> impl Iterator<Item = &'static Collection> {
    collections().filter(|collection| matches!(collection.name(), "observations" | "grants"))
}

#[actix_web::test]
async fn a_filter_of_a_large_table_is_answered_by_an_index() {
    let _one = LISTENING.lock().await;
    listen();
    let base = sqlite(NAME);
    let client = Client::new(&base.db).await;
    let mut scanned = BTreeSet::new();
    for collection in large() {
        let (path, table) = (format!("/v1/{}", collection.name()), collection.name());
        let row = client.rows(&format!("{path}?limit=1")).await.remove(0);
        let parameters = collection.filters.iter().flat_map(|filter| filter.parameters());
        let given = parameters.filter_map(|p| Some((p.name.to_owned(), row[p.name.as_str()].as_str()?.to_owned())));
        let given: Vec<(String, String)> = given.collect();
        assert!(given.len() > 3, "{table}: {given:?}");
        for (name, value) in given {
            if takes(&base, &client, &format!("{path}?{name}={value}&limit=7"), |step| step.starts_with("SCAN")).await {
                scanned.insert(format!("{table}?{name}"));
            }
        }
    }
    let known: BTreeSet<String> = SCANNED.map(str::to_owned).into();
    assert_eq!(scanned, known, "a filter reads the whole table, or does no more");
}

#[actix_web::test]
async fn a_large_table_is_put_in_order_by_an_index_either_way() {
    let _one = LISTENING.lock().await;
    listen();
    let base = sqlite(NAME);
    let client = Client::new(&base.db).await;
    for sign in ["", "-"] {
        let mut sorted = BTreeSet::new();
        for (table, sort) in
            large().flat_map(|collection| collection.sorts.iter().map(|sort| (collection.name(), sort)))
        {
            // Not "FOR LAST TERM OF ORDER BY", which is for those of one value at a time.
            let sorts = |step: &String| step.contains("TEMP B-TREE FOR ORDER BY");
            if takes(&base, &client, &format!("/v1/{table}?sort={sign}{sort}&limit=7"), sorts).await {
                sorted.insert(format!("{table}?sort={sort}"));
            }
        }
        let known: BTreeSet<String> = SORTED.map(str::to_owned).into();
        assert_eq!(sorted, known, "with `{sign}`: an order sorts the whole table, or does no more");
    }
}
