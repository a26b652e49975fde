//! What is said of a value that was carried to another map: how good it is, how it came about, or why there is none.
use super::register::Register;
use crate::domain::Language;
use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// How good a conversion is.
    Quality {
        /// What the source would have said on this map.
        Exact => "exact",
        /// By published shares of the population, as asked for.
        Estimated => "estimated",
        /// There is no value on this map that means the same.
        NotComparable => "not_comparable",
    }
}
vocabulary! {
    /// How a value came to be on a map.
    Method {
        /// It was on this map already.
        Unchanged => "unchanged",
        /// The same place under another name.
        Renamed => "renamed",
        /// The same place under another code.
        Renumbered => "renumbered",
        /// The same place with an adjusted boundary, which Statistics Norway does not treat as a break.
        BoundaryAdjusted => "boundary_adjusted",
        /// From all of the places that were merged.
        Merged => "merged",
        /// From all of the places it was divided into later.
        Reunited => "reunited",
        /// From all the places of a comparable unit.
        Combined => "combined",
        /// By published shares of the population of a place that was divided.
        SplitShare => "split_share",
    }
}

/// Declares the reasons: the code, and a sentence in bokmål, nynorsk and English in which `{}` stands for places.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal $nb:literal $nn:literal $en:literal;)+) => {
        vocabulary! {
            /// Why there is no value on a map.
            Reason { $($(#[$doc])* $name => $word,)+ }
        }
        impl Reason {
            /// The sentence, in which `{}` stands for the places it is about.
            fn template(self, language: Language) -> &'static str {
                match (self, language) { $(
                    (Self::$name, Language::Nb) => $nb,
                    (Self::$name, Language::Nn) => $nn,
                    (Self::$name, Language::En) => $en,
                )+ }
            }
        }
    };
}

reasons! {
    /// A place was divided, and nobody published the shares.
    SplitUnpublished "split_unpublished"
        "{} ble delt mellom flere kommuner, og det er ikke publisert hvor stor del som gikk hvor."
        "{} vart delt mellom fleire kommunar, og det er ikkje publisert kor stor del som gjekk kvar."
        "{} was divided between several municipalities, and nobody published what part went where.";
    /// A place was divided by published shares, which were not asked for.
    SplitByShare "split_by_share"
        "{} ble delt mellom flere kommuner; be om estimate=shares for å fordele etter publisert andel av folketallet."
        "{} vart delt mellom fleire kommunar; be om estimate=shares for å fordele etter publisert del av folketalet."
        "{} was divided between several municipalities; ask with estimate=shares to divide by the published share of the population.";
    /// The value is that of a larger whole.
    PartOfWhole "part_of_whole"
        "Verdien gjelder {} samlet, og sier ikke hva delene hadde."
        "Verdien gjeld {} samla, og seier ikkje kva delane hadde."
        "The value is for {} as a whole, and does not tell what its parts had.";
    /// The value was published for several municipalities together, and not all of them are here.
    ReportedTogether "reported_together"
        "Verdien er bare publisert samlet for {}."
        "Verdien er berre publisert samla for {}."
        "The value is published only for {} together.";
    /// There are two values for one place and period.
    ReportedTwice "reported_twice"
        "Det finnes flere verdier for {} i samme periode."
        "Det finst fleire verdiar for {} i same periode."
        "There are several values for {} in the same period.";
    /// The values of one period are from different maps.
    MixedMaps "mixed_maps"
        "Verdiene for {} er rapportert på ulike kommunekart for samme periode."
        "Verdiane for {} er rapporterte på ulike kommunekart for same periode."
        "The values for {} were reported on different maps for the same period.";
    /// Values of several places cannot become one for this indicator.
    NotAggregable "not_aggregable"
        "Verdiene for {} kan ikke slås sammen for denne indikatoren."
        "Verdiane for {} kan ikkje slåast saman for denne indikatoren."
        "The values for {} cannot be made into one for this indicator.";
    /// A mean lacks a weight.
    MissingWeight "missing_weight"
        "Gjennomsnittet mangler vekt for {}."
        "Gjennomsnittet manglar vekt for {}."
        "The mean lacks a weight for {}.";
    /// A part has no value.
    MissingPart "missing_part"
        "Det finnes ingen verdi for {}."
        "Det finst ingen verdi for {}."
        "There is no value for {}.";
    /// A part was suppressed.
    SuppressedPart "suppressed_part"
        "Verdien for {} er skjult av personvernhensyn."
        "Verdien for {} er skjult av personvernomsyn."
        "The value for {} is suppressed to protect persons.";
    /// A part is not comparable in its source.
    NotComparablePart "not_comparable_part"
        "Kilden oppgir at verdien for {} ikke er sammenlignbar."
        "Kjelda oppgir at verdien for {} ikkje er samanliknbar."
        "The source says that the value for {} is not comparable.";
    /// The register does not say what became of a place, or where it came from.
    Unrecorded "unrecorded"
        "Registeret sier ikke hva {} kom fra eller ble til."
        "Registeret seier ikkje kva {} kom frå eller vart til."
        "The register does not say what {} came from or became.";
    /// No place had this code on the map of the value.
    NotInRegister "not_in_register"
        "{} var ikke en gyldig kode på kartet verdien ble rapportert på."
        "{} var ikkje ein gyldig kode på kartet verdien vart rapportert på."
        "{} was not a valid code on the map the value was reported on.";
    /// Counties and health regions are not mapped to others.
    LevelNotConverted "level_not_converted"
        "{} dekker et annet område på dette kartet; fylker og helseregioner regnes ikke om."
        "{} dekkjer eit anna område på dette kartet; fylke og helseregionar blir ikkje rekna om."
        "{} covers another area on this map; counties and health regions are not converted.";
}

/// Why there is no value, and the places on which it turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub reason: Reason,
    /// Places of the register, in its order.
    pub places: Vec<usize>,
}

impl Explanation {
    /// The sentence for people: the reason with the keys and names of the places.
    pub fn sentence(&self, register: &Register, language: Language) -> String {
        self.reason.sentence(&register.named(&self.places), language)
    }
}

impl Reason {
    /// The sentence about what is named in it.
    pub fn sentence(self, named: &str, language: Language) -> String {
        self.template(language).replace("{}", named)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::small;
    use super::*;

    #[test]
    fn every_reason_is_said_in_every_language_of_a_place() {
        let register = small();
        let places = vec![0, 1];
        for language in Language::ALL {
            let told = |reason| Explanation { reason, places: places.clone() }.sentence(&register, language);
            assert!(told(Reason::PartOfWhole).contains("K-0001 Place 0001, K-0002 Place 0002"));
        }
        for word in Reason::WORDS {
            let reason: Reason = serde_json::from_value((*word).into()).unwrap();
            let sentences = Language::ALL.map(|language| reason.template(language));
            assert!(sentences.iter().all(|s| s.contains("{}") && s.ends_with('.')), "{word}");
            assert!(sentences[0] != sentences[2] && sentences[1] != sentences[2], "{word}");
        }
    }
}
