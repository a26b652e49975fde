//! Consultations: when the public was, or is, asked about a plan.
use crate::domain::date;
use crate::domain::vocabulary::ConsultationKind;
use crate::http::prelude::*;

/// An occasion on which the public may speak of a plan: in writing, or at a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Consultation {
    /// Names the consultation.
    #[schema(example = "rus-2016-2020-c01")]
    pub id: String,
    /// The plan it is about.
    #[schema(example = "rus-2016-2020")]
    pub plan: String,
    /// Whether the public is asked in writing (`consultation`) or at a meeting (`hearing`).
    #[schema(inline, example = "consultation")]
    pub kind: ConsultationKind,
    /// The title in the language asked for.
    #[serde(default)]
    #[schema(read_only)]
    pub title: String,
    /// The title in bokmål; as published, where it was published under one.
    #[schema(example = "Opptrappingsplan for rusfeltet – kom med dine innspill")]
    pub title_nb: String,
    /// The title in nynorsk; our translation.
    pub title_nn: Option<String>,
    /// The title in English; our translation.
    pub title_en: Option<String>,
    /// The ministry that asks.
    #[schema(example = "Helse- og omsorgsdepartementet")]
    pub owner: Option<String>,
    /// The first day of it, as precisely as known: a year, a month or a day. Submissions are taken from that day, in
    /// Norway; of a month or a year, when it is over.
    #[schema(example = "2014")]
    pub opens: Option<String>,
    /// The last day of it, as precisely as known. Submissions are taken to the end of that day, in Norway; of a month or
    /// a year, until it begins. Null where it is not known; then none are taken.
    #[schema(example = json!(null))]
    pub closes: Option<String>,
    /// Where it is, or was, to be found.
    pub url: Option<String>,
    /// The source the row was read from.
    #[schema(example = "hod-innspill-2014")]
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Consultation {
    table!(Consultation, "consultations", |t| t
        .refers(&[("plan", "plans"), ("source", "sources")])
        .searched(&["title_nb", "title_nn", "title_en"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::partial_date(wrong, "opens", self.opens.as_deref());
        check::partial_date(wrong, "closes", self.closes.as_deref());
        check::web_address(wrong, "url", self.url.as_deref());
        let span = |text: &Option<String>| text.as_deref().and_then(|text| date::partial(text).ok());
        if let (Some((first, _)), Some((_, last))) = (span(&self.opens), span(&self.closes))
            && last < first
        {
            wrong.push(Mistake::field("closes", "invalid", "must not be before opens"));
        }
    }
}

impl Resource for Consultation {
    collection!(
        Consultation,
        "consultation",
        "plans:write",
        "When the public was, or is, asked about a plan, in writing or at a meeting. One that is open takes submissions.",
        |c| c
            .filter(Filter::any("plan", "Consultations on these plans."))
            .filter(Filter::words("kind", ConsultationKind::WORDS, "Consultations of these kinds."))
            .filter(Filter::open_on())
            .filter(Filter::dates("opens", "When it opens."))
            .filter(Filter::dates("closes", "When it closes."))
            .filter(Filter::any("source", "Consultations read from these sources."))
            .sorts(&["id", "opens", "closes"], "opens")
    );
}
