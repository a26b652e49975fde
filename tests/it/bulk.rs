//! Many rows at once have the outcome of one after the other, and a bad one spoils them all.
use crate::support::{Base, databases};
use opptrapping::api::RESOURCES;
use opptrapping::api::observations::Observation;
use opptrapping::db::bulk::{self, Row, Tally};
use opptrapping::db::{Author, Expect, Outcome, Statement, Write};
use opptrapping::error::Error;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::time::Instant;

/// An observation that differs from others only in what is drawn.
fn observation(region: usize, year: usize, value: Option<i64>) -> Map<String, Value> {
    let status = if value.is_some() { "ok" } else { "missing" };
    // The last two are refused: a code that is not valid then, and a source that is not there.
    let region = ["NO", "F-15", "K-0301", "K-1504", "K-9999"][region];
    let source = if value == Some(3) { "no-such-source" } else { "ssb-07459" };
    let row = json!({
        "indicator": "population", "region": region, "period": (2018 + year).to_string(), "published": "2031",
        "value": value, "status": status, "confidence": "primary", "source": source,
    });
    row.as_object().unwrap().clone()
}

fn in_bulk(write: &mut Write, rows: &[Map<String, Value>]) -> Result<Tally, Error> {
    let mut rows = (1..).zip(rows).map(|(number, stored)| Ok(Row { number, stored: stored.clone(), ..Row::default() }));
    bulk::rows::<Observation>(write, &mut rows)
}

fn one_by_one(write: &mut Write, rows: &[Map<String, Value>]) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for stored in rows {
        let row: Observation = serde_json::from_value(Value::Object(stored.clone())).unwrap();
        match write.put(row, &Expect::Anything)?.1 {
            Outcome::Created => tally.inserted += 1,
            Outcome::Unchanged(_) => tally.unchanged += 1,
            _ => tally.updated += 1,
        }
    }
    Ok(tally)
}

type Log = Vec<(i64, i64, String, String, String)>;
type Versions = Vec<(String, i64, i64, Option<f64>, String, String, String)>;

/// All that the writes left behind.
fn left(base: &Base) -> (Log, Versions) {
    let changes = "SELECT revision, position, collection, id, operation FROM changes WHERE id LIKE '%.2031' ORDER BY revision, position";
    let versions = "SELECT id, revision, ended, value, region_name, region_name_key, search_text FROM observations WHERE published = '2031' ORDER BY id, revision";
    base.db.read(|conn| Ok((Statement::new(changes).rows(conn)?, Statement::new(versions).rows(conn)?))).unwrap()
}

