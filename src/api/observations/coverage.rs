//! For each indicator, region and period: whether there is a value, and why not.
use super::Observation;
use super::grounds::{Ground, Grounds};
use crate::db::rows::{Cell, Rows};
use crate::db::table::Table;
use crate::db::{Database, Db};
use crate::domain::boundaries::Reason;
use crate::domain::coverage::Coverage;
use crate::domain::vocabulary::ObservationStatus;
use crate::domain::{Language, Level, Period, Region};
use crate::error::{Error, Kind, Mistake};
use crate::http::Settings;
use crate::http::asked::Asked;
use crate::http::carried::made::{Amount, Made, Place, Spot};
use crate::http::carried::said::named;
use crate::http::carried::source::{MOST, text_of};
use crate::http::carried::{self, Asking, Carried, Outcome, Question, Sources, values};
use crate::http::derived::{Answer, Derived};
use crate::http::endpoint::{Endpoint, READ};
use crate::http::filter::Filter;
use crate::http::format::Exports;
use crate::http::inquiry::Inquiry;
use crate::http::parameter::{Parameter, Shape};
use crate::http::resource::Resource;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// `GET /v1/coverage`
pub const COVERAGE: Endpoint = Endpoint {
    path: LIST.path,
    methods: READ,
    routes: || vec![web::get().to(answer)],
    document: |document| document.derived(&LIST, "list_coverage", "observations"),
};

/// Whether there is a value of an indicator for a region and a period, and why not. It is read for its description alone:
/// rows are written cell by cell.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema is what is used: names, types and descriptions of the fields")]
struct Covered {
    /// The indicator.
    #[schema(example = "population")]
    indicator: String,
    /// The region.
    #[schema(example = "K-1507")]
    region: String,
    /// The name of the region in the period, or the last it had.
    #[schema(example = "Ålesund")]
    region_name: String,
    /// What kind of place the region is.
    #[schema(inline, example = "municipality")]
    level: Level,
    /// The county the region is in, by the code of its day.
    #[schema(example = "F-15")]
    county: Option<String>,
    /// The period.
    #[schema(example = "2020")]
    period: String,
    /// First day of the period.
    #[schema(example = "2020-01-01")]
    period_start: String,
    /// Last day of the period.
    #[schema(example = "2020-12-31")]
    period_end: String,
    /// Whether there is a value, and why not.
    #[schema(inline, example = "reported")]
    coverage: Coverage,
    /// Why a value could not be carried to the map that was asked for.
    #[schema(inline, example = json!(null))]
    reason: Option<Reason>,
    /// Why there is no value, in the language of the answer; null where there is one.
    #[schema(example = json!(null))]
    explanation: Option<String>,
    /// The observations that say so, by their ids with spaces between; null where there is none.
    #[schema(example = "population.K-1507.2020.2026")]
    observations: Option<String>,
}

static LIST: Derived = Derived {
    path: "/v1/coverage",
    title: "Why a value is or is not there",
    about: "A cell for each indicator, region and period: reported, missing, not_reported, suppressed, not_applicable, code_not_valid or not_comparable. The periods are those for which the indicator has any value, and those asked for; the regions those of every level it has values for, and those asked for.",
    reads: &["observations", "indicators", "municipalities", "municipality-changes", "counties", "health-regions"],
    table: || {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::of::<Covered>("coverage"));
        &TABLE
    },
    parameters: || {
        let own = ["indicator", "region", "county", "level", "period", "published"];
        let filters = Observation::collection().filters.iter().filter(|filter| own.contains(&filter.name()));
        let filters = filters.flat_map(Filter::parameters).map(|parameter| match parameter.name.as_str() {
            "indicator" => parameter.required(),
            _ => parameter,
        });
        let coverage = Parameter::new("coverage", "Cells that are so.", Shape::Word(Coverage::WORDS)).list();
        let conversion = carried::parameters().into_iter().filter(|parameter| parameter.name != "explain");
        filters.chain([coverage]).chain(conversion).collect()
    },
    shown: &[("indicator", "population"), ("region", "K-1507"), ("period_from", "2018")],
};

async fn answer(
    req: HttpRequest,
    db: Data<Database>,
    settings: Data<Settings>,
    exports: Data<Exports>,
) -> Result<HttpResponse, Error> {
    let database = db.get_ref().clone();
    LIST.answer(
        &req,
        &db,
        &settings,
        &exports,
        |asked| Carried::Values.question(asked).map(drop),
        move |conn, inquiry, mark| {
            let asked = Carried::Values.question(&inquiry.asked)?.unwrap_or(Question::ORIGINAL);
            let question = Question { explain: true, ..asked };
            let asking = Asking { db: &database, question: &question, inquiry, at: mark.revision };
            covered(&asking, conn)
        },
    )
    .await
}

