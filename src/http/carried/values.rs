//! Values of indicators on a map: those of several places become one by the rule of their indicator.
use super::made::{Amount, Conversion, Made, Place, Spot};
use super::said::{self, Losses, Term};
use super::source::{number_of, span, text_of};
use super::{Asking, Outcome, Question, Sources};
use crate::db::boundaries::Target;
use crate::db::{Db, Statement};
use crate::domain::boundaries::{self, Map, Register, Reported, Row, Rule, Spot as Lies, convert};
use crate::domain::vocabulary::{Aggregation, ObservationStatus};
use crate::domain::{Language, Number, Period};
use crate::error::Error;
use crate::http::filter;
use crate::http::population::Population;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What an indicator says of its values.
#[derive(Debug, Clone)]
struct Definition {
    aggregation: Aggregation,
    weight: Option<String>,
}

/// Indicator, region, period, and the value.
type Weight = (String, String, String, Number);

/// The weights of means, by indicator, region and period.
type Weights = HashMap<(String, String, String), f64>;

/// What is known of the rows before they are carried.
struct Panel<'a> {
    sources: &'a Sources,
    periods: Vec<Period>,
    maps: Vec<Option<NaiveDate>>,
    statuses: Vec<ObservationStatus>,
    regions: Vec<&'a str>,
    /// The rows of each indicator.
    indicators: BTreeMap<&'a str, Vec<usize>>,
    definitions: HashMap<String, Definition>,
    value: usize,
}

impl<'a> Panel<'a> {
    fn of(conn: &mut Db, sources: &'a Sources, at: i64) -> Result<Self, Error> {
        let mut indicators: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, indicator) in sources.texts("indicator").into_iter().enumerate() {
            indicators.entry(indicator.unwrap_or_default()).or_default().push(number);
        }
        let status = |word: Option<&str>| {
            let known = word.and_then(ObservationStatus::from_word);
            known.ok_or_else(|| Error::internal(format!("a status {word:?}")))
        };
        let definitions = Statement::new("SELECT t.id, t.aggregation, t.weight FROM indicators t").at(at);
        let definitions: Vec<(String, Aggregation, Option<String>)> = definitions.rows(conn)?;
        let definitions =
            definitions.into_iter().map(|(id, aggregation, weight)| (id, Definition { aggregation, weight })).collect();
        Ok(Self {
            sources,
            periods: sources.periods()?,
            maps: sources.maps()?,
            statuses: sources.texts("status").into_iter().map(status).collect::<Result<_, _>>()?,
            regions: sources.texts("region").into_iter().map(Option::unwrap_or_default).collect(),
            indicators,
            definitions,
            value: sources.position("value"),
        })
    }

    fn aggregation(&self, indicator: &str) -> Aggregation {
        self.definitions.get(indicator).map_or(Aggregation::None, |definition| definition.aggregation)
    }

    /// A row as it was reported.
    fn as_reported(&self, number: usize) -> Made {
        Made {
            sources: vec![number],
            id: None,
            place: Place::AsReported,
            amount: Amount::Value(self.value(number), self.statuses[number]),
            conversion: Conversion::default(),
            population: None,
        }
    }

    fn value(&self, number: usize) -> Option<f64> {
        number_of(&self.sources.row(number), self.value)
    }
}

