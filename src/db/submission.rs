//! Submissions: what the public sends to a consultation. They stand outside the revisions, because what must be erasable
//! whole can have no versions; an erased one leaves its id, its consultation, when and by whom.
use super::idempotency::{Done, Keyed};
use super::revision::{absent as absent_row, expect_holds};
use super::statement::Value;
use super::table::Table;
use super::{CURRENT, Database, Db, Expect, Statement};
use crate::domain::vocabulary::SubmissionState;
use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One as it is received. Without `Debug`, so that it does not get into a log by a slip.
pub struct Received {
    /// Random; see [`new_id`].
    pub id: String,
    pub consultation: String,
    /// RFC 3339, UTC.
    pub received_at: String,
    pub language: Option<String>,
    pub text: String,
    pub name: Option<String>,
    pub organisation: Option<String>,
    pub consent_to_name: bool,
    /// Read by the operator alone, on the command line.
    pub email: Option<String>,
}

/// A published submission, as everybody reads it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Submission {
    /// Names the submission: 32 random hexadecimal digits.
    #[schema(example = "5eb0f2c94a7d4d18b3c6a9e0d1f27b84")]
    pub id: String,
    /// The consultation it was sent to.
    #[schema(example = "rus-2016-2020-c01")]
    pub consultation: String,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// When it was published.
    #[schema(format = DateTime)]
    pub published_at: String,
    /// The language of the text (ISO 639), where the sender named it.
    #[schema(required, example = "nb")]
    pub language: Option<String>,
    /// The text as it was sent: plain text, by a stranger. Escape it before it is shown as anything else.
    pub text: String,
    /// Who sent it; null unless the sender consented to being named.
    #[schema(required)]
    pub name: Option<String>,
    /// For whom; null unless the sender consented to being named.
    #[schema(required)]
    pub organisation: Option<String>,
}

const PUBLISHED: &str = "t.id, t.consultation, t.received_at, t.decided_at, t.language, t.text, \
     CASE WHEN t.consent_to_name THEN t.name END, CASE WHEN t.consent_to_name THEN t.organisation END";

/// A submission as moderators see it: whole but for how the sender is reached.
#[derive(Serialize, Deserialize, PartialEq, ToSchema)]
pub struct Case {
    /// Names the submission.
    #[schema(example = "5eb0f2c94a7d4d18b3c6a9e0d1f27b84")]
    pub id: String,
    /// The consultation it was sent to.
    #[schema(example = "rus-2016-2020-c01")]
    pub consultation: String,
    /// How far it has come.
    #[schema(inline)]
    pub state: SubmissionState,
    /// Counts the decisions on it; in quotation marks it is the `ETag` that `If-Match` takes.
    #[schema(example = 1)]
    pub version: i64,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// When it was published or rejected.
    #[schema(required, format = DateTime)]
    pub decided_at: Option<String>,
    /// The subject of the token it was published or rejected with.
    #[schema(required)]
    pub decided_by: Option<String>,
    /// Why it was rejected.
    #[schema(required)]
    pub rejection_reason: Option<String>,
    /// The language of the text (ISO 639), where the sender named it.
    #[schema(required)]
    pub language: Option<String>,
    /// The text as it was sent.
    pub text: String,
    /// Who sent it; shown to others only with consent.
    #[schema(required)]
    pub name: Option<String>,
    /// For whom; shown to others only with consent.
    #[schema(required)]
    pub organisation: Option<String>,
    /// Whether name and organisation may be shown.
    pub consent_to_name: bool,
    /// Whether the sender left an e-mail address. The operator can read it, on the machine.
    pub has_email: bool,
}

const CASE: &str = "t.id, t.consultation, t.state, t.version, t.received_at, t.decided_at, t.decided_by, \
     t.rejection_reason, t.language, t.text, t.name, t.organisation, t.consent_to_name, t.email IS NOT NULL";

/// What a moderator decides.
pub enum Decision {
    Publish,
    /// With the reason, for other moderators.
    Reject(String),
}

