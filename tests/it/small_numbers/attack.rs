//! The attack: everything that the API tells is read, and solved for what it does not.
use crate::client::Client;
use microlp::{ComparisonOp, Error, OptimizationDirection, Problem};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A figure that was told: region, the map it is on where that is named, period, vintage.
pub type Name = (String, Option<String>, String, String);

/// Values of an indicator that were told somewhere, and those that are suppressed now.
#[derive(Default, Clone)]
pub struct Told {
    pub values: BTreeMap<Name, BTreeSet<String>>,
    pub suppressed: BTreeSet<Name>,
    /// What is current: the value, or none where it is suppressed.
    pub current: BTreeMap<Name, Option<f64>>,
}

impl Told {
    fn take(&mut self, row: &Value, indicator: &str) {
        if row["indicator"] == indicator
            && let Some(value) = row["value"].as_f64()
        {
            self.values.entry(name(row)).or_default().insert(value.to_string());
        }
    }
}

fn name(row: &Value) -> Name {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    (text("region").unwrap(), text("mapped_on"), text("period").unwrap(), text("published").unwrap())
}

fn list(indicator: &str) -> String {
    format!("/v1/observations?indicator={indicator}&published=all&limit=10000")
}

/// Reads what an indicator has now.
pub async fn glance(client: &Client, indicator: &str) -> Told {
    let mut told = Told::default();
    for row in client.rows(&list(indicator)).await {
        if row["status"] == "suppressed" {
            assert!(row["value"].is_null());
            told.suppressed.insert(name(&row));
        }
        told.take(&row, indicator);
        told.current.insert(name(&row), row["value"].as_f64());
    }
    told
}

/// Reads an indicator, which has been there since a revision, by every way there is.
pub async fn harvest(client: &Client, indicator: &str, since: i64) -> Told {
    let mut told = glance(client, indicator).await;
    let list = list(indicator);
    let head = client.json("/v1/about").await["revision"].as_i64().unwrap();
    for row in client.rows(&list).await {
        let history = client.json(&format!("/v1/observations/{}/history", row["id"].as_str().unwrap())).await;
        for version in history["data"].as_array().unwrap() {
            told.take(&version["row"], indicator);
        }
    }
    for revision in since..=head {
        let rows = client.rows(&format!("{list}&as_of={revision}")).await;
        rows.iter().for_each(|row| told.take(row, indicator));
    }
    let mut next = Some(format!("/v1/changes?indicator={indicator}&after={}&limit=1000", since - 1));
    while let Some(path) = next {
        let page = client.json(&path).await;
        for change in page["data"].as_array().unwrap() {
            for side in ["before", "after"] {
                told.take(&change[side], indicator);
            }
        }
        next = page["next"].as_str().map(|next| next.trim_start_matches("http://127.0.0.1:8080").to_owned());
    }
    let difference = client.json(&format!("/v1/diff?from={since}&to={head}&type=observations&limit=1000")).await;
    for change in difference["data"].as_array().unwrap() {
        for side in ["before", "after"] {
            told.take(&change[side], indicator);
        }
    }
    let csv = client.get(&format!("/v1/observations?indicator={indicator}&published=all&format=csv")).await.done(200);
    let mut reader = csv::Reader::from_reader(&csv.body[..]);
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    for record in reader.records().map(Result::unwrap) {
        let mut row = serde_json::json!({});
        for (name, text) in head.iter().zip(record.iter()).filter(|(_, text)| !text.is_empty()) {
            row[name] = if name == "value" { text.parse::<f64>().unwrap().into() } else { text.into() };
        }
        told.take(&row, indicator);
    }
    told
}

/// The municipalities of a day: code and health region.
type OnDay = Vec<(String, String)>;

/// What everybody knows of the places.
pub struct Places {
    days: BTreeMap<String, OnDay>,
    /// Day, old code, new code.
    changes: Vec<(String, String, String)>,
}

