//! The reference data that ships with the program, loaded into an empty database as ordinary revisions.
use crate::api::RESOURCES;
use crate::db::bulk::Tally;
use crate::db::{Author, Database};
use crate::error::Error;

/// A file of `data/`, the collection it is for, and the reason its revision gets.
struct File {
    collection: &'static str,
    content: &'static str,
    reason: &'static str,
}

macro_rules! files {
    ($($collection:literal $file:literal $reason:literal;)+) => {
        [$(File { collection: $collection, content: include_str!(concat!("../../data/", $file, ".csv")), reason: $reason },)+]
    };
}

/// In an order in which everything referred to is there before what refers to it.
static FILES: [File; 20] = files! {
    "sources" "sources" "Reference data: the documents and pages the facts were read from";
    "plans" "plans" "Reference data: the plans of 2007 and 2016";
    "goals" "goals" "Reference data: the goals and sub-goals of both plans";
    "wordings" "wordings" "Reference data: the goals as different sources word them";
    "measures" "measures" "Reference data: the measures of Prop. 15 S (2015–2016) and those announced with it";
    "status-reports" "status-reports" "Reference data: the status reports that are known";
    "events" "events" "Reference data: the timeline of the plans";
    "health-regions" "health-regions" "Reference data: the regional health authorities";
    "counties" "counties" "Reference data: counties from 2007, Statistics Norway, KLASS 104";
    "municipalities" "municipalities" "Reference data: municipalities from 2007, Statistics Norway, KLASS 131";
    "municipality-changes" "municipality-changes" "Reference data: changes of municipalities from 2007, Statistics Norway, KLASS 131";
    "schemes" "schemes" "Reference data: the grant scheme";
    "budgets" "budgets" "Reference data: the budget lines of both plans";
    "grants" "grants" "Reference data: the grants that sources name";
    "indicators" "indicators" "Reference data: the indicators";
    "observations" "population" "Reference data: population 2007–2026, Statistics Norway, table 07459";
    "observations" "observations" "Reference data: values of the indicators, with their vintages";
    "evaluations" "evaluations" "Reference data: the reports of the evaluation";
    "assessments" "assessments" "Reference data: what was concluded, and by whom";
    "consultations" "consultations" "Reference data: the consultation before the plan of 2016, and its hearings";
};

/// Loads the reference data, unless the database has had a revision already. Returns how many rows there were.
pub fn load(db: &Database) -> Result<usize, Error> {
    db.refresh()?;
    if db.head().revision > 0 {
        return Ok(0);
    }
    let author = Author::local("reference data");
    let mut rows = 0;
    for file in &FILES {
        let ((tally, behind), _) = db.write(&author, Some(file.reason), |write| {
            // Another instance may have been first; the counter, held from here on, tells.
            let behind = rows == 0 && write.revision() != 1;
            if behind {
                return Ok((Tally::default(), true));
            }
            let entry = RESOURCES.iter().find(|e| (e.table)().collection == file.collection);
            let entry = entry.ok_or_else(|| Error::internal(format!("no collection {}", file.collection)))?;
            Ok(((entry.load)(write, &mut file.content.as_bytes())?, false))
        })?;
        if behind {
            return Ok(0);
        }
        rows += tally.inserted + tally.updated + tally.unchanged;
    }
    Ok(rows)
}
