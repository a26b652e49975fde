//! What the indicators say of small numbers.
use super::super::{CURRENT, Db, Statement};
use crate::domain::id;
use crate::domain::suppression::{Division, Family, Policy};
use crate::domain::vocabulary::Aggregation;
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What the indicators say of small numbers, and where anything is withheld.
pub(super) struct Kept {
    policies: HashMap<String, Policy>,
    /// What rates are a rate of.
    pub rates: HashMap<String, String>,
    /// The ways in which indicators are divided: the whole and what it is divided by, with the parts.
    divisions: BTreeMap<(String, String), BTreeSet<String>>,
    /// Indicators of which something is withheld.
    withheld: HashSet<String>,
}

type Definition = (String, Option<i64>, Option<bool>, Option<String>, Option<String>, Option<String>, Aggregation);

pub(super) fn kept(conn: &mut Db) -> Result<Kept, Error> {
    let sql =
        "SELECT id, threshold, zero_hidden, rate_of, part_of, part_by, aggregation FROM indicators WHERE ended = ";
    let (mut policies, mut rates) = (HashMap::new(), HashMap::new());
    let mut divisions: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (id, threshold, zero_hidden, rate_of, part_of, part_by, aggregation) in
        Statement::new(sql).bind(CURRENT).rows::<Definition>(conn)?
    {
        let policy = Policy {
            threshold: threshold.unwrap_or(0) as f64,
            zero_hidden: zero_hidden.unwrap_or(false),
            adds: aggregation == Aggregation::Sum,
        };
        policies.insert(id.clone(), policy);
        let (part_of, part_by) = (part_of.unwrap_or_default(), part_by.unwrap_or_default());
        for (whole, by) in id::listed(&part_of).zip(id::listed(&part_by)) {
            divisions.entry((whole.to_owned(), by.to_owned())).or_default().insert(id.clone());
        }
        rates.extend(rate_of.map(|of| (id, of)));
    }
    let withheld = Statement::new("SELECT DISTINCT indicator FROM withheld").rows::<(String,)>(conn)?;
    Ok(Kept { policies, rates, divisions, withheld: withheld.into_iter().map(|(indicator,)| indicator).collect() })
}

/// What indicators were a part of before this revision changed or ended them.
pub(super) fn former_wholes(
    conn: &mut Db,
    indicators: &BTreeSet<String>,
    revision: i64,
) -> Result<BTreeSet<String>, Error> {
    if indicators.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = Statement::new("SELECT part_of FROM indicators WHERE part_of IS NOT NULL AND ended = ").bind(revision);
    let sql = sql.sql(" AND id IN ").bind_list(indicators.iter().map(String::as_str));
    let lists = sql.rows::<(String,)>(conn)?;
    Ok(lists.iter().flat_map(|(list,)| id::listed(list)).map(str::to_owned).collect())
}

impl Kept {
    /// Whether figures of an indicator may be hidden.
    pub fn hides(&self, indicator: &str) -> bool {
        self.policies.get(indicator).is_some_and(Policy::hides)
    }

    /// Every indicator whose figures may be hidden.
    pub fn hiding(&self) -> impl Iterator<Item = &String> {
        self.policies.iter().filter(|(_, policy)| policy.hides()).map(|(indicator, _)| indicator)
    }

    /// Whether an old figure of an indicator is too small to stay.
    pub fn is_small(&self, indicator: &str, value: f64) -> bool {
        self.policies.get(indicator).is_some_and(|policy| policy.is_small(value))
    }

    /// Whether anything of an indicator is, or may have to be, hidden; or its figures may give away what is.
    pub fn concerns(&self, indicator: &str) -> bool {
        self.rates.contains_key(indicator)
            || self.members(indicator).iter().any(|member| self.hides(member) || self.withheld.contains(member))
    }

    /// The indicators that are judged together with one, itself among them: what it is a part of, what is a part of it, and
    /// so on.
    pub fn members(&self, indicator: &str) -> Vec<String> {
        let mut found: BTreeSet<&str> = [indicator].into();
        let mut due = vec![indicator];
        while let Some(of) = due.pop() {
            let near = self.divisions.iter().filter(|((whole, _), parts)| whole == of || parts.contains(of));
            for other in near.flat_map(|((whole, _), parts)| parts.iter().chain([whole])) {
                if found.insert(other) {
                    due.push(other);
                }
            }
        }
        found.into_iter().map(str::to_owned).collect()
    }

    /// The same as they are judged.
    pub fn family(&self, members: &[String]) -> Family {
        // One that is there no more hides nothing.
        let nothing = Policy { threshold: 0.0, zero_hidden: false, adds: false };
        let policies = members.iter().map(|member| self.policies.get(member).copied().unwrap_or(nothing)).collect();
        let at = |name: &String| members.binary_search(name).ok();
        let of = |((whole, _), parts): (&(String, String), &BTreeSet<String>)| {
            Some(Division { whole: at(whole)?, parts: parts.iter().filter_map(at).collect() })
        };
        Family { policies, divisions: self.divisions.iter().filter_map(of).collect() }
    }
}