/// What is known of a cell.
struct Known {
    coverage: Coverage,
    reason: Option<Reason>,
    explanation: Option<String>,
    observations: Option<String>,
}

/// What cells are known of, by indicator, region and period.
type Cells<'a> = HashMap<(&'a str, &'a str, &'a str), Known>;

fn covered(asking: &Asking, conn: &mut Db) -> Result<Answer, Error> {
    let sources = Sources::read(asking.db, conn, Observation::collection(), (asking.inquiry, None), true, asking.at)?;
    let outcome = values::carry(asking, conn, &sources)?;
    let register = asking.db.register(conn, asking.at)?;
    let mut grounds = Grounds::of(conn, &register, asking, &outcome.spots)?;
    let rows: Vec<Reported> = outcome.made.iter().map(|made| Reported::of(&sources, &outcome, made)).collect();
    rows.iter().for_each(|row| grounds.note(row.region, row.name, row.level));
    let cells: Cells =
        rows.iter().map(|row| ((row.indicator, row.region, row.period), row.known(asking.inquiry.language))).collect();
    let panels = panels(&rows, &grounds, asking.inquiry)?;
    let asked = asking.inquiry.asked.all("coverage");
    let mut out = Rows::new((LIST.table)().columns.len());
    for (indicator, panel) in &panels {
        for region in &panel.regions {
            for (text, period) in &panel.periods {
                let ground = grounds.0.get(region);
                let nothing;
                let known = match cells.get(&(*indicator, region.as_str(), text.as_str())) {
                    Some(known) => known,
                    None => {
                        nothing = absent((indicator, region, text), period, ground, &rows, asking);
                        &nothing
                    }
                };
                if asked.is_empty() || asked.iter().any(|word| word == known.coverage.word()) {
                    push(&mut out, (indicator, region, text), (period, ground), known);
                }
            }
        }
    }
    Ok(Answer { rows: out, warnings: outcome.warnings })
}

/// A value, as far as it covers a cell.
struct Reported<'a> {
    indicator: &'a str,
    region: &'a str,
    name: &'a str,
    level: Level,
    period: &'a str,
    status: ObservationStatus,
    observations: Vec<&'a str>,
    reason: Option<Reason>,
    explanation: Option<&'a str>,
}

impl<'a> Reported<'a> {
    fn of(sources: &'a Sources, outcome: &'a Outcome, made: &'a Made) -> Self {
        let row = sources.row(made.sources.first().copied().unwrap_or_default());
        let text = |name: &str| text_of(&row, sources.position(name));
        let (region, name, level) = match made.place {
            Place::At(area) => {
                let Spot { region, name, level, .. } = &outcome.spots[area];
                (region.as_str(), name.as_str(), *level)
            }
            _ => (text("region"), text("region_name"), Level::from_word(text("level")).unwrap_or(Level::Nation)),
        };
        let status = if let Amount::Value(_, status) = made.amount { status } else { ObservationStatus::Missing };
        let id = sources.position("id");
        Self {
            indicator: text("indicator"),
            region,
            name,
            level,
            period: text("period"),
            status,
            observations: made.sources.iter().map(|number| text_of(&sources.row(*number), id)).collect(),
            reason: made.conversion.reason,
            explanation: made.conversion.explanation.as_deref(),
        }
    }

    fn known(&self, language: Language) -> Known {
        let coverage = Coverage::of(self.status);
        let said = coverage.sentence(&named(self.region, self.name), self.period, language);
        // The arithmetic of a value is no reason why there is none.
        let explanation = said.map(|said| self.reason.and(self.explanation).map_or(said, str::to_owned));
        Known { coverage, reason: self.reason, explanation, observations: Some(self.observations.join(" ")) }
    }
}

/// The regions and the periods that an indicator has cells for.
#[derive(Default)]
struct Panel {
    regions: BTreeSet<String>,
    periods: BTreeMap<String, Period>,
    levels: Vec<Level>,
}

