//! Small numbers on their way into the tables: what is published of a count is decided when all of a write is there.
//!
//! Published tables hold what is published and nothing else: a hidden value is null there, with the status `suppressed`,
//! in every version. Its true value is in the table `withheld`, which nothing but this module and `db::unsuppressed`
//! reads. So whatever is computed from published rows, by whatever way, gives away nothing that they do not.
//!
//! * What is written is compared with the true value of what is there ([`truth`]): the same again changes nothing, and
//!   another value that is hidden as well changes nothing that is published, not even the revision.
//! * At the end of a write each indicator it touched is judged (`domain::suppression`), together with what it is a part of
//!   and its parts ([`kept`]), over the periods it touched and those that hang together with them ([`load`]), and rows are
//!   hidden or shown ([`apply`]).
mod apply;
mod kept;
mod load;
mod truth;

use super::revision::Write;
use super::table::Table;
use super::{Db, Statement, boundaries};
use crate::domain::boundaries::Register;
use crate::domain::suppression::{self, Exposed, Geography, Key, Withheld};
use crate::error::{Error, Kind, Mistake};
use kept::Kept;
use load::Row;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The collection whose values may be hidden.
pub(super) const HIDING: &str = "observations";

/// What a write has touched that the verdict depends on.
#[derive(Default)]
pub(super) struct Touched {
    /// Indicators with the periods in which they have new figures, or lost some.
    periods: BTreeMap<String, BTreeSet<String>>,
    /// Indicators whose definition is new.
    definitions: BTreeSet<String>,
    /// Whether anything is withheld, once it has been looked up.
    any: Option<bool>,
    /// Observations whose withheld value was changed.
    pub stirred: BTreeSet<String>,
    /// Whether values were taken out of versions that are there.
    pub redacted: bool,
}

impl Touched {
    /// Notes a row that was written or ended.
    pub fn note(&mut self, table: &Table, object: &Json) {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        match table.collection {
            HIDING => {
                let (indicator, period) = (text("indicator"), text("period"));
                match self.periods.get_mut(indicator) {
                    Some(periods) if periods.contains(period) => {}
                    Some(periods) => drop(periods.insert(period.to_owned())),
                    None => drop(self.periods.insert(indicator.to_owned(), [period.to_owned()].into())),
                }
            }
            "indicators" => drop(self.definitions.insert(text("id").to_owned())),
            _ => {}
        }
    }
}

/// Which periods of an indicator are judged; all where none is named.
type Periods = Option<BTreeSet<String>>;

/// Hides and shows what is to be, after all rows of a write.
pub(super) fn settle(write: &mut Write) -> Result<(), Error> {
    let stirred = std::mem::take(&mut write.hiding.stirred);
    let touched = std::mem::replace(&mut write.hiding, Touched { stirred, ..Touched::default() });
    let reformed = ["municipalities", "municipality-changes"].iter().any(|name| write.touched.contains(name));
    if touched.periods.is_empty() && touched.definitions.is_empty() && !reformed {
        return Ok(());
    }
    let kept = kept::kept(write.conn)?;
    let mut due: BTreeMap<String, Periods> =
        touched.periods.into_iter().map(|(indicator, periods)| (indicator, Some(periods))).collect();
    let former = kept::former_wholes(write.conn, &touched.definitions, write.revision)?;
    due.extend(touched.definitions.into_iter().chain(former).map(|indicator| (indicator, None)));
    if reformed {
        due.extend(kept.hiding().map(|indicator| (indicator.clone(), None)));
    }
    due.retain(|indicator, _| kept.concerns(indicator));
    if due.is_empty() {
        return Ok(());
    }
    let register = boundaries::load(write.conn, write.revision)?;
    let health_regions = load::health_regions(write.conn, &register)?;
    let geography = Geography { register: &register, health_regions: &health_regions };
    let mut settling = Settling { geography, kept: &kept, purged: BTreeMap::new(), redacted: false };
    settling.counts(write, &mut due)?;
    settling.rates(write, due)?;
    write.hiding.redacted = settling.redacted;
    if settling.redacted {
        older_versions_redacted(write.conn, write.revision)?;
    }
    Ok(())
}

struct Settling<'a> {
    geography: Geography<'a>,
    kept: &'a Kept,
    /// Indicators with the periods of which no old version keeps a value.
    purged: BTreeMap<String, BTreeSet<String>>,
    redacted: bool,
}