#[test]
fn in_bulk_and_one_by_one_have_the_same_outcome() {
    let good = (0..4usize, 0..2usize, prop_oneof![Just(None), (1..3i64).prop_map(Some)]);
    let any = (0..5usize, 0..4usize, prop_oneof![Just(None), (1..4i64).prop_map(Some)]);
    let batch = prop_oneof![3 => prop::collection::vec(good, 0..10), 1 => prop::collection::vec(any, 1..6)];
    let batches = prop::collection::vec(batch, 1..6);
    for (one, other) in databases("bulk_one").into_iter().zip(databases("bulk_other")) {
        let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        runner
            .run(&batches, |batches| {
                for mut batch in batches {
                    // That an id stands twice is refused at once by the one, and only where it would be written by the other.
                    batch.sort_by_key(|(region, year, _)| (*region, *year));
                    batch.dedup_by_key(|(region, year, _)| (*region, *year));
                    let rows: Vec<_> = batch.into_iter().map(|(r, y, v)| observation(r, y, v)).collect();
                    let author = Author::local("test");
                    let first = one.db.write(&author, None, |write| in_bulk(write, &rows));
                    let second = other.db.write(&author, None, |write| one_by_one(write, &rows));
                    match (first, second) {
                        (Ok(first), Ok(second)) => prop_assert_eq!(first, second),
                        (Err(first), Err(second)) => {
                            prop_assert_eq!(first.kind, second.kind);
                            // The one tells of every mistake, the other of those of the first row that has any.
                            let told = |e: &Error| e.mistakes.iter().map(|m| m.message.clone()).collect::<Vec<_>>();
                            let (all, some) = (told(&first), told(&second));
                            prop_assert!(some.iter().all(|m| all.contains(m)), "{some:?} in {all:?}");
                        }
                        (first, second) => prop_assert!(false, "{first:?} but {second:?}"),
                    }
                    prop_assert_eq!(left(&one), left(&other));
                }
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{}: {e}", one.label));
        assert!(left(&one).0.len() > 20, "little was written: {:?}", left(&one).0.len());
    }
}

#[test]
fn an_id_that_stands_twice_is_refused_also_where_nothing_would_change() {
    for base in databases("bulk_twice") {
        let rows = vec![observation(0, 0, Some(1)); 1];
        base.db.write(&Author::local("test"), None, |write| in_bulk(write, &rows)).unwrap();
        let twice = vec![observation(0, 0, Some(1)), observation(1, 0, Some(1)), observation(0, 0, Some(1))];
        let error = base.db.write(&Author::local("test"), None, |write| in_bulk(write, &twice)).unwrap_err();
        assert_eq!((error.mistakes[0].row, error.mistakes[0].code), (Some(3), "duplicate"), "{}", base.label);
        assert_eq!(error.mistakes.len(), 1);
    }
}

#[test]
fn the_first_hundred_mistakes_are_told_and_the_others_counted() {
    for base in databases("bulk_many") {
        let mut rows: Vec<_> = (0..250).map(|_| observation(4, 0, Some(1))).collect();
        rows.push(observation(0, 0, Some(3)));
        let error = base.db.write(&Author::local("test"), None, |write| in_bulk(write, &rows)).unwrap_err();
        assert_eq!((error.mistakes.len(), error.unlisted), (100, 151), "{}", base.label);
        assert!(error.mistakes.iter().zip(1..).all(|(m, row)| m.row == Some(row)), "{error}");
    }
}

/// A table of observations that are not there: every municipality that lasted from 2008 to 2019, twenty years of vintages.
pub fn table(base: &Base, rows: usize) -> String {
    let sql = "SELECT region FROM municipalities WHERE valid_from <= '2008-01-01' AND (valid_to IS NULL OR valid_to >= '2020-01-01') ORDER BY id";
    let regions: Vec<(String,)> = base.db.read(|conn| Ok(Statement::new(sql).rows(conn)?)).unwrap();
    let mut csv = String::from("indicator,region,period,published,value,status,confidence,source\n");
    for n in 0..rows {
        let (region, rest) = (&regions[n % regions.len()].0, n / regions.len());
        let (year, vintage) = (2008 + rest % 10, 2100 + rest / 10);
        writeln!(csv, "population,{region},{year},{vintage},{n},ok,primary,ssb-07459").unwrap();
    }
    csv
}

#[test]
fn a_hundred_thousand_rows_go_in_once_or_not_at_all() {
    let observations = RESOURCES.iter().find(|e| (e.table)().collection == "observations").unwrap();
    for base in databases("bulk_large") {
        let begun = Instant::now();
        let before = base.db.head().revision;
        let load = |csv: &str| {
            base.db.write(&Author::local("test"), None, |write| (observations.load)(write, &mut csv.as_bytes()))
        };
        let good = table(&base, 100_000);
        let bad = good.replacen(",77776,ok,", ",many,ok,", 1);
        let error = load(&bad).unwrap_err();
        let named: Vec<_> = error.mistakes.iter().map(|m| (m.row, m.name.as_str(), m.place.map(|p| p.line))).collect();
        assert_eq!(named, [(Some(77_777), "value", Some(77_778))], "{}", base.label);
        assert_eq!(base.db.head().revision, before);
        let count = || {
            let sql = "SELECT COUNT(*) FROM observations WHERE published >= '2100'";
            base.db.read(|conn| Ok(Statement::new(sql).row::<(i64,)>(conn)?)).unwrap().unwrap().0
        };
        assert_eq!(count(), 0, "{}: half of it was written", base.label);

        let (tally, revision) = load(&good).unwrap();
        assert_eq!((tally.inserted, revision, count()), (100_000, Some(before + 1), 100_000));
        let (tally, revision) = load(&good).unwrap();
        assert_eq!((tally.unchanged, revision, count()), (100_000, None, 100_000), "{}", base.label);
        assert_eq!(base.db.head().revision, before + 1);
        println!("{}: {:.1} s", base.label, begun.elapsed().as_secs_f64());
    }
}