/// The cells that are asked for, by indicator. An indicator without any value has those that are asked for by name.
fn panels<'a>(
    rows: &[Reported<'a>],
    grounds: &Grounds,
    inquiry: &'a Inquiry,
) -> Result<BTreeMap<&'a str, Panel>, Error> {
    let asked = &inquiry.asked;
    let mut panels: BTreeMap<&str, Panel> =
        asked.all("indicator").iter().map(|id| (id.as_str(), Panel::default())).collect();
    for row in rows {
        let panel = panels.entry(row.indicator).or_default();
        panel.periods.insert(row.period.to_owned(), Period::parse(row.period).map_err(Error::internal)?);
        panel.regions.insert(row.region.to_owned());
        if !panel.levels.contains(&row.level) {
            panel.levels.push(row.level);
        }
    }
    let mut count = 0;
    for panel in panels.values_mut() {
        for text in asked.all("period") {
            panel.periods.insert(text.clone(), Period::parse(text).map_err(Error::internal)?);
        }
        let (levels, periods) = (&panel.levels, &panel.periods);
        let there = |ground: &Ground| periods.values().any(|period| ground.name_in(period).is_some());
        let beside = grounds.0.iter().filter(|(_, g)| levels.contains(&g.level) && g.level != Level::Unit && there(g));
        panel.regions.extend(beside.map(|(region, _)| region.clone()));
        panel.regions.extend(asked.all("region").iter().cloned());
        panel.regions.retain(|region| wanted(asked, region, grounds.0.get(region)));
        count += panel.regions.len() * panel.periods.len();
    }
    if count > MOST {
        let message = format!("asks for {count} cells, more than {MOST}; name fewer indicators, regions or periods");
        return Err(Error::because(Kind::QueryTooComplex, Mistake::query("indicator", "too_many", message)));
    }
    Ok(panels)
}

fn wanted(asked: &Asked, region: &str, ground: Option<&Ground>) -> bool {
    let passes = |name: &str, value: Option<&str>| {
        let values = asked.all(name);
        values.is_empty() || value.is_some_and(|value| values.iter().any(|wanted| wanted == value))
    };
    passes("region", Some(region))
        && passes("county", ground.and_then(|ground| ground.county.as_deref()))
        && passes("level", ground.map(|ground| ground.level.word()))
}

/// Why there is nothing in a cell.
fn absent(
    (indicator, region, text): (&str, &str, &str),
    period: &Period,
    ground: Option<&Ground>,
    rows: &[Reported],
    asking: &Asking,
) -> Known {
    let language = asking.inquiry.language;
    let name = ground.map_or("", |ground| ground.latest(period));
    let valid = ground.is_some_and(|ground| ground.name_in(period).is_some());
    let together = || {
        let code = region.strip_prefix("K-")?;
        let unit = rows.iter().find(|row| {
            row.level == Level::Unit
                && (row.indicator, row.period) == (indicator, text)
                && row.region.trim_start_matches("U-").split('.').any(|part| part == code)
        })?;
        let explanation = Reason::ReportedTogether.sentence(&named(unit.region, unit.name), language);
        Some(Known {
            coverage: Coverage::NotReported,
            reason: Some(Reason::ReportedTogether),
            explanation: Some(explanation),
            observations: Some(unit.observations.join(" ")),
        })
    };
    let nothing = || {
        let coverage = if valid { Coverage::NotReported } else { Coverage::CodeNotValid };
        // On a map of its own a code is valid or not on the day of the map, whatever the period.
        let when = asking.question.word().filter(|_| !valid).unwrap_or_else(|| text.to_owned());
        let explanation = coverage.sentence(&named(region, name), &when, language);
        Known { coverage, reason: None, explanation, observations: None }
    };
    if valid { together().unwrap_or_else(nothing) } else { nothing() }
}

fn push(
    out: &mut Rows,
    (indicator, region, text): (&str, &str, &str),
    (period, ground): (&Period, Option<&Ground>),
    known: &Known,
) {
    let level = ground.map(|ground| ground.level).or_else(|| Some(Region::parse(region).ok()?.level));
    let [start, end] = [period.start, period.end].map(|day| day.to_string());
    out.push([
        Cell::Text(indicator),
        Cell::Text(region),
        Cell::Text(ground.map_or("", |ground| ground.latest(period))),
        level.map(Level::word).into(),
        ground.and_then(|ground| ground.county.as_deref()).into(),
        Cell::Text(text),
        Cell::Text(&start),
        Cell::Text(&end),
        Cell::Text(known.coverage.word()),
        known.reason.map(Reason::word).into(),
        known.explanation.as_deref().into(),
        known.observations.as_deref().into(),
    ]);
}