/// Carries values.
pub fn carry(asking: &Asking, conn: &mut Db, sources: &Sources) -> Result<Outcome, Error> {
    let Asking { db, question, inquiry, at } = *asking;
    let panel = Panel::of(conn, sources, at)?;
    let target = question.target(&inquiry.asked, || span(&panel.periods, &panel.maps));
    let (mut made, mut spots, mut warnings) = (vec![], vec![], vec![]);
    if let Some(target) = target {
        let register = db.register(conn, at)?;
        let map = db.map(&register, target);
        spots = Spot::all(&register, &map)?;
        let weights = weights(conn, &panel, inquiry.asked.one("published").unwrap_or("latest"), at)?;
        let mut losses = Losses::default();
        let carrying = Carrying { panel: &panel, question, register: &register, map: &map, language: inquiry.language };
        for (indicator, numbers) in &panel.indicators {
            carrying.indicator(indicator, numbers, &weights, &mut made, &mut losses);
        }
        let adds = |indicator: &str| panel.aggregation(indicator) == Aggregation::Sum;
        warnings = losses.warnings(adds, inquiry.language);
    } else {
        made.extend((0..sources.rows.len()).map(|number| panel.as_reported(number)));
    }
    if question.per.is_some() {
        let undivided = divide(asking, conn, &panel, (target, &spots), &mut made)?;
        warnings.extend(said::undivided(&undivided, inquiry.language));
    }
    Ok(Outcome { made, spots, warnings })
}

/// The weights of the means among the indicators, of the vintage that is asked for of the values.
fn weights(conn: &mut Db, panel: &Panel, published: &str, at: i64) -> Result<Weights, Error> {
    let used = panel.indicators.keys().filter_map(|id| panel.definitions.get(*id)?.weight.as_deref());
    let used: BTreeSet<&str> = used.collect();
    if used.is_empty() {
        return Ok(Weights::new());
    }
    let select = Statement::new("SELECT t.indicator, t.region, t.period, t.value FROM observations t")
        .at(at)
        .sql(" AND t.value IS NOT NULL AND t.indicator IN ")
        .bind_list(used);
    let found: Vec<Weight> = filter::vintage(published, at, select).rows(conn)?;
    Ok(found.into_iter().map(|(indicator, region, period, value)| ((indicator, region, period), value.0)).collect())
}

/// What the values of all indicators are carried with.
struct Carrying<'a> {
    panel: &'a Panel<'a>,
    question: &'a Question,
    register: &'a Register,
    map: &'a Map,
    language: Language,
}

impl Carrying<'_> {
    fn indicator(
        &self,
        indicator: &str,
        numbers: &[usize],
        weights: &Weights,
        made: &mut Vec<Made>,
        losses: &mut Losses,
    ) {
        let panel = self.panel;
        let weight = panel.definitions.get(indicator).and_then(|definition| definition.weight.as_deref());
        let period = panel.sources.position("period");
        let reported: Vec<Reported> = numbers
            .iter()
            .map(|number| Reported {
                region: panel.regions[*number],
                period: panel.periods[*number],
                mapped_on: panel.maps[*number],
                value: panel.value(*number),
                status: panel.statuses[*number],
                weight: weight.and_then(|weight| {
                    let period = text_of(&panel.sources.row(*number), period);
                    weights.get(&(weight.to_owned(), panel.regions[*number].to_owned(), period.to_owned())).copied()
                }),
            })
            .collect();
        let rule = Rule { aggregation: panel.aggregation(indicator), estimate: self.question.estimate };
        let converted = convert(self.register, self.map, &reported, rule);
        made.extend(converted.rows.iter().map(|row| Made {
            id: self.id(indicator, row, numbers),
            ..self.row(row, numbers, &reported, rule.aggregation)
        }));
        let name = panel.sources.position("region_name");
        for left in &converted.left {
            let row = panel.sources.row(numbers[left.observation]);
            let region = said::named(reported[left.observation].region, text_of(&row, name));
            let causes = left.places.iter().map(|place| self.register.named(&[*place])).collect();
            losses.note(indicator, (left.reason, causes), left.value, (text_of(&row, period), &region));
        }
    }

    /// It names the value, as an id does, and the map it is on.
    fn id(&self, indicator: &str, row: &Row, numbers: &[usize]) -> Option<String> {
        let Lies::Area(area) = row.spot else { return None };
        let sources = self.panel.sources;
        let texts = |name: &str| {
            let column = sources.position(name);
            numbers_of(row, numbers).map(move |number| text_of(&sources.row(number), column))
        };
        let (period, published) = (texts("period").next()?, texts("published").max()?);
        let (region, map) = (&self.map.areas()[area].key, self.question.word()?);
        Some(format!("{indicator}.{region}.{period}.{published}.{map}"))
    }

    fn row(&self, row: &Row, numbers: &[usize], reported: &[Reported], aggregation: Aggregation) -> Made {
        let regions = row.sources.iter().map(|source| match (source.observation, source.place) {
            (Some(observation), _) => reported[observation].region.to_owned(),
            (None, Some(place)) => self.register.places()[place].key(),
            (None, None) => String::new(),
        });
        let regions: Vec<String> = regions.collect();
        let explanation = self.question.explain.then(|| match (row.value, &row.explanation) {
            (_, Some(why)) => Some(why.sentence(self.register, self.language)),
            (None, None) => None,
            (Some(total), None) => {
                let term = |source: &boundaries::Source| {
                    let one = &reported[source.observation?];
                    let share = source.share.unwrap_or(1.0);
                    Some(Term { region: one.region, value: one.value?, share, weight: one.weight })
                };
                let terms: Vec<Term> = row.sources.iter().filter_map(term).collect();
                Some(said::arithmetic(&terms, aggregation, total))
            }
        });
        let place = if let Lies::Area(area) = row.spot { Place::At(area) } else { Place::AsReported };
        Made {
            sources: numbers_of(row, numbers).collect(),
            id: None,
            place,
            amount: Amount::Value(row.value, row.status),
            conversion: Conversion {
                quality: Some(row.quality),
                method: row.method,
                reason: row.explanation.as_ref().map(|why| why.reason),
                source_regions: Some(said::keys(regions.iter().map(String::as_str))),
                explanation: explanation.flatten(),
            },
            population: None,
        }
    }
}

