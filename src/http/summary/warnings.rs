//! What a reader should know before trusting a sum, in the language of the answer.
use super::cells::Group;
use super::question::Question;
use crate::domain::{Language, Period};
use std::collections::BTreeSet;

/// The warnings about a summary.
pub fn of(question: &Question, groups: &[Group], language: Language) -> Vec<String> {
    let added = (!question.added.is_empty()).then(|| apart(&quoted(&question.added), language));
    let fields = question.mixed.iter().enumerate().filter_map(|(number, field)| {
        let several = groups.iter().filter_map(|group| group.mixed.get(number)).filter(|values| values.len() > 1);
        let values: BTreeSet<&str> = several.flatten().map(String::as_str).collect();
        (!values.is_empty()).then(|| mixed(field, &listed(values), language))
    });
    let periods: BTreeSet<&str> = groups.iter().flat_map(|group| overlapping(&group.periods)).collect();
    let periods = (!periods.is_empty()).then(|| overlaps(&listed(periods), language));
    added.into_iter().chain(fields).chain(periods).collect()
}

/// The periods of a group that share days with another of it.
fn overlapping(periods: &BTreeSet<String>) -> BTreeSet<&str> {
    let known: Vec<(&str, Period)> =
        periods.iter().filter_map(|text| Some((text.as_str(), Period::parse(text).ok()?))).collect();
    let meets = |one: &Period, other: &Period| one.start <= other.end && other.start <= one.end;
    let shares =
        |(text, period): &&(&str, Period)| known.iter().any(|(other, with)| other != text && meets(period, with));
    known.iter().filter(shares).map(|(text, _)| *text).collect()
}

fn listed(values: BTreeSet<&str>) -> String {
    values.into_iter().collect::<Vec<_>>().join(", ")
}

fn quoted(fields: &[&str]) -> String {
    fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
}

fn apart(fields: &str, language: Language) -> String {
    match language {
        Language::Nb => {
            format!(
                "Ulike slags penger legges aldri sammen: {fields} er en del av hver gruppe, også uten å stå i group_by."
            )
        }
        Language::Nn => {
            format!(
                "Ulike slag pengar blir aldri lagde saman: {fields} er ein del av kvar gruppe, også utan å stå i group_by."
            )
        }
        Language::En => {
            format!(
                "Different kinds of money are never added together: {fields} is part of every group, though not in group_by."
            )
        }
    }
}

fn mixed(field: &str, values: &str, language: Language) -> String {
    match language {
        Language::Nb => format!(
            "Minst én gruppe legger sammen rader med ulik `{field}` ({values}), som kan være de samme pengene flere ganger. Avgrens med `{field}`."
        ),
        Language::Nn => format!(
            "Minst éi gruppe legg saman rader med ulik `{field}` ({values}), som kan vere dei same pengane fleire gonger. Avgrens med `{field}`."
        ),
        Language::En => format!(
            "At least one group adds rows that differ in `{field}` ({values}), which may be the same money more than once. Filter by `{field}`."
        ),
    }
}

fn overlaps(periods: &str, language: Language) -> String {
    match language {
        Language::Nb => format!(
            "Minst én gruppe legger sammen perioder som overlapper ({periods}), og kan telle de samme pengene flere ganger. Grupper på `period`, eller avgrens."
        ),
        Language::Nn => format!(
            "Minst éi gruppe legg saman periodar som overlappar ({periods}), og kan telje dei same pengane fleire gonger. Grupper på `period`, eller avgrens."
        ),
        Language::En => format!(
            "At least one group adds periods that overlap ({periods}), and may count the same money more than once. Group by `period`, or filter."
        ),
    }
}
