//! Keys that make a retry safe: what was answered to a write is kept in the transaction of its effect. A retry is told the
//! same and does nothing, also where the first answer was lost with the connection or with the process.
use super::revision::{self, Intent, Write, Written};
use super::{Author, Database, Db, Statement, Transaction};
use crate::error::{Error, Kind};
use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

/// How many hours an answer is kept.
pub const KEPT_HOURS: i64 = 24;
/// How long a request waits for another one with its key: less than a write may wait for others, or it would now and then
/// have its turn when there is no more time to write.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// A write that names a key.
#[derive(Debug, Clone)]
pub struct Keyed {
    /// A digest of the key and of whose it is.
    pub name: String,
    /// A digest of what is asked for: another request must not be answered with this one's answer.
    pub request: String,
    /// When it came.
    pub at: DateTime<Utc>,
    /// The path it asks for, which a refusal names.
    pub path: String,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// A status, and nothing to say.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: vec![], body: String::new() }
    }

    fn refusal(error: &Error, path: &str) -> Result<Self, Error> {
        Self::of(error.response(Some(path)))
    }

    /// Takes a finished answer apart.
    pub fn of(response: HttpResponse) -> Result<Self, Error> {
        let status = response.status().as_u16();
        let told = |value: &actix_web::http::header::HeaderValue| value.to_str().map(str::to_owned);
        let headers = response.headers().iter().filter_map(|(name, value)| Some((name.to_string(), told(value).ok()?)));
        let headers = headers.collect();
        let body = response.into_body().try_into_bytes().map_err(|_| Error::internal("an answer without an end"))?;
        let body = String::from_utf8(body.into()).map_err(Error::internal)?;
        Ok(Self { status, headers, body })
    }
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub answer: Answer,
    /// Whether this is what was answered before, and nothing was done now.
    pub replayed: bool,
}

/// The requests with a key that are under way in this process: those with the same take turns.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

/// The turn of a request. The next with its key has its own when this is dropped.
pub type Turn = OwnedMutexGuard<()>;

impl Turns {
    /// Waits for the turn of a key.
    pub async fn take(&self, name: &str) -> Result<Turn, Error> {
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, turn| turn.strong_count() > 0);
            let known = all.get(name).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let new = std::sync::Arc::default();
                all.insert(name.to_owned(), std::sync::Arc::downgrade(&new));
                new
            })
        };
        tokio::time::timeout(PATIENCE, turn.lock_owned()).await.map_err(|_| in_progress())
    }
}

fn in_progress() -> Error {
    let retry = actix_web::http::header::RETRY_AFTER;
    Error::new(Kind::IdempotencyInProgress).detail("the first request with this key is under way").header(retry, "1")
}

impl Database {
    /// Runs `work` as one revision, as [`Database::write`] does, and keeps for the key what `answer` makes of it. That
    /// comes when all is written and checked, so that it can be read back. A refusal that holds whenever it is asked for
    /// is an answer too: it is kept, and nothing else of what was done.
    pub fn write_once<T>(
        &self,
        keyed: Option<&Keyed>,
        author: &Author,
        reason: Option<&str>,
        work: impl FnOnce(&mut Write) -> Result<T, Error>,
        answer: impl FnOnce(&mut Db, T, Option<i64>) -> Result<Answer, Error>,
    ) -> Result<Done, Error> {
        let (done, moved) = self.pools.write(|conn| {
            transact(conn, keyed, |conn| {
                let intent = Intent::Keep { author, reason };
                let Written { done, revision, kept } = revision::within(conn, self.tables, intent, work)?;
                Ok((answer(conn, done, revision)?, kept))
            })
        })?;
        // It is written, whether this process knows yet or hears of it as it does of others.
        if moved && let Err(e) = self.refresh() {
            log::warn!("the new revision could not be read: {e}");
        }
        Ok(done)
    }

    /// The same for what is no revision, see [`Database::beside`].
    pub fn beside_once(
        &self,
        keyed: Option<&Keyed>,
        work: impl FnOnce(&mut Db) -> Result<Answer, Error>,
    ) -> Result<Done, Error> {
        let (done, _) = self.pools.write(|conn| transact(conn, keyed, |conn| Ok((work(conn)?, true))))?;
        Ok(done)
    }

    /// What was answered to a request with this key; none where it is new. It needs no writer.
    pub fn answered(&self, keyed: &Keyed) -> Result<Option<Answer>, Error> {
        self.read(|conn| find(conn, keyed))
    }
}

/// Commits where there is something to keep: an effect, or the answer that there was none.
fn transact(
    conn: &mut Db,
    keyed: Option<&Keyed>,
    work: impl FnOnce(&mut Db) -> Result<(Answer, bool), Error>,
) -> Result<(Done, bool), Error> {
    let transaction = Transaction::begin(conn)?;
    let (done, changed) = within(transaction.conn, keyed, work)?;
    if changed || keyed.is_some() {
        transaction.commit()?;
    }
    Ok((done, changed))
}

