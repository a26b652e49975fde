//! What is said of a conversion to people: its arithmetic, and what is in no row.
use crate::domain::Language;
use crate::domain::boundaries::Reason;
use crate::domain::vocabulary::Aggregation;
use std::collections::{BTreeMap, BTreeSet};

/// A part of a row: its region, its value, the share of it that counts, its weight.
pub struct Term<'a> {
    pub region: &'a str,
    pub value: f64,
    pub share: f64,
    pub weight: Option<f64>,
}

/// How a value was made of its parts: `K-1504 47998 + K-1523 2250 = 50248`.
pub fn arithmetic(terms: &[Term], aggregation: Aggregation, total: f64) -> String {
    let weighted = aggregation == Aggregation::Mean && terms.len() > 1;
    let term = |term: &Term| {
        let Term { region, value, share, weight } = term;
        let weight = weight.filter(|_| weighted).map(|weight| format!(" × {weight}")).unwrap_or_default();
        let share = if *share == 1.0 || weighted || aggregation == Aggregation::Mean {
            String::new()
        } else {
            format!(" × {share}")
        };
        format!("{region} {value}{weight}{share}")
    };
    let sum = terms.iter().map(term).collect::<Vec<_>>().join(" + ");
    match terms {
        [only] if only.value == total => sum,
        _ if weighted => {
            let weights: f64 = terms.iter().filter_map(|term| term.weight.map(|weight| weight * term.share)).sum();
            format!("({sum}) / {weights} = {total}")
        }
        _ => format!("{sum} = {total}"),
    }
}

/// What of one thing could not be carried, for one reason.
#[derive(Default)]
struct Lost {
    count: usize,
    sum: f64,
    periods: BTreeSet<String>,
    /// Its regions with their names, and those on which the reason turns.
    regions: BTreeSet<String>,
    causes: BTreeSet<String>,
}

/// What could not be carried, put together as readers are told of it.
#[derive(Default)]
pub struct Losses(BTreeMap<(String, &'static str), Lost>);

/// How many warnings there may be, and how many regions one names; there may be thousands of losses.
const MOST: usize = 20;
const NAMED: usize = 5;

impl Losses {
    /// Notes that something of an indicator, or an amount, is in no row of the map. The causes are the regions on which the
    /// reason turns; none where that is the region itself.
    pub fn note(
        &mut self,
        what: &str,
        (reason, causes): (Reason, Vec<String>),
        value: f64,
        (period, region): (&str, &str),
    ) {
        let lost = self.0.entry((what.to_owned(), reason.word())).or_default();
        lost.count += 1;
        lost.sum += value;
        lost.periods.insert(period.to_owned());
        lost.regions.insert(region.to_owned());
        lost.causes.extend(if causes.is_empty() { vec![region.to_owned()] } else { causes });
    }

    /// A sentence or two for each. `added` says of which things a sum means something.
    pub fn warnings(&self, added: impl Fn(&str) -> bool, language: Language) -> Vec<String> {
        let told = self.0.iter().filter_map(|((what, word), lost)| {
            let reason = Reason::from_word(word)?;
            let sum = added(what).then_some(lost.sum);
            let periods = lost.periods.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let head = left(what, (lost.count, sum), (&periods, &some(&lost.regions)), language);
            Some(format!("{head} {}", reason.sentence(&some(&lost.causes), language)))
        });
        let mut all: Vec<String> = told.take(MOST).collect();
        if self.0.len() > MOST {
            all.push(further(self.0.len() - MOST, language));
        }
        all
    }
}

/// The first of some names.
fn some(names: &BTreeSet<String>) -> String {
    let mut first: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    if names.len() > NAMED {
        first.push("…");
    }
    first.join(", ")
}

fn left(
    what: &str,
    (count, sum): (usize, Option<f64>),
    (periods, regions): (&str, &str),
    language: Language,
) -> String {
    let together = |word: &str| sum.map(|sum| format!(", {word} {sum},")).unwrap_or_default();
    let one = count == 1;
    match language {
        Language::Nb => format!(
            "`{what}`, {periods}: {count} {}{} er ikke med i noe område på dette kartet ({regions}).",
            if one { "verdi" } else { "verdier" },
            together("til sammen")
        ),
        Language::Nn => format!(
            "`{what}`, {periods}: {count} {}{} er ikkje med i noko område på dette kartet ({regions}).",
            if one { "verdi" } else { "verdiar" },
            together("til saman")
        ),
        Language::En => format!(
            "`{what}`, {periods}: {count} {}{} in no area of this map ({regions}).",
            if one { "value" } else { "values" },
            together("together") + if one { " is" } else { " are" }
        ),
    }
}

fn further(count: usize, language: Language) -> String {
    match language {
        Language::Nb => format!("Og {count} slike grunner til; avgrens for å se dem."),
        Language::Nn => format!("Og {count} slike grunnar til; avgrens for å sjå dei."),
        Language::En => format!("And {count} more such reasons; filter to see them."),
    }
}

/// That a number for each inhabitant means nothing for some indicators.
pub fn undivided(indicators: &BTreeSet<&str>, language: Language) -> Option<String> {
    if indicators.is_empty() {
        return None;
    }
    let named = indicators.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    Some(match language {
        Language::Nb => format!("{named}: verdiene er ikke summer og deles ikke på folketallet."),
        Language::Nn => format!("{named}: verdiane er ikkje summar og blir ikkje delte på folketalet."),
        Language::En => format!("{named}: the values are no sums and are not divided by the population."),
    })
}

/// A region as warnings name it.
pub fn named(region: &str, name: &str) -> String {
    format!("{region} {name}").trim_end().to_owned()
}

/// Keys of regions with spaces between, each once.
pub fn keys<'k>(keys: impl Iterator<Item = &'k str>) -> String {
    let mut all: Vec<&str> = vec![];
    for key in keys {
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all.join(" ")
}