/// The rows of a page and how many there are on all.
pub struct Page<T> {
    pub rows: Vec<T>,
    pub total: i64,
}

/// 128 random bits: whoever has not been told an id does not find it.
pub fn new_id() -> Result<String, Error> {
    let mut noise = [0u8; 16];
    aws_lc_rs::rand::fill(&mut noise).map_err(|_| Error::internal("there is no randomness"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(noise)))
}

/// When a consultation opens and closes.
pub type Dates = (Option<String>, Option<String>);

/// The dates of a consultation of `table`. One that never was is told from one that was deleted.
pub fn dates(conn: &mut Db, table: &Table, consultation: &str) -> Result<Dates, Error> {
    let sql = Statement::new(format!("SELECT opens, closes FROM {} WHERE id = ", table.name)).bind(consultation);
    match sql.sql(" AND ended = ").bind(CURRENT).row(conn)? {
        Some(found) => Ok(found),
        None => Err(absent_row(conn, table, consultation)?),
    }
}

/// Stores one, unpublished.
pub fn receive(conn: &mut Db, new: Received) -> Result<(), Error> {
    let values: [Value; 10] = [
        new.id.into(),
        new.consultation.into(),
        SubmissionState::Received.word().into(),
        new.received_at.into(),
        Value::Text(new.language),
        new.text.into(),
        Value::Text(new.name),
        Value::Text(new.organisation),
        new.consent_to_name.into(),
        Value::Text(new.email),
    ];
    let mut sql = Statement::new(
        "INSERT INTO submissions (version, id, consultation, state, received_at, language, text, name, organisation, \
         consent_to_name, email) VALUES (1",
    );
    for value in values {
        sql = sql.sql(", ").bind(value);
    }
    sql.sql(")").run(conn)?;
    Ok(())
}

/// A published one. What is not published is not there; what was erased is gone.
pub fn published(conn: &mut Db, id: &str) -> Result<Submission, Error> {
    let sql = Statement::new(format!("SELECT {PUBLISHED} FROM submissions t WHERE t.id = ")).bind(id);
    match sql.sql(" AND t.state = ").bind(SubmissionState::Published.word()).row(conn)? {
        Some(found) => Ok(found),
        None => Err(absent(conn, id)?),
    }
}

