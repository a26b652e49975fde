//! The reading handlers, the same for every collection.
use super::Settings;
use super::answer::{Head, Keep};
use super::asked::Asked;
use super::at::At;
use super::carried;
use super::filter::Filter;
use super::format::{Exports, Picked};
use super::list::{List, Meta, language};
use super::listing;
use super::page::short_hash;
use super::parameter::Parameter;
use super::reforms::{self, Reforms};
use super::resource::Resource;
use super::succession;
use super::totals::Totals;
use crate::db::{CURRENT, Database, Db, Statement, boundaries, head};
use crate::domain::{Language, Region, Trilingual};
use crate::error::{Error, Kind};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

/// `GET /v1/{collection}`
pub async fn list<R: Resource>(
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
    totals: Data<Totals>,
    exports: Data<Exports>,
) -> Result<HttpResponse, Error> {
    let collection = R::collection();
    let asked = Asked::read(req.query_string(), collection.list_parameters())?;
    if let Some(carried) = collection.carried {
        let question = carried.question(&asked)?;
        carried.check_fields(&asked, question.as_ref())?;
        if let Some(question) = question {
            return carried::answer::<R>(&req, (carried, question, asked), &db, &settings, &exports).await;
        }
    }
    listing::answer(&req, List::asking(&req, collection, &db, asked)?, &db, &settings, &totals, &exports).await
}

/// `GET /v1/{parents}/{id}/{collection}`: the rows that name one thing in `field`.
pub async fn within<R: Resource>(
    field: &'static str,
    (req, id): (HttpRequest, Path<String>),
    db: Data<Database>,
    settings: Data<Settings>,
    (totals, exports): (Data<Totals>, Data<Exports>),
) -> Result<HttpResponse, Error> {
    let mut list = List::within(&req, R::collection(), &db, (field, &id))?;
    // Whether the one thing is there is no matter of the collection.
    list.inquiry.at.reads = None;
    let parent = R::table().references.iter().find(|reference| reference.field == field);
    let parent = parent.and_then(|reference| db.table(reference.table));
    let parent = parent.ok_or_else(|| Error::internal(format!("`{field}` refers to no collection")))?;
    let at = list.inquiry.at.clone();
    db.reading(move |conn| {
        let revision = at.mark(conn)?.revision;
        let there = Statement::new(format!("SELECT t.id FROM {} t", parent.name)).at(revision);
        match there.sql(" AND t.id = ").bind(id.as_str()).row::<(String,)>(conn)? {
            Some(_) => Ok(()),
            None => Err(at.absent(conn, parent, &id, revision)?),
        }
    })
    .await?;
    listing::answer(&req, list, &db, &settings, &totals, &exports).await
}

/// `GET /v1/{collection}/{id}`
pub async fn one<R: Resource>(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), R::collection().item_parameters())?;
    // Why there is nothing on a day is read from the change graph too.
    let graph = boundaries::READS.into_iter().filter(|_| asked.one("valid_on").is_some());
    let at = At::of(&asked, &db, &[R::collection().name()].into_iter().chain(graph).collect::<Vec<_>>())?;
    let (language, language_from) = language(&req, &asked);
    let id = id.into_inner();
    let asked_for = id.clone();
    let (dated, past, reads) = (asked.one("valid_on").is_some(), at.keep(), at.reads.clone());
    let chosen = asked.canonical(&["as_of", "valid_on"]);
    let fields = asked.all("fields").to_vec();
    let (database, redacted) = (db.get_ref().clone(), db.head().redacted);
    let (mark, version, row) = db
        .reading(move |conn| {
            let mark = at.mark(conn)?;
            if let Some((version, row)) = find::<R>(conn, &id, mark.revision, language, &asked)? {
                return Ok((mark, version, row));
            }
            match succession::mistake(&database, conn, mark.revision, &id, &asked)? {
                Some(mistake) => Err(Error::because(Kind::NotFound, mistake)),
                None => Err(at.absent(conn, R::table(), &id, mark.revision)?),
            }
        })
        .await?;
    let mut tag = item_tag(version, language, &fields);
    if row.id() != asked_for {
        // A code stands for another version on another day, and both may be of one revision.
        tag = format!("{tag}-{}", short_hash(&[row.id().as_bytes()]));
    }
    if mark.revision < redacted {
        tag = format!("{tag}-{redacted}");
    }
    let glue = if chosen.is_empty() { "" } else { "&" };
    let cited = format!("{chosen}{glue}as_of={}", mark.revision);
    let head = Head {
        // What a code alone stands for is a matter of the day, and not of the revision only.
        keep: if row.id() == asked_for || dated { past } else { Keep::Briefly },
        reads: reads.filter(|_| row.id() == asked_for || dated),
        time: Some(mark.time).filter(|t| !t.is_empty()),
        language: Some(language),
        vary: language_from.into_iter().collect(),
        links: vec![(format!("{}/v1/{}/{}?{cited}", settings.base_url, R::collection().name(), row.id()), "cite-as")],
        ..Head::json(tag)
    };
    if head.is_known(&req) {
        return Ok(head.not_modified(&req));
    }
    let body = if fields.is_empty() {
        serde_json::to_vec(&row)
    } else {
        serde_json::to_value(&row).and_then(|row| serde_json::to_vec(&Picked { row: &row, fields: &fields }))
    };
    Ok(head.ok(&req, &settings, body.map_err(Error::internal)?))
}