impl Settling<'_> {
    /// Judges what is no rate, with what it is a part of and its parts, and adds to what is due the rates of it.
    fn counts(&mut self, write: &mut Write, due: &mut BTreeMap<String, Periods>) -> Result<(), Error> {
        let mut judged: BTreeSet<String> = BTreeSet::new();
        for indicator in due.keys().cloned().collect::<Vec<_>>() {
            if self.kept.rates.contains_key(&indicator) || judged.contains(&indicator) {
                continue;
            }
            let members = self.kept.members(&indicator);
            let touched = members.iter().filter_map(|member| due.get(member));
            let touched = touched.cloned().reduce(|a, b| Some(a?.into_iter().chain(b?).collect())).flatten();
            let periods = load::together(write.conn, &members, touched)?;
            self.family(write, &members, &periods)?;
            for (rate, _) in self.kept.rates.iter().filter(|(_, of)| members.contains(of)) {
                let also = due.entry(rate.clone()).or_insert_with(|| Some(BTreeSet::new()));
                also.iter_mut().for_each(|all| all.extend(periods.iter().cloned()));
            }
            judged.extend(members);
        }
        Ok(())
    }

    fn family(&mut self, write: &mut Write, members: &[String], periods: &[String]) -> Result<(), Error> {
        let mut rows: Vec<(usize, Row)> = vec![];
        for (n, member) in members.iter().enumerate() {
            rows.extend(load::rows(write.conn, member, periods, write.revision)?.into_iter().map(|row| (n, row)));
        }
        let figures = rows.iter().map(|(n, row)| row.figure(*n)).collect::<Result<Vec<_>, _>>()?;
        let verdict = suppression::judge(&self.geography, &figures, &self.kept.family(members))
            .map_err(|exposed| refusal(members, &rows, exposed))?;
        for ((n, row), withheld) in rows.iter().zip(&verdict.withheld) {
            apply::row(write, &members[*n], row, *withheld)?;
        }
        let mut old = vec![];
        for member in members.iter().filter(|member| self.kept.hides(member)) {
            old.push((member, load::ended(write.conn, member, periods, write.revision)?));
        }
        let small = |member: &str, row: &Row| row.published_value().is_some_and(|v| self.kept.is_small(member, v));
        if old.iter().any(|(member, rows)| rows.iter().any(|row| small(member, row))) {
            for member in members {
                self.purged.entry(member.clone()).or_default().extend(periods.iter().cloned());
            }
        }
        let mut hidden: BTreeMap<&String, HashSet<Key>> = BTreeMap::new();
        for (n, key) in verdict.hidden {
            hidden.entry(&members[n]).or_default().insert(key);
        }
        for (member, rows) in old {
            self.redact(write, member, rows, &hidden.remove(member).unwrap_or_default())?;
        }
        Ok(())
    }

    /// A rate is shown where the count it is a rate of is shown. Where there is no count nobody can say whether the rate,
    /// multiplied with the population, would give away a small one.
    fn rates(&mut self, write: &mut Write, due: BTreeMap<String, Periods>) -> Result<(), Error> {
        for (rate, periods) in due {
            let Some(of) = self.kept.rates.get(&rate) else { continue };
            let periods = load::together(write.conn, std::slice::from_ref(&rate), periods)?;
            let rows = load::rows(write.conn, &rate, &periods, write.revision)?;
            let judged = self.kept.hides(of);
            let shown = self.shown(write.conn, of, &periods, write.revision)?;
            let mut hidden = HashSet::new();
            for row in &rows {
                let key = self.key(row)?;
                let withheld = judged && row.value().is_some() && !shown.contains(&key);
                apply::row(write, &rate, row, withheld.then_some(Withheld::Rate))?;
                hidden.extend(withheld.then_some(key));
            }
            if judged {
                let old = load::ended(write.conn, &rate, &periods, write.revision)?;
                self.redact(write, of, old, &hidden)?;
            }
        }
        Ok(())
    }

    /// Where all figures of a count are published.
    fn shown(&self, conn: &mut Db, of: &str, periods: &[String], revision: i64) -> Result<HashSet<Key>, Error> {
        let (mut shown, mut hidden) = (HashSet::new(), HashSet::new());
        for row in load::rows(conn, of, periods, revision)? {
            let key = self.key(&row)?;
            if row.published_value().is_some() {
                shown.insert(key)
            } else {
                hidden.insert(key)
            };
        }
        shown.retain(|key| !hidden.contains(key));
        Ok(shown)
    }

    fn key(&self, row: &Row) -> Result<Key, Error> {
        let figure = row.figure(0)?;
        Ok((figure.period, self.geography.spot(figure.region, &figure.period, figure.mapped_on).0))
    }

    /// Takes values out of versions that have ended, of a count or a rate of it: those of hidden cells, and all of these
    /// periods where one of the count, or of what is judged with it, is small, as one can be whose figure was corrected or
    /// deleted before there was a threshold. What the others gave away then is not judged again.
    fn redact(&mut self, write: &mut Write, count: &str, old: Vec<Row>, hidden: &HashSet<Key>) -> Result<(), Error> {
        let purged = self.purged.get(count);
        let mut ids = BTreeSet::new();
        for row in old {
            if purged.is_some_and(|periods| periods.contains(&row.period)) || hidden.contains(&self.key(&row)?) {
                ids.insert(row.id);
            }
        }
        self.redacted |= apply::redact(write.conn, &ids, write.revision)?;
        Ok(())
    }
}

/// A refusal that tells of no value.
fn refusal(members: &[String], rows: &[(usize, Row)], exposed: Exposed) -> Error {
    let of = |(n, row): &&(usize, Row)| {
        *n == exposed.indicator && row.figure(*n).is_ok_and(|figure| figure.period == exposed.period)
    };
    let period = rows.iter().find(of).map_or("some period", |(_, row)| row.period.as_str());
    let message = format!(
        "the figures of `{}` for {period} cannot be published: whatever is hidden, the others would give away a small number",
        members[exposed.indicator]
    );
    Error::because(Kind::InvalidContent, Mistake::field("value", "domain_rule", message))
}

/// Values were taken out of versions that are older than this revision: the one exception to that nothing that was
/// published changes. What is made of versions and kept is to be made anew from here: tags of answers go by this mark,
/// kept answers too, and the digest of the collection is computed again.
fn older_versions_redacted(conn: &mut Db, revision: i64) -> Result<(), Error> {
    Statement::new("UPDATE dataset SET redacted = ").bind(revision).run(conn)?;
    Ok(())
}
