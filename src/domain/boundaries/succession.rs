//! What a code that was not valid on a day is on that day: a reader who asks for it is told, and not left with nothing.
use super::map::Map;
use super::register::Register;
use crate::domain::{Language, Level, Region};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// A code that was not valid on a day, and where its area lies on that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The key and, of a municipality, the name.
    pub asked: String,
    /// When it was valid, the version nearest to the day: the first day, and the first day no longer.
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub day: NaiveDate,
    /// The keys of the regions of the same level in which its area lies on the day; none where that is not recorded.
    pub regions: Vec<String>,
    /// Them with their names, as people read them.
    named: Vec<String>,
}

/// Looks a municipality or a county up that was not valid on a day. `map` is that of the day. None where it was valid, and
/// where the code is not in the register at all.
pub fn succession(register: &Register, map: &Map, region: &Region, day: NaiveDate) -> Option<Succession> {
    let places = register.places();
    let bears = |id: &usize| match region.level {
        Level::Municipality => places[*id].code == region.code,
        Level::County => places[*id].code.starts_with(&region.code),
        _ => false,
    };
    let borne: Vec<usize> = (0..places.len()).filter(bears).collect();
    if borne.iter().any(|id| places[*id].valid_on(day)) {
        return None;
    }
    // The last that ended before the day; where none did, the first that began after it.
    let ended = borne.iter().filter_map(|id| places[*id].valid_to.filter(|to| *to <= day)).max();
    let begun = borne.iter().map(|id| places[*id].valid_from).min()?;
    let nearest = |id: &&usize| match ended {
        Some(end) => places[**id].valid_to == Some(end),
        None => places[**id].valid_from == begun,
    };
    let last: Vec<usize> = borne.iter().filter(nearest).copied().collect();
    let on_the_day: BTreeSet<usize> = last.iter().flat_map(|id| map.flows(*id)).map(|flow| flow.area).collect();
    let (mut regions, mut named) = (vec![], vec![]);
    for place in on_the_day.into_iter().flat_map(|area| &map.areas()[area].places).map(|id| &places[*id]) {
        if region.level == Level::County {
            let county = format!("F-{}", &place.code[..2]);
            if !regions.contains(&county) {
                named.push(county.clone());
                regions.push(county);
            }
        } else {
            named.push(format!("{} {} ({})", place.key(), place.name, place.valid_from));
            regions.push(place.key());
        }
    }
    let one = &places[*last.first()?];
    let asked = if region.level == Level::County { region.key() } else { format!("{} {}", one.key(), one.name) };
    let valid_from = last.iter().map(|id| places[*id].valid_from).min()?;
    Some(Succession { asked, valid_from, valid_to: one.valid_to, day, regions, named })
}

impl Succession {
    /// A sentence or two for people.
    pub fn sentence(&self, language: Language) -> String {
        let Self { asked, valid_from, valid_to, day, .. } = self;
        let regions = self.named.join(", ");
        let valid = match (valid_to, language) {
            (Some(to), Language::Nb) => format!("{asked} var gyldig fra {valid_from} til {to}, og ikke {day}."),
            (Some(to), Language::Nn) => format!("{asked} var gyldig frå {valid_from} til {to}, og ikkje {day}."),
            (Some(to), Language::En) => format!("{asked} was valid from {valid_from} until {to}, and not on {day}."),
            (None, Language::Nb) => format!("{asked} er gyldig fra {valid_from}, og ikke {day}."),
            (None, Language::Nn) => format!("{asked} er gyldig frå {valid_from}, og ikkje {day}."),
            (None, Language::En) => format!("{asked} is valid from {valid_from}, and not on {day}."),
        };
        let lies = match language {
            _ if regions.is_empty() => String::new(),
            Language::Nb => format!(" Den dagen ligger området i {regions}."),
            Language::Nn => format!(" Den dagen ligg området i {regions}."),
            Language::En => format!(" On that day its area lies in {regions}."),
        };
        valid + &lies
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{day, small};
    use super::*;

    fn of(code: &str, on: &str) -> Option<(Vec<String>, String)> {
        let register = small();
        let map = Map::on(&register, day(on));
        let found = succession(&register, &map, &Region::parse(code).unwrap(), day(on))?;
        Some((found.regions.clone(), found.sentence(Language::En)))
    }

    #[test]
    fn a_code_of_another_time_is_told_what_its_area_is_on_the_day() {
        let (regions, sentence) = of("K-0003", "2021-06-01").unwrap();
        assert_eq!(regions, ["K-0009"]);
        assert_eq!(
            sentence,
            "K-0003 Place 0003 was valid from 2000-01-01 until 2020-01-01, and not on 2021-06-01. \
             On that day its area lies in K-0009 Place 0009 (2020-01-01)."
        );
        assert_eq!(of("K-0004", "2020-01-01").unwrap().0, ["K-0005", "K-0006"]);
        assert_eq!(of("K-0009", "2019-01-01").unwrap().0, ["K-0003"]);
    }

    #[test]
    fn a_code_that_is_valid_or_unknown_is_no_case_for_it() {
        assert_eq!(of("K-0002", "2019-01-01"), None);
        assert_eq!(of("K-0002", "2021-01-01"), None);
        assert_eq!(of("K-9999", "2021-01-01"), None);
        assert_eq!(of("H-V", "2021-01-01"), None);
    }
}