/// The tag of one version of a row: the revision it is from, and what else the bytes depend on.
pub fn item_tag(version: i64, language: Language, fields: &[String]) -> String {
    let mut tag = version.to_string();
    if language != Language::default() {
        tag.push('-');
        tag.push_str(language.code());
    }
    if !fields.is_empty() {
        tag.push('-');
        tag.push_str(&short_hash(&[fields.join(",").as_bytes()]));
    }
    tag
}

/// One row as it was at a revision, with the revision it is from.
pub fn find<R: Resource>(
    conn: &mut Db,
    id: &str,
    at: i64,
    language: Language,
    asked: &Asked,
) -> Result<Option<(i64, R)>, Error> {
    let table = R::table();
    let select =
        || Statement::new(format!("SELECT t.revision, {} FROM {} t", table.selection(language), table.name)).at(at);
    let by_code = R::collection().by_code.then(|| Region::parse(id).ok()).flatten();
    let Some(region) = by_code else {
        return Ok(select().sql(" AND t.id = ").bind(id).row(conn)?);
    };
    // A code alone may have several versions: that of the day asked for, else of today, else the last there was.
    let coded = || select().sql(" AND t.region = ").bind(region.key());
    let on = |asked: &Asked| Filter::valid_on().apply(asked, at, coded()).sql(" ORDER BY t.id DESC");
    if asked.one("valid_on").is_some() {
        return Ok(on(asked).row(conn)?);
    }
    let today = format!("valid_on={}", chrono::Utc::now().date_naive());
    let today = Asked::read(&today, &Filter::valid_on().parameters())?;
    match on(&today).row(conn)? {
        Some(row) => Ok(Some(row)),
        None => Ok(coded().sql(" ORDER BY t.id DESC").row(conn)?),
    }
}

/// One version in a history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version<R> {
    /// The revision that wrote it.
    pub revision: i64,
    /// The revision that replaced or deleted it; null while it is current.
    pub ended: Option<i64>,
    /// When it was written.
    pub time: String,
    /// Why, where the writer said so.
    pub reason: Option<String>,
    /// Names of the fields in which it differs from the version before; all of them in the first.
    pub changed: Vec<String>,
    /// The row as it was.
    pub row: R,
}

#[derive(Serialize)]
struct History<R> {
    data: Vec<Version<R>>,
    total: usize,
    meta: Meta,
    #[serde(flatten)]
    reforms: Option<Reforms>,
}

