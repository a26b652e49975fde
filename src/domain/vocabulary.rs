//! The closed lists of words: each is an enum here, a text in the database, a list in the document.

/// Declares an enum whose words stand in JSON, CSV and the database as they are given here.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }
        impl $name {
            /// Every word of the list, in its order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// What a word of the list stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
            /// The word as it is written.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
        // By hand: the derive does not see words that come through a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::WORDS.iter().copied()))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// How the public is asked.
    ConsultationKind {
        /// In writing.
        Consultation => "consultation",
        /// At a meeting.
        Hearing => "hearing",
    }
}
vocabulary! {
    /// How far a submission has come. An erased one is in no state: nothing of it is kept.
    SubmissionState {
        /// Stored, and seen by moderators alone.
        Received => "received",
        Published => "published",
        Rejected => "rejected",
    }
}
vocabulary! {
    /// What a moderator decides on a submission.
    Moderated {
        Published => "published",
        Rejected => "rejected",
    }
}
vocabulary! {
    /// What kind of document a fact was read from.
    SourceKind {
        Proposition => "proposition",
        CommitteeReport => "committee_report",
        PressRelease => "press_release",
        Report => "report",
        News => "news",
        WebPage => "web_page",
        Register => "register",
        Statistics => "statistics",
    }
}
vocabulary! {
    /// How a plan presents a measure.
    MeasureCategory {
        /// Named by the plan with an amount for the whole period.
        Highlighted => "highlighted",
        /// Proposed in the budget of one year.
        BudgetYear => "budget_year",
        /// Announced without an amount.
        Announced => "announced",
    }
}
vocabulary! {
    /// How far a measure had come.
    MeasureStatus {
        NotStarted => "not_started",
        UnderWay => "under_way",
        Completed => "completed",
        Delayed => "delayed",
        Cancelled => "cancelled",
    }
}
vocabulary! {
    /// What kind of money a line is. Lines of different flows are never added together.
    Flow {
        Frame => "frame",
        Allocation => "allocation",
        Earmarked => "earmarked",
        Appropriation => "appropriation",
        FreeIncomeGrowth => "free_income_growth",
        SpecialistTreatmentGrowth => "specialist_treatment_growth",
        IntegrationInBlockGrant => "integration_in_block_grant",
        LevelIncrease => "level_increase",
        Total => "total",
        Unspecified => "unspecified",
    }
}
vocabulary! {
    /// How firm an amount was when the source gave it.
    Stage {
        Planned => "planned",
        Estimated => "estimated",
        Announced => "announced",
        Proposed => "proposed",
        Decided => "decided",
        Appropriated => "appropriated",
        Allocated => "allocated",
        Paid => "paid",
        Reported => "reported",
    }
}
vocabulary! {
    /// What happened to a municipality.
    ChangeKind {
        Merge => "merge",
        Split => "split",
        Renumber => "renumber",
        Rename => "rename",
        Boundary => "boundary",
    }
}
vocabulary! {
    /// Which way an indicator should move.
    Direction {
        Up => "up",
        Down => "down",
        Neutral => "neutral",
    }
}
vocabulary! {
    /// How values of several places become the value of one.
    Aggregation {
        Sum => "sum",
        /// A mean weighted by the indicator named in `weight`.
        Mean => "mean",
        /// They do not: the value of the whole cannot be had from the parts.
        None => "none",
    }
}
vocabulary! {
    /// What an indicator is counted in.
    Unit {
        Persons => "persons",
        Deaths => "deaths",
        Patients => "patients",
        Municipalities => "municipalities",
        ManYears => "man_years",
        Days => "days",
        Percent => "percent",
        PercentOfMunicipalities => "percent_of_municipalities",
        PerHundredThousand => "per_100000",
        Places => "places",
        Nok => "nok",
    }
}
vocabulary! {
    /// Why a value is, or is not, there.
    ObservationStatus {
        Ok => "ok",
        Provisional => "provisional",
        Estimated => "estimated",
        Missing => "missing",
        NotApplicable => "not_applicable",
        Suppressed => "suppressed",
        NotComparable => "not_comparable",
    }
}
impl ObservationStatus {
    /// Whether a value stands beside this status; the others have `null`.
    pub fn has_value(self) -> bool {
        matches!(self, Self::Ok | Self::Provisional | Self::Estimated)
    }
}
vocabulary! {
    /// How near its origin a value was read.
    Confidence {
        /// From the body that made it.
        Primary => "primary",
        /// As quoted by another.
        Secondary => "secondary",
        /// Computed from published figures; the note says how.
        Derived => "derived",
    }
}
vocabulary! {
    /// What part of a plan an assessment speaks of.
    About {
        Frame => "frame",
        CapacityAndCompetence => "capacity_and_competence",
        Goals => "goals",
        Variation => "variation",
        Measure => "measure",
        Indicator => "indicator",
    }
}
vocabulary! {
    /// What an assessment concluded.
    Verdict {
        Met => "met",
        PartlyMet => "partly_met",
        NotMet => "not_met",
        Increased => "increased",
        Unchanged => "unchanged",
        Decreased => "decreased",
        /// Most goals moved the right way; none is fully met.
        MostlyRightDirection => "mostly_right_direction",
        LargeVariation => "large_variation",
        /// The figure is contested by the assessor named.
        Disputed => "disputed",
    }
}
vocabulary! {
    /// What happened in the life of a plan.
    EventKind {
        Hearing => "hearing",
        Consultation => "consultation",
        Proposition => "proposition",
        CommitteeReport => "committee_report",
        Parliament => "parliament",
        Evaluation => "evaluation",
        Report => "report",
        Seminar => "seminar",
        Prolongation => "prolongation",
    }
}