impl Places {
    pub async fn load(client: &Client, days: &[&str]) -> Self {
        let mut all = BTreeMap::new();
        for day in days {
            let rows = client.rows(&format!("/v1/municipalities?valid_on={day}&limit=1000")).await;
            let of = |row: &Value| {
                (
                    row["region_code"].as_str().unwrap().to_owned(),
                    row["health_region"].as_str().unwrap_or("").to_owned(),
                )
            };
            all.insert((*day).to_owned(), rows.iter().map(of).collect());
        }
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().trim_start_matches("K-").to_owned();
        let changes = client.rows("/v1/municipality-changes?limit=1000").await;
        let changes =
            changes.iter().map(|row| (text(row, "change_date"), text(row, "old_region"), text(row, "new_region")));
        Self { days: all, changes: changes.collect() }
    }

    pub fn on(&self, day: &str) -> Vec<String> {
        self.days[day].iter().map(|(code, _)| code.clone()).collect()
    }

    /// The changes after a day and up to another.
    pub fn between<'a>(&'a self, from: &'a str, to: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let within = move |change: &&(String, String, String)| change.0.as_str() > from && change.0.as_str() <= to;
        self.changes.iter().filter(within).map(|(day, old, new)| (day.as_str(), old.as_str(), new.as_str()))
    }

    /// The codes of a region on a day.
    pub fn of(&self, region: &str, day: &str) -> Vec<String> {
        let all = self.days[day].iter();
        let chosen = all.filter(|(code, health)| match region.split_once('-') {
            None => true,
            Some(("F", digits)) => code.starts_with(digits),
            Some(("H", _)) => health == region,
            Some(("U", codes)) => codes.split('.').any(|part| part == code),
            Some((_, own)) => own == code,
        });
        chosen.map(|(code, _)| code.clone()).collect()
    }

    /// Sets of codes on two days that have the same people: what is connected by any change between them.
    fn units(&self, from: &str, to: &str) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
        // Nodes are codes, with whether the later day is meant. Between two days there is one day of changes.
        let mut groups: Vec<BTreeSet<(String, bool)>> = vec![];
        let mut link = |a: (String, bool), b: (String, bool)| {
            let mut joined: BTreeSet<(String, bool)> = [a, b].into();
            groups.retain(|group| {
                let meets = !group.is_disjoint(&joined);
                if meets {
                    joined.extend(group.iter().cloned());
                }
                !meets
            });
            groups.push(joined);
        };
        let touched: BTreeSet<&str> = self.between(from, to).map(|(_, old, _)| old).collect();
        self.between(from, to).for_each(|(_, old, new)| link((old.to_owned(), false), (new.to_owned(), true)));
        let side = |group: &BTreeSet<(String, bool)>, new: bool, day: &str| {
            let on = self.on(day);
            group.iter().filter(|(code, is)| *is == new && on.contains(code)).map(|(code, _)| code.clone()).collect()
        };
        let mut all: Vec<_> = groups.iter().map(|g| (side(g, false, from), side(g, true, to))).collect();
        let untouched = self.on(from).into_iter().filter(|code| !touched.contains(code.as_str()));
        all.extend(untouched.map(|code| ([code.clone()].into(), [code].into())));
        all
    }
}

/// What is attacked with.
pub struct Attack<'a> {
    pub places: &'a Places,
    /// The day whose map a period has by itself, and the others that figures were reported on.
    pub own_day: &'a str,
    pub days: &'a [&'a str],
    /// A hidden count is at least this.
    pub least: f64,
    /// Municipalities that there is no figure of are taken to have none of it.
    pub absent_are_nothing: bool,
}

