//! One thing, written and read by many at two instances: what each was told can be put into one order, in which
//! everything stands between when it was asked and when it was answered.
use crate::client::{Client, request, write};
use crate::figures;
use crate::support::databases;
use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use opptrapping::db::Database;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

const PATH: &str = "/v1/sources/register";

/// What one was told: the version that became, or that was ended or read; none where there was nothing to read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Created(i64),
    /// The one before, and the new one.
    Replaced(i64, i64),
    Deleted(i64),
    Read(Option<i64>),
}

#[derive(Debug)]
struct Told {
    asked: Instant,
    answered: Instant,
    what: What,
}

/// The version that a tag names.
fn version(tag: &str) -> i64 {
    tag.trim_matches('"').split('-').next().unwrap().parse().unwrap()
}

/// One client: reads, and changes what it read last, at the one instance or the other.
async fn live(number: u64, steps: u64, instances: &[(Client, Database)], history: &RefCell<Vec<Told>>) {
    let mut known: Option<String> = None;
    for step in 0..steps {
        let mut hash = DefaultHasher::new();
        (number, step).hash(&mut hash);
        let drawn = hash.finish();
        let (client, _) = &instances[(drawn % 2) as usize];
        sleep(Duration::from_micros(drawn / 2 % 4_000)).await;
        let body = json!({ "title": format!("{number}-{step}"), "publisher": "P", "kind": "report" });
        // The newest that anybody was told of: without naming it one may read an older one at the other instance.
        let newest = instances.iter().map(|(_, database)| database.head().revision).max().unwrap();
        let asked = Instant::now();
        let what = match (drawn / 16 % 4, known.take()) {
            (0 | 1, None) => {
                let create = write("PUT", PATH).insert_header(("if-none-match", "*")).set_json(&body);
                let answer = client.send(create).await;
                (answer.status == 201).then(|| What::Created(version(answer.tag())))
            }
            (0 | 1, Some(tag)) => {
                let answer = client.replace(PATH, &tag, &body).await;
                assert!(matches!(answer.status, 200 | 404 | 410 | 412 | 503), "{}", answer.text());
                (answer.status == 200).then(|| What::Replaced(version(&tag), version(answer.tag())))
            }
            (2, Some(tag)) => {
                let answer = client.delete(PATH, &tag).await;
                assert!(matches!(answer.status, 204 | 404 | 410 | 412 | 503), "{}", answer.text());
                (answer.status == 204).then(|| What::Deleted(version(&tag)))
            }
            _ => {
                let read = client.send(request("GET", PATH).insert_header(("min-version", newest.to_string()))).await;
                assert!(matches!(read.status, 200 | 404 | 410), "{}", read.text());
                known = read.header("etag").filter(|_| read.status == 200).map(str::to_owned);
                Some(What::Read(known.as_deref().map(version)))
            }
        };
        let answered = Instant::now();
        history.borrow_mut().extend(what.map(|what| Told { asked, answered, what }));
    }
}

/// When each version began and ended, in revisions, as the history of the thing has it once all is written.
async fn versions(instances: &[(Client, Database)]) -> BTreeMap<i64, i64> {
    // The last may have been written at the other instance.
    let newest = instances.iter().map(|(_, database)| database.head().revision).max().unwrap().to_string();
    let path = format!("{PATH}/history");
    let history = instances[0].0.send(request("GET", &path).insert_header(("min-version", newest))).await;
    let history: serde_json::Value = history.done(200).json();
    let of = |entry: &serde_json::Value| {
        let revision = entry["revision"].as_i64().unwrap();
        (revision, entry["ended"].as_i64().unwrap_or(i64::MAX))
    };
    history["data"].as_array().unwrap().iter().map(of).collect()
}

#[actix_web::test]
async fn what_many_were_told_of_one_thing_has_one_order() {
    for base in databases("register") {
        let other = opptrapping::open(&base.url).unwrap();
        let instances = [(Client::new(&base.db).await, base.db.clone()), (Client::new(&other).await, other)];
        let steps = figures::either(60, 400);
        let history = RefCell::default();
        join_all((0..8).map(|number| live(number, steps, &instances, &history))).await;
        let (history, versions) = (history.into_inner(), versions(&instances).await);

        // The revision at which each write took effect; a read has those between which its version was the current one.
        let effect = |told: &Told| match told.what {
            What::Created(new) => Some(new),
            What::Replaced(old, new) => {
                assert_eq!(versions[&old], new, "{}: {old} was replaced by another", base.label);
                Some(new)
            }
            What::Deleted(old) => Some(versions[&old]),
            What::Read(_) => None,
        };
        let writes: Vec<(i64, &Told)> = history.iter().filter_map(|told| Some((effect(told)?, told))).collect();
        let mut effects: Vec<i64> = writes.iter().map(|(effect, _)| *effect).collect();
        effects.sort_unstable();
        let all = effects.len();
        effects.dedup();
        assert_eq!(effects.len(), all, "{}: two writes took effect at once", base.label);
        assert!(all > 30, "{}: {all} writes", base.label);
        for (effect, told) in &writes {
            let later = writes.iter().filter(|(_, other)| other.asked > told.answered);
            let wrong: Vec<_> = later.filter(|(other, _)| other < effect).collect();
            assert!(wrong.is_empty(), "{}: {told:?} at {effect}, and later {wrong:?}", base.label);
        }
        let mut reads = 0;
        for told in &history {
            let What::Read(found) = told.what else { continue };
            reads += 1;
            // What had been written before it was asked for, and what was written only after it was answered.
            let least = writes.iter().filter(|(_, w)| w.answered < told.asked).map(|(at, _)| *at).max().unwrap_or(0);
            let most = writes.iter().filter(|(_, w)| w.asked > told.answered).map(|(at, _)| *at).min();
            let most = most.unwrap_or(i64::MAX);
            let fits = match found {
                Some(version) => version < most && versions[&version] > least,
                // There is a revision between at which nothing was there.
                None => {
                    let ends = std::iter::once(0).chain(versions.values().copied());
                    ends.filter(|end| *end < most && !versions.contains_key(end)).any(|end| {
                        let next = versions.keys().find(|begin| **begin > end).copied().unwrap_or(i64::MAX);
                        next > least
                    })
                }
            };
            assert!(fits, "{}: {told:?} does not fit between {least} and {most}", base.label);
        }
        let told = format!("{}: {all} writes and {reads} reads at two instances have one order", base.label);
        figures::tell("one thing, many writers and readers", told);
    }
}