/// The numbers of the rows that a row of the map was made of.
fn numbers_of(row: &Row, numbers: &[usize]) -> impl Iterator<Item = usize> {
    row.sources.iter().filter_map(|source| Some(numbers[source.observation?]))
}

/// Puts the population of each row beside it. The indicators whose values are no counts are not divided, and returned.
fn divide<'a>(
    asking: &Asking,
    conn: &mut Db,
    panel: &Panel<'a>,
    (target, spots): (Option<Target>, &[Spot]),
    made: &mut [Made],
) -> Result<BTreeSet<&'a str>, Error> {
    let (indicators, periods) = (panel.sources.texts("indicator"), panel.sources.texts("period"));
    let of = |texts: &[Option<&'a str>], number: usize| texts[number].unwrap_or_default();
    // A row that stays where it was reported on another map than that of its time has the population of that map.
    let map_of = |made: &Made| target.or_else(|| Some(Target::Day(panel.maps[*made.sources.first()?]?)));
    let mut maps: Vec<Option<Target>> = vec![];
    for map in made.iter().map(map_of) {
        if !maps.contains(&map) {
            maps.push(map);
        }
    }
    let mut populations = vec![];
    for map in maps {
        let wanted = periods.iter().flatten().copied();
        let found = Population::load(asking.db, conn, wanted, map, asking.question.estimate, asking.at)?;
        populations.push((map, found));
    }
    let mut undivided = BTreeSet::new();
    for made in made {
        let Some(number) = made.sources.first().copied() else { continue };
        let indicator = of(&indicators, number);
        if panel.aggregation(indicator) != Aggregation::Sum {
            undivided.insert(indicator);
            continue;
        }
        let map = map_of(made);
        let population = populations.iter().find(|(other, _)| *other == map).map(|(_, population)| population);
        let key = if let Place::At(area) = made.place { &spots[area].region } else { panel.regions[number] };
        made.population = population.and_then(|population| population.of(key, of(&periods, number)));
    }
    Ok(undivided)
}
