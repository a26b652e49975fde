//! The log of changes against the tables: each beginning and end of a version has its change, and each change its
//! versions. And the revisions against the log: all of them there, each counted right.
use crate::db::table::Table;
use crate::db::{CURRENT, Db, Statement};
use crate::error::Error;

/// What a change says, and the versions that must be there for it to be true.
struct Rule {
    operations: &'static str,
    /// Whether a version must begin, and whether one must end, at the revision of the change.
    begins: bool,
    ends: bool,
}

const RULES: [Rule; 3] = [
    Rule { operations: "create", begins: true, ends: false },
    Rule { operations: "update", begins: true, ends: true },
    Rule { operations: "delete", begins: false, ends: true },
];

/// The log of a collection.
pub fn of(conn: &mut Db, table: &Table) -> Result<Vec<String>, Error> {
    let mut wrong = unlogged(conn, table)?;
    for rule in RULES {
        wrong.extend(untrue(conn, table, &rule)?);
    }
    Ok(wrong)
}

/// Versions that begin or end without a change that says so.
fn unlogged(conn: &mut Db, table: &Table) -> Result<Vec<String>, Error> {
    let (name, collection) = (&table.name, table.collection);
    let mut wrong = vec![];
    let logged = |at: &str, without: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM changes c WHERE c.revision = t.{at} AND c.id = t.id \
             AND c.operation <> '{without}' AND c.collection = "
        )
    };
    let sql = Statement::new(format!("SELECT t.id, t.revision FROM {name} t WHERE {}", logged("revision", "delete")));
    for (id, at) in sql.bind(collection).sql(") ORDER BY t.id, t.revision").rows::<(String, i64)>(conn)? {
        wrong.push(format!("{collection}/{id}: a version begins at revision {at}, and no change says so"));
    }
    let sql = Statement::new(format!("SELECT t.id, t.ended FROM {name} t WHERE t.ended <> ")).bind(CURRENT);
    let sql = sql.sql(format!(" AND {}", logged("ended", "create"))).bind(collection);
    for (id, at) in sql.sql(") ORDER BY t.id, t.revision").rows::<(String, i64)>(conn)? {
        wrong.push(format!("{collection}/{id}: a version ends at revision {at}, and no change says so"));
    }
    Ok(wrong)
}

/// Changes of one kind that the versions do not bear out.
fn untrue(conn: &mut Db, table: &Table, rule: &Rule) -> Result<Vec<String>, Error> {
    let (name, collection, word) = (&table.name, table.collection, rule.operations);
    let mut wrong = vec![];
    // The end is looked for by the number of the version before: going through all versions of a thing that changes
    // often, for each of its changes, would take their square.
    let begun = format!("EXISTS (SELECT 1 FROM {name} t WHERE t.id = c.id AND t.revision = c.revision)");
    let ended = format!(
        "EXISTS (SELECT 1 FROM {name} t WHERE t.id = c.id AND t.ended = c.revision AND t.revision = \
         (SELECT MAX(b.revision) FROM {name} b WHERE b.id = c.id AND b.revision < c.revision))"
    );
    let checks = [(rule.begins, begun, "begins"), (rule.ends, ended, "ends")];
    for (should, is, verb) in checks {
        // Deleted and created anew by one revision, a thing has both.
        let other = "AND NOT EXISTS (SELECT 1 FROM changes d WHERE d.collection = c.collection AND d.id = c.id \
                     AND d.revision = c.revision AND d.operation <> c.operation)";
        let (lacks, other) = if should { ("NOT ", "") } else { ("", other) };
        let sql = Statement::new("SELECT c.id, c.revision FROM changes c WHERE c.collection = ").bind(collection);
        let sql =
            sql.sql(format!(" AND c.operation = '{word}' AND {lacks}{is} {other} ORDER BY c.revision, c.position"));
        for (id, at) in sql.rows::<(String, i64)>(conn)? {
            let that = if should { "no version" } else { "a version" };
            wrong.push(format!("{collection}/{id}: revision {at} has a change `{word}`, and {that} {verb} there"));
        }
    }
    Ok(wrong)
}

/// The revisions up to the counter are there, each with as many changes as it says, counted from 1 without a gap.
pub fn revisions(conn: &mut Db, tables: &[&'static Table]) -> Result<Vec<String>, Error> {
    let mut wrong = vec![];
    let counted: Option<(i64, i64, i64, i64)> = Statement::new(
        "SELECT d.revision, (SELECT COUNT(*) FROM revisions), (SELECT COALESCE(MIN(revision), 1) FROM revisions), \
         (SELECT COALESCE(MAX(revision), 0) FROM revisions) FROM dataset d",
    )
    .row(conn)?;
    match counted {
        Some((counter, count, 1, newest)) if counter == newest && counter == count => {}
        Some((counter, count, first, newest)) => wrong
            .push(format!("revisions: the counter is at {counter}, and there are {count}, from {first} to {newest}")),
        None => wrong.push("revisions: there is no counter".to_owned()),
    }
    let sql = "SELECT r.revision, r.row_count, COALESCE(c.n, 0), COALESCE(c.first, 1), COALESCE(c.last, 0) FROM revisions r LEFT JOIN \
               (SELECT revision, COUNT(*) AS n, MIN(position) AS first, MAX(position) AS last FROM changes GROUP BY revision) c \
               ON c.revision = r.revision WHERE r.row_count <> COALESCE(c.n, 0) OR COALESCE(c.first, 1) <> 1 \
               OR COALESCE(c.last, 0) <> COALESCE(c.n, 0) ORDER BY r.revision";
    for (revision, said, count, first, last) in Statement::new(sql).rows::<(i64, i64, i64, i64, i64)>(conn)? {
        wrong.push(format!(
            "revision {revision}: it says that it has {said} changes, and there are {count}, from {first} to {last}"
        ));
    }
    let sql = "SELECT c.revision, COUNT(*) FROM changes c WHERE NOT EXISTS \
               (SELECT 1 FROM revisions r WHERE r.revision = c.revision) GROUP BY c.revision ORDER BY c.revision";
    for (revision, count) in Statement::new(sql).rows::<(i64, i64)>(conn)? {
        wrong.push(format!(
            "revision {revision}: there are {count} changes of it, and nothing says when it was written"
        ));
    }
    let known = tables.iter().map(|table| table.collection);
    let sql =
        Statement::new("SELECT c.collection, COUNT(*) FROM changes c WHERE c.collection NOT IN ").bind_list(known);
    for (collection, count) in sql.sql(" GROUP BY c.collection ORDER BY 1").rows::<(String, i64)>(conn)? {
        wrong.push(format!("changes: {count} are of {collection}, which is no collection"));
    }
    Ok(wrong)
}
