//! What the words of the closed lists mean, in the languages people read.
use super::course::Basis;
use super::progress::{Lack, Movement};
use super::vocabulary::{Flow, Stage, Verdict};
use super::{Language, Trilingual};

macro_rules! labels {
    ($($name:ident { $($variant:ident => $nb:literal, $nn:literal, $en:literal;)+ })+) => {$(
        impl $name {
            /// What the word means, in a few words.
            pub fn label(self, language: Language) -> &'static str {
                let text = match self {
                    $(Self::$variant => Trilingual { nb: $nb, nn: $nn, en: $en },)+
                };
                text.to(language)
            }
            /// Every word with its meaning, in the order of the list.
            pub fn labels(language: Language) -> Vec<(&'static str, &'static str)> {
                [$(Self::$variant,)+].map(|word| (word.word(), word.label(language))).into()
            }
        }
    )+};
}

labels! {
    Verdict {
        Met => "innfridd", "innfridd", "met";
        PartlyMet => "delvis innfridd", "delvis innfridd", "partly met";
        NotMet => "ikke innfridd", "ikkje innfridd", "not met";
        Increased => "har økt", "har auka", "has increased";
        Unchanged => "uendret", "uendra", "unchanged";
        Decreased => "har gått ned", "har gått ned", "has decreased";
        MostlyRightDirection => "utviklingen har i hovedsak gått i riktig retning; ikke fullt ut innfridd", "utviklinga har i hovudsak gått i rett retning; ikkje fullt ut innfridd", "mostly moved in the right direction; not fully met";
        LargeVariation => "store variasjoner", "store variasjonar", "large variation";
        Disputed => "bestridt av den som vurderer", "bestridd av den som vurderer", "disputed by the assessor";
    }
    Flow {
        Frame => "samlet ramme for planen", "samla ramme for planen", "the plan's whole frame";
        Allocation => "fordelt på et tiltak for hele perioden", "fordelt på eit tiltak for heile perioden", "allotted to a measure for the whole period";
        Earmarked => "øremerkede midler", "øyremerkte midlar", "earmarked funds";
        Appropriation => "bevilgning over statsbudsjettet", "løyving over statsbudsjettet", "appropriation in the state budget";
        FreeIncomeGrowth => "vekst i kommunenes frie inntekter", "vekst i dei frie inntektene til kommunane", "growth in the municipalities' free income";
        SpecialistTreatmentGrowth => "vekst i spesialisert behandling (TSB)", "vekst i spesialisert behandling (TSB)", "growth in specialist treatment (TSB)";
        IntegrationInBlockGrant => "innlemming i rammetilskuddet", "innlemming i rammetilskotet", "integration in the block grant";
        LevelIncrease => "økning i bevilgningsnivået", "auke i løyvingsnivået", "increase in the level of appropriations";
        Total => "oppgitt sum av flere linjer", "oppgitt sum av fleire linjer", "a stated total of several lines";
        Unspecified => "slaget penger er ikke oppgitt", "kva slag pengar er ikkje oppgitt", "the kind of money is not stated";
    }
    Stage {
        Planned => "planlagt", "planlagt", "planned";
        Estimated => "anslått", "anslått", "estimated";
        Announced => "varslet", "varsla", "announced";
        Proposed => "foreslått", "foreslått", "proposed";
        Decided => "besluttet", "vedteke", "decided";
        Appropriated => "bevilget", "løyvd", "appropriated";
        Allocated => "fordelt", "fordelt", "allocated";
        Paid => "utbetalt", "utbetalt", "paid";
        Reported => "rapportert", "rapportert", "reported";
    }
    Movement {
        Improved => "bedre", "betre", "better";
        Worsened => "dårligere", "dårlegare", "worse";
        Unchanged => "uendret", "uendra", "unchanged";
        NotJudged => "indikatoren har ingen ønsket retning", "indikatoren har inga ønskt retning", "the indicator has no way it should move";
    }
    Basis {
        Stated => "oppgitt av kilden", "oppgitt av kjelda", "stated by a source";
        LastBeforePlan => "siste kjente verdi før planen begynte", "siste kjende verdi før planen byrja", "the last known value from before the plan began";
        FirstInPlan => "første kjente verdi etter at planen begynte; ingen er kjent fra de tre siste årene før den", "første kjende verdi etter at planen byrja; ingen er kjend frå dei tre siste åra før han", "the first known value since the plan began; none is known from the three years before it";
        FirstKnown => "første kjente verdi", "første kjende verdi", "the first known value";
    }
    Lack {
        Baseline => "det finnes ingen verdi å regne fra", "det finst ingen verdi å rekne frå", "there is no value to count from";
        Target => "ingen kilde setter et måltall, så noen grad av måloppnåelse kan ikke oppgis", "inga kjelde set eit måltal, så nokon grad av måloppnåing kan ikkje oppgjevast", "no source sets a target, so no attained share can be given";
        Actual => "det finnes ingen senere verdi for samme slags periode", "det finst ingen seinare verdi for same slags periode", "there is no later value for the same kind of period";
        NoWay => "måltallet er lik utgangspunktet", "måltalet er likt utgangspunktet", "the target is where the baseline was";
        NoTime => "fristen for måltallet er passert", "fristen for måltalet er passert", "the day of the target has passed";
        ZeroBaseline => "utgangspunktet er null, og en endring har da ingen prosent", "utgangspunktet er null, og ei endring har då ingen prosent", "the baseline is zero, so a change has no percentage";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_meaning_in_every_language() {
        for language in Language::ALL {
            for (all, words) in [
                (Verdict::labels(language), Verdict::WORDS),
                (Flow::labels(language), Flow::WORDS),
                (Stage::labels(language), Stage::WORDS),
                (Movement::labels(language), Movement::WORDS),
                (Basis::labels(language), Basis::WORDS),
                (Lack::labels(language), Lack::WORDS),
            ] {
                let named: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
                assert_eq!(named, words);
                assert!(all.iter().all(|(_, label)| !label.is_empty()));
            }
        }
    }
}