impl Attack<'_> {
    /// The narrowest interval to which a suppressed figure of one period can be told, and which it is. `view` has a
    /// value, or none where it is suppressed, for each figure there is.
    pub fn narrowest(&self, view: &BTreeMap<(String, Option<String>), Option<f64>>) -> Option<(f64, String)> {
        let mut names: BTreeMap<(String, String), usize> = BTreeMap::new();
        for day in self.days {
            for code in self.places.on(day) {
                let next = names.len();
                names.insert(((*day).to_owned(), code), next);
            }
        }
        let mut equations: Vec<(Vec<(usize, f64)>, f64)> = vec![];
        let mut targets: Vec<(String, Vec<usize>)> = vec![];
        let mut lower = vec![0.0; names.len()];
        let mut known: BTreeSet<usize> = BTreeSet::new();
        for ((region, mapped_on), value) in view {
            let days: Vec<&str> = match region.as_str() {
                "NO" => self.days.to_vec(),
                _ => vec![mapped_on.as_deref().unwrap_or(self.own_day)],
            };
            for day in days {
                let of: Vec<usize> =
                    self.places.of(region, day).into_iter().map(|code| names[&(day.to_owned(), code)]).collect();
                if let [only] = of.as_slice() {
                    known.insert(*only);
                }
                match value {
                    Some(value) => equations.push((of.iter().map(|n| (*n, 1.0)).collect(), *value)),
                    None => {
                        if let [only] = of.as_slice() {
                            lower[*only] = self.least;
                        }
                        targets.push((format!("{region} on {day}"), of));
                    }
                }
            }
        }
        for pair in self.days.windows(2) {
            for (before, after) in self.places.units(pair[0], pair[1]) {
                let side = |codes: BTreeSet<String>, day: &str, sign: f64| {
                    codes.into_iter().map(|code| (names[&(day.to_owned(), code)], sign)).collect::<Vec<_>>()
                };
                equations.push(([side(before, pair[0], 1.0), side(after, pair[1], -1.0)].concat(), 0.0));
            }
        }
        if self.absent_are_nothing {
            let absent = (0..names.len()).filter(|n| !known.contains(n));
            // Only on maps that figures of municipalities were reported on.
            let used: BTreeSet<&String> =
                names.iter().filter(|(_, n)| known.contains(n)).map(|((day, _), _)| day).collect();
            let day: BTreeMap<usize, &String> = names.iter().map(|((day, _), n)| (*n, day)).collect();
            equations.extend(absent.filter(|n| used.contains(day[n])).map(|n| (vec![(n, 1.0)], 0.0)));
        }
        targets
            .into_iter()
            .map(|(name, of)| {
                let width = width(&lower, &equations, &of).unwrap_or_else(|e| panic!("{name}: {e}"));
                (width, name)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// How far apart the least and the largest sum of some unknowns are. What is known for certain is taken out first, which
/// leaves a problem that is solved in no time.
pub fn width(lower: &[f64], equations: &[(Vec<(usize, f64)>, f64)], target: &[usize]) -> Result<f64, Error> {
    let mut fixed: BTreeMap<usize, f64> = BTreeMap::new();
    loop {
        let before = fixed.len();
        for (terms, sum) in equations {
            let open: Vec<&(usize, f64)> = terms.iter().filter(|(n, _)| !fixed.contains_key(n)).collect();
            if let [(only, sign)] = open.as_slice() {
                let rest: f64 = terms.iter().filter_map(|(n, sign)| Some(sign * fixed.get(n)?)).sum();
                fixed.insert(*only, (sum - rest) / sign);
            }
        }
        if fixed.len() == before {
            break;
        }
    }
    // Only what hangs together with the target.
    let mut near: BTreeSet<usize> = target.iter().filter(|n| !fixed.contains_key(n)).copied().collect();
    let mut rows = vec![];
    let mut left: Vec<_> = equations.iter().collect();
    loop {
        let (touching, others): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(terms, _)| terms.iter().any(|(n, _)| near.contains(n)));
        left = others;
        if touching.is_empty() {
            break;
        }
        for (terms, _) in &touching {
            near.extend(terms.iter().map(|(n, _)| *n).filter(|n| !fixed.contains_key(n)));
        }
        rows.extend(touching);
    }
    let solve = |direction| {
        let mut problem = Problem::new(direction);
        let variables: BTreeMap<usize, _> = near
            .iter()
            .map(|n| (*n, problem.add_var(f64::from(u8::from(target.contains(n))), (lower[*n], f64::INFINITY))))
            .collect();
        for (terms, sum) in &rows {
            let rest: f64 = terms.iter().filter_map(|(n, sign)| Some(sign * fixed.get(n)?)).sum();
            let open: Vec<_> = terms.iter().filter_map(|(n, sign)| Some((*variables.get(n)?, *sign))).collect();
            problem.add_constraint(open, ComparisonOp::Eq, sum - rest);
        }
        problem.solve().map(|outcome| outcome.into_solution().unwrap().objective())
    };
    match solve(OptimizationDirection::Maximize) {
        Err(Error::Unbounded) => Ok(f64::INFINITY),
        Err(e) => Err(e),
        Ok(high) => Ok(high - solve(OptimizationDirection::Minimize)?),
    }
}