/// Runs `work` in a transaction that has begun, unless it was run for this key before.
pub(super) fn within(
    conn: &mut Db,
    keyed: Option<&Keyed>,
    work: impl FnOnce(&mut Db) -> Result<(Answer, bool), Error>,
) -> Result<(Done, bool), Error> {
    let Some(keyed) = keyed else {
        return work(conn).map(|(answer, changed)| (Done { answer, replayed: false }, changed));
    };
    lock(conn, keyed)?;
    if let Some(answer) = find(conn, keyed)? {
        return Ok((Done { answer, replayed: true }, false));
    }
    conn.batch_execute("SAVEPOINT effect")?;
    let (answer, changed) = match work(conn) {
        Err(e) if e.kind.is_final() => {
            conn.batch_execute("ROLLBACK TO SAVEPOINT effect")?;
            (Answer::refusal(&e, &keyed.path)?, false)
        }
        done => done?,
    };
    keep(conn, keyed, &answer)?;
    Ok((Done { answer, replayed: false }, changed))
}

/// Takes the key until the transaction ends. SQLite has one writer in any case; on PostgreSQL another instance may be
/// about the same.
fn lock(conn: &mut Db, keyed: &Keyed) -> Result<(), Error> {
    if matches!(conn, Db::Sqlite(_)) {
        return Ok(());
    }
    let sql = Statement::new("SELECT pg_try_advisory_xact_lock(hashtextextended(").bind(keyed.name.as_str());
    match sql.sql(", 0))").row::<(bool,)>(conn)? {
        Some((true,)) => Ok(()),
        _ => Err(in_progress()),
    }
}

fn stored(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Answers of this age and older are kept no more.
fn expired(at: DateTime<Utc>) -> String {
    stored(at - TimeDelta::hours(KEPT_HOURS))
}

fn find(conn: &mut Db, keyed: &Keyed) -> Result<Option<Answer>, Error> {
    let sql = Statement::new("SELECT request, status, headers, body FROM idempotency_keys WHERE name = ");
    let sql = sql.bind(keyed.name.as_str()).sql(" AND created_at > ").bind(expired(keyed.at));
    let Some((request, status, headers, body)) = sql.row::<(String, u16, String, String)>(conn)? else {
        return Ok(None);
    };
    if request != keyed.request {
        let detail = "this key was sent before with another method, path, query, condition, reason or body";
        return Err(Error::new(Kind::IdempotencyKeyReused).detail(detail));
    }
    Ok(Some(Answer { status, headers: serde_json::from_str(&headers).map_err(Error::internal)?, body }))
}

fn keep(conn: &mut Db, keyed: &Keyed, answer: &Answer) -> Result<(), Error> {
    let headers = serde_json::to_string(&answer.headers).map_err(Error::internal)?;
    let sql = "INSERT INTO idempotency_keys (name, request, created_at, status, headers, body) VALUES (";
    let values = [keyed.request.clone(), stored(keyed.at)];
    let mut sql = Statement::new(sql).bind(keyed.name.as_str());
    for value in values {
        sql = sql.sql(", ").bind(value);
    }
    sql.sql(", ")
        .bind(i64::from(answer.status))
        .sql(", ")
        .bind(headers)
        .sql(", ")
        .bind(answer.body.as_str())
        // One that is too old to be found may not have been removed yet.
        .sql(
            ") ON CONFLICT (name) DO UPDATE SET request = excluded.request, created_at = excluded.created_at, \
             status = excluded.status, headers = excluded.headers, body = excluded.body",
        )
        .run(conn)?;
    Ok(())
}

/// Says of an answer that is kept that its status was another in the end.
pub(super) fn amend(conn: &mut Db, keyed: &Keyed, status: u16) -> Result<(), Error> {
    let sql = Statement::new("UPDATE idempotency_keys SET status = ").bind(i64::from(status));
    sql.sql(" WHERE name = ").bind(keyed.name.as_str()).run(conn)?;
    Ok(())
}

/// Removes answers that are too old at a time, the oldest first and so many at most, so that nobody waits long for the
/// writer; gives their number.
pub fn purge(conn: &mut Db, at: DateTime<Utc>, most: i64) -> Result<usize, Error> {
    let sql = "DELETE FROM idempotency_keys WHERE name IN (SELECT name FROM idempotency_keys WHERE created_at <= ";
    let sql = Statement::new(sql).bind(expired(at)).sql(" ORDER BY created_at LIMIT ").bind(most);
    Ok(sql.sql(")").run(conn)?)
}