/// `GET /v1/{collection}/{id}/history`
pub async fn history<R: Resource>(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Error> {
    let asked = Asked::read(req.query_string(), &Parameter::of_histories())?;
    let (language, language_from) = language(&req, &asked);
    let reformed = R::collection().reformed;
    let graph = boundaries::READS.into_iter().filter(|_| reformed);
    let at = At::of(&asked, &db, &[R::collection().name()].into_iter().chain(graph).collect::<Vec<_>>())?;
    let (id, keep, reads, database) = (id.into_inner(), at.keep(), at.reads.clone(), db.get_ref().clone());
    let (mark, versions, reforms) = db
        .reading(move |conn| {
            let mark = at.mark(conn)?;
            let versions = versions::<R>(conn, &id, mark.revision, language)?;
            let reforms = reformed.then(|| reforms::of(&database, conn, mark.revision, &id)).transpose()?;
            Ok((mark, versions, reforms))
        })
        .await?;
    let mut meta = Meta::of(&settings, req.path(), &asked, language, &mark);
    meta.warnings.extend(withheld::<R>(&versions, language));
    let chosen = asked.canonical(&[]);
    let variant = [req.path(), &chosen, language.code()].map(str::as_bytes);
    let head = Head {
        keep,
        reads,
        time: Some(mark.time).filter(|t| !t.is_empty()),
        language: Some(language),
        vary: language_from.into_iter().collect(),
        links: vec![(meta.cite_as.clone(), "cite-as")],
        ..Head::json(format!("{}-{}", head::tag(mark.revision, db.head().redacted), short_hash(&variant)))
    };
    // Only now: what is not there must not be confirmed.
    if head.is_known(&req) {
        return Ok(head.not_modified(&req));
    }
    let total = versions.len();
    let body = serde_json::to_vec(&History { data: versions, total, meta, reforms }).map_err(Error::internal)?;
    Ok(head.ok(&req, &settings, body))
}

/// What a reader should know where values are withheld: that they may have been there.
fn withheld<R: Resource>(versions: &[Version<R>], language: Language) -> Option<String> {
    R::collection().vintage?;
    let suppressed =
        |version: &Version<R>| serde_json::to_value(&version.row).is_ok_and(|row| row["status"] == "suppressed");
    versions.iter().any(suppressed).then(|| WITHHELD.to(language).to_owned())
}

/// Said of a history in which values are withheld.
const WITHHELD: Trilingual = Trilingual {
    nb: "Der statusen er «suppressed», er verdien skjult av personvernhensyn. Den kan være skjult i ettertid, også i eldre versjoner.",
    nn: "Der statusen er «suppressed», er verdien skjult av personvernomsyn. Han kan vere skjult i ettertid, også i eldre versjonar.",
    en: "Where the status is “suppressed”, the value is withheld to protect persons. It may have been withheld later, in older versions too.",
};

type Versioned<R> = (i64, i64, Option<String>, Option<String>, R);

fn versions<R: Resource>(conn: &mut Db, id: &str, newest: i64, language: Language) -> Result<Vec<Version<R>>, Error> {
    let table = R::table();
    let mut sql = Statement::new(format!(
        "SELECT t.revision, t.ended, (SELECT time FROM revisions r WHERE r.revision = t.revision), \
         (SELECT reason FROM revisions r WHERE r.revision = t.revision), {} FROM {} t WHERE ",
        table.selection(language),
        table.name
    ));
    // A code alone has the history of every place that bore it.
    sql = match R::collection().by_code.then(|| Region::parse(id).ok()).flatten() {
        Some(region) => sql.sql("t.region = ").bind(region.key()),
        None => sql.sql("t.id = ").bind(id),
    };
    let found: Vec<Versioned<R>> =
        sql.sql(" AND t.revision <= ").bind(newest).sql(" ORDER BY t.id, t.revision").rows(conn)?;
    if found.is_empty() {
        return Err(Error::new(Kind::NotFound).detail(format!("there has been no `{id}` in {}", table.collection)));
    }
    let mut before: Option<(String, serde_json::Value)> = None;
    let mut all = Vec::with_capacity(found.len());
    for (revision, ended, time, reason, row) in found {
        let value = serde_json::to_value(&row).map_err(Error::internal)?;
        let same = before.as_ref().filter(|(id, _)| id == row.id()).map(|(_, value)| value);
        let changed = table
            .columns
            .iter()
            .filter(|c| same.is_none_or(|b| b[c.name.as_str()] != value[c.name.as_str()]))
            .map(|c| c.name.clone())
            .collect();
        before = Some((row.id().to_owned(), value));
        let ended = (ended != CURRENT && ended <= newest).then_some(ended);
        all.push(Version { revision, ended, time: time.unwrap_or_default(), reason, changed, row });
    }
    Ok(all)
}
