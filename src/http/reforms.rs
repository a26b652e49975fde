//! What a place came from and what became of it, beside the versions that this database has had of it.
use crate::db::{Database, Db};
use crate::domain::boundaries::{Register, Step, became, came_from};
use crate::domain::vocabulary::ChangeKind;
use crate::domain::{Level, Number, Region};
use crate::error::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// A change by which a municipality, or a part of it, became another.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reform {
    /// The day from which the change holds.
    #[schema(example = "2024-01-01", format = Date)]
    pub change_date: String,
    /// What happened.
    #[schema(inline, example = "split")]
    pub kind: ChangeKind,
    /// The region key before.
    #[schema(example = "K-1507")]
    pub old_region: String,
    /// The name before.
    #[schema(example = "Ålesund")]
    pub old_name: String,
    /// The region key after.
    #[schema(example = "K-1580")]
    pub new_region: String,
    /// The name after.
    #[schema(example = "Haram")]
    pub new_name: String,
    /// The share of the old municipality's population that went this way; null where it is the whole, and where nobody
    /// published it.
    #[schema(value_type = Option<f64>, example = 0.137875)]
    pub population_share: Option<Number>,
}

/// The reforms before and after. They stand beside the versions of a history.
#[derive(Debug, Serialize)]
pub struct Reforms {
    pub came_from: Vec<Reform>,
    pub became: Vec<Reform>,
}

/// Those of a place by its id, or of every place that bore a code.
pub fn of(db: &Database, conn: &mut Db, at: i64, id: &str) -> Result<Reforms, Error> {
    let register = db.register(conn, at)?;
    let (code, day) = id.split_once('.').map_or((id, None), |(code, day)| (code, Some(day)));
    let mut places: Vec<usize> = match Region::parse(code) {
        Ok(region) if region.level == Level::Municipality => register.versions(&region.code).to_vec(),
        _ => vec![],
    };
    places.retain(|place| day.is_none_or(|day| register.places()[*place].valid_from.to_string() == day));
    let told = |steps: Vec<Step>| steps.iter().map(|step| reform(&register, step)).collect();
    Ok(Reforms { came_from: told(came_from(&register, &places)), became: told(became(&register, &places)) })
}

fn reform(register: &Register, step: &Step) -> Reform {
    let (old, new) = (&register.places()[step.old], &register.places()[step.new]);
    Reform {
        change_date: step.day.to_string(),
        kind: step.kind,
        old_region: old.key(),
        old_name: old.name.clone(),
        new_region: new.key(),
        new_name: new.name.clone(),
        population_share: step.share.map(Number),
    }
}
