//! Why a value is or is not there.
use super::vocabulary::{ObservationStatus, vocabulary};
use super::{Language, Trilingual};

vocabulary! {
    /// Why a value is or is not there.
    Coverage {
        /// There is a value.
        Reported => "reported",
        /// The source says that it has none, and should have had.
        Missing => "missing",
        /// Nothing was reported for the region and period, though the code was valid.
        NotReported => "not_reported",
        /// It is hidden to protect persons.
        Suppressed => "suppressed",
        /// There can be none.
        NotApplicable => "not_applicable",
        /// The code of the region was not valid in the period.
        CodeNotValid => "code_not_valid",
        /// There is none that means the same as the others.
        NotComparable => "not_comparable",
    }
}

impl Coverage {
    /// That of a value with a status.
    pub fn of(status: ObservationStatus) -> Self {
        match status {
            ObservationStatus::Ok | ObservationStatus::Provisional | ObservationStatus::Estimated => Self::Reported,
            ObservationStatus::Missing => Self::Missing,
            ObservationStatus::NotApplicable => Self::NotApplicable,
            ObservationStatus::Suppressed => Self::Suppressed,
            ObservationStatus::NotComparable => Self::NotComparable,
        }
    }

    /// Why, in a sentence about a region and a period; nothing needs to be said of a value that is there.
    pub fn sentence(self, region: &str, period: &str, language: Language) -> Option<String> {
        let template = match self {
            Self::Reported => return None,
            Self::Missing => Trilingual {
                nb: "Kilden mangler verdien for {region} i {period}.",
                nn: "Kjelda manglar verdien for {region} i {period}.",
                en: "The source lacks the value for {region} in {period}.",
            },
            Self::NotReported => Trilingual {
                nb: "Det er ikke rapportert noe for {region} i {period}.",
                nn: "Det er ikkje rapportert noko for {region} i {period}.",
                en: "Nothing was reported for {region} in {period}.",
            },
            Self::Suppressed => Trilingual {
                nb: "Verdien for {region} i {period} er skjult av personvernhensyn.",
                nn: "Verdien for {region} i {period} er skjult av personvernomsyn.",
                en: "The value for {region} in {period} is hidden to protect persons.",
            },
            Self::NotApplicable => Trilingual {
                nb: "Det kan ikke finnes noen verdi for {region} i {period}.",
                nn: "Det kan ikkje finnast nokon verdi for {region} i {period}.",
                en: "There can be no value for {region} in {period}.",
            },
            Self::CodeNotValid => Trilingual {
                nb: "{region} var ikke en gyldig kode i {period}.",
                nn: "{region} var ikkje ein gyldig kode i {period}.",
                en: "{region} was not a valid code in {period}.",
            },
            Self::NotComparable => Trilingual {
                nb: "Kilden oppgir at verdien for {region} i {period} ikke er sammenlignbar.",
                nn: "Kjelda oppgir at verdien for {region} i {period} ikkje er samanliknbar.",
                en: "The source says that the value for {region} in {period} is not comparable.",
            },
        };
        Some(template.to(language).replace("{region}", region).replace("{period}", period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_there_has_a_sentence_in_every_language() {
        for word in Coverage::WORDS {
            let coverage = Coverage::from_word(word).unwrap();
            for language in Language::ALL {
                let said = coverage.sentence("K-0301 Oslo", "2019", language);
                assert_eq!(said.is_none(), coverage == Coverage::Reported, "{word}");
                assert!(said.is_none_or(|said| said.contains("K-0301 Oslo") && said.contains("2019")), "{word}");
            }
        }
    }

    #[test]
    fn a_status_with_a_value_is_reported_and_no_other() {
        for word in ObservationStatus::WORDS {
            let status = ObservationStatus::from_word(word).unwrap();
            assert_eq!(Coverage::of(status) == Coverage::Reported, status.has_value(), "{word}");
        }
    }
}