/// The published ones of a consultation after a place, in the order in which they were published, so that one published
/// during a walk through the pages comes at its end.
pub fn all_published(
    conn: &mut Db,
    consultation: &str,
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Page<Submission>, Error> {
    let chosen = Statement::new(" FROM submissions t WHERE t.consultation = ")
        .bind(consultation)
        .sql(" AND t.state = ")
        .bind(SubmissionState::Published.word());
    page(conn, PUBLISHED, "t.decided_at", chosen, after, limit)
}

/// Those in some states, of some consultations or of all, oldest first, for moderators.
pub fn cases(
    conn: &mut Db,
    states: &[String],
    consultations: &[String],
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Page<Case>, Error> {
    let mut chosen = Statement::new(" FROM submissions t WHERE t.state IN ").bind_list(states.iter().cloned());
    if !consultations.is_empty() {
        chosen = chosen.sql(" AND t.consultation IN ").bind_list(consultations.iter().cloned());
    }
    page(conn, CASE, "t.received_at", chosen, after, limit)
}

fn page<T: serde::de::DeserializeOwned + 'static>(
    conn: &mut Db,
    columns: &str,
    order: &str,
    chosen: Statement,
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Page<T>, Error> {
    let total: Option<(i64,)> = Statement::new("SELECT COUNT(*)").append(chosen.clone()).row(conn)?;
    let mut sql = Statement::new(format!("SELECT {columns}")).append(chosen);
    if let Some((time, id)) = after {
        sql = sql.sql(format!(" AND ({order}, t.id) > (")).bind(time.as_str()).sql(", ").bind(id.as_str()).sql(")");
    }
    let rows = sql.sql(format!(" ORDER BY {order}, t.id LIMIT ")).bind(limit).rows(conn)?;
    Ok(Page { rows, total: total.map_or(0, |(n,)| n) })
}

/// One in any state, for moderators.
pub fn case(conn: &mut Db, id: &str) -> Result<Case, Error> {
    let sql = Statement::new(format!("SELECT {CASE} FROM submissions t WHERE t.id = ")).bind(id);
    match sql.row(conn)? {
        Some(found) => Ok(found),
        None => Err(absent(conn, id)?),
    }
}

/// Publishes or rejects one. What was decided so already stays as it is.
pub fn decide(
    conn: &mut Db,
    id: &str,
    expect: &Expect,
    decision: &Decision,
    by: &str,
    at: &str,
) -> Result<Case, Error> {
    let before = case(conn, id)?;
    expect_holds(expect, Some(before.version))?;
    let (state, reason) = match decision {
        Decision::Publish => (SubmissionState::Published, None),
        Decision::Reject(reason) => (SubmissionState::Rejected, Some(reason.clone())),
    };
    if before.state == state && before.rejection_reason == reason {
        return Ok(before);
    }
    let changed = Statement::new("UPDATE submissions SET version = version + 1, state = ")
        .bind(state.word())
        .sql(", rejection_reason = ")
        .bind(Value::Text(reason))
        .sql(", decided_at = ")
        .bind(at)
        .sql(", decided_by = ")
        .bind(by)
        .sql(" WHERE id = ")
        .bind(id)
        .sql(" AND version = ")
        .bind(before.version)
        .run(conn)?;
    if changed == 0 {
        return Err(Error::new(Kind::PreconditionFailed).detail("another decision came first"));
    }
    case(conn, id)
}

/// Erases one whole: 204, or 202 where the log of the database could not be cut yet; see `erasure`.
pub fn erase(
    db: &Database,
    keyed: Option<&Keyed>,
    id: &str,
    expect: &Expect,
    by: &str,
    at: &str,
) -> Result<Done, Error> {
    db.erase("submissions", keyed, |conn| {
        let before = case(conn, id)?;
        expect_holds(expect, Some(before.version))?;
        Statement::new("DELETE FROM submissions WHERE id = ").bind(id).run(conn)?;
        Statement::new("INSERT INTO erased_submissions (id, consultation, erased_at, erased_by) VALUES (")
            .bind(id)
            .sql(", ")
            .bind(before.consultation)
            .sql(", ")
            .bind(at)
            .sql(", ")
            .bind(by)
            .sql(")")
            .run(conn)?;
        Ok(())
    })
}

/// Why there is nothing to show under an id. One that is not published is told from one that never was by nothing.
fn absent(conn: &mut Db, id: &str) -> Result<Error, Error> {
    let sql = Statement::new("SELECT erased_at FROM erased_submissions WHERE id = ").bind(id);
    Ok(match sql.row::<(String,)>(conn)? {
        Some((at,)) => Error::new(Kind::Erased).detail(format!("it was erased at {at}")),
        None => Error::new(Kind::NotFound).detail("there is no such submission, or it is not published"),
    })
}

/// How the sender of one is reached: name, organisation, e-mail address.
pub type Contact = (Option<String>, Option<String>, Option<String>);

/// For the operator alone; no request comes here.
pub fn contact(conn: &mut Db, id: &str) -> Result<Contact, Error> {
    let sql = Statement::new("SELECT name, organisation, email FROM submissions WHERE id = ").bind(id);
    match sql.row(conn)? {
        Some(found) => Ok(found),
        None => Err(absent(conn, id)?),
    }
}

/// How many there are of each consultation in each state, erased ones included.
pub fn tally(conn: &mut Db) -> Result<Vec<(String, String, i64)>, Error> {
    let sql = "SELECT consultation, state, COUNT(*) FROM submissions GROUP BY consultation, state UNION ALL \
               SELECT consultation, 'erased', COUNT(*) FROM erased_submissions GROUP BY consultation ORDER BY 1, 2";
    Ok(Statement::new(sql).rows(conn)?)
}
