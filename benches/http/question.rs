//! What is asked, of the service and of every peer in its own words.
use crate::data::{Data, YEARS, grant, indicator};
use crate::wire::Request;

/// One question.
#[derive(Clone)]
pub enum Question {
    /// A grant by its id.
    Grant(String),
    /// A page of 100 grants of a municipality and a year, of 120.
    Page { region: String, year: usize },
    /// The values of one indicator and year, for 357 municipalities.
    Year { indicator: String, year: usize },
    /// 400 values of one municipality: forty indicators, ten years.
    Place(String),
    /// What was granted in each county and year.
    Summary,
}

/// A kind of question, with what of it is asked in turn.
pub struct Workload {
    pub name: &'static str,
    pub questions: Vec<Question>,
    /// How many rows each answer has.
    pub rows: usize,
}

/// How many different questions are asked at most. More than that, and the files of requests grow, and nothing else.
const MOST: usize = 1_000;

/// Every kind of list and object, with questions from all over the database.
pub fn workloads(data: &Data) -> [Workload; 4] {
    let spread = |all: usize| (0..MOST.min(all)).map(move |n| n * 59 % all);
    let grants = spread(data.grants()).map(|n| Question::Grant(grant(n))).collect();
    let of_towns = data.towns().into_iter().flat_map(|town| YEARS.map(move |year| (town, year)));
    let pages = of_towns.map(|(region, year)| Question::Page { region: region.into(), year }).collect();
    let years = spread(data.indicators() * YEARS.len())
        .map(|n| Question::Year { indicator: indicator(n / YEARS.len()), year: YEARS.start + n % YEARS.len() });
    let places = data.regions.iter().cloned().map(Question::Place);
    [
        Workload { name: "one grant", questions: grants, rows: 1 },
        Workload { name: "100 grants of a municipality and year", questions: pages, rows: 100 },
        Workload { name: "357 observations of an indicator and year", questions: years.collect(), rows: 357 },
        Workload { name: "400 observations of a municipality", questions: places.collect(), rows: 400 },
    ]
}

/// A field that stands once in each row of every peer, and nowhere else.
pub const IN_EACH_ROW: &str = "\"period_start\":";

impl Question {
    /// The question to the service.
    pub fn to_us(&self) -> Option<Request> {
        Some(Request::get(match self {
            Self::Grant(id) => format!("/v1/grants/{id}"),
            Self::Page { region, year } => format!("/v1/grants?region={region}&period={year}&limit=100"),
            Self::Year { indicator, year } => {
                format!("/v1/observations?indicator={indicator}&period={year}&level=municipality")
            }
            Self::Place(region) => format!("/v1/observations?region={region}&limit=400"),
            Self::Summary => "/v1/grants/summary?group_by=county,period".into(),
        }))
    }

    /// The question to a handler written for it alone; none of those sums up unless it says so.
    pub fn to_handlers(&self) -> Option<String> {
        Some(match self {
            Self::Grant(id) => format!("/grants/{id}"),
            Self::Page { region, year } => format!("/grants?region={region}&period={year}&limit=100"),
            Self::Year { indicator, year } => {
                format!("/observations?indicator={indicator}&period={year}&level=municipality")
            }
            Self::Place(region) => format!("/observations/of/{region}?limit=400"),
            Self::Summary => return None,
        })
    }

    /// The question in SQL, of a table that has current rows alone or is made to by `current`.
    pub fn sql(&self, current: &str) -> String {
        let select = |columns: &str, table: &str, rest: String| format!("SELECT {columns} FROM {table} WHERE {rest}");
        match self {
            Self::Grant(id) => select(GRANT, "grants", format!("id = '{id}' AND {current}")),
            Self::Page { region, year } => {
                let rest = format!("region = '{region}' AND period = '{year}' AND {current} ORDER BY id LIMIT 100");
                select(GRANT, "grants", rest)
            }
            Self::Year { indicator, year } => {
                let which = format!("indicator = '{indicator}' AND period = '{year}' AND level = 'municipality'");
                select(OBSERVATION, "observations", format!("{which} AND {current} ORDER BY id"))
            }
            Self::Place(region) => {
                let rest = format!("region = '{region}' AND {current} ORDER BY id LIMIT 400");
                select(OBSERVATION, "observations", rest)
            }
            Self::Summary => {
                let columns = "county, period, SUM(amount_nok) AS sum_nok, COUNT(*) AS grants";
                select(columns, "grants", format!("{current} GROUP BY county, period"))
            }
        }
    }
}

/// What a grant shows.
pub const GRANT: &str = "id, plan, scheme, measure, region, region_code, region_name, level, county, recipient_name, \
                         recipient_orgnr, period, period_start, period_end, amount_nok, stage, approximate, source, note";

/// What an observation shows.
pub const OBSERVATION: &str = "id, indicator, region, region_code, region_name, level, county, period, period_start, \
                               period_end, published, mapped_on, value, status, series_break, confidence, publisher, \
                               source, note";

/// The versions that are current.
pub const CURRENT: &str = "ended = 9223372036854775807";
