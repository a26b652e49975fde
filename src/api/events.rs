//! Events: the timeline of the plans, hearings and the consultation included.
use crate::db::Database;
use crate::domain::vocabulary::EventKind;
use crate::error::Error;
use crate::http::endpoint::{Endpoint, READ};
use crate::http::format::Exports;
use crate::http::prelude::*;
use crate::http::totals::Totals;
use crate::http::{Settings, docs, read};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};

/// Something that happened in the life of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Names the event.
    #[schema(example = "rus-2016-2020-e03")]
    pub id: String,
    /// The plan it belongs to.
    #[schema(example = "rus-2016-2020")]
    pub plan: String,
    /// When it happened, as precisely as known: a year, a month or a day.
    #[schema(example = "2015-11-13")]
    pub date: String,
    /// What kind of event it is.
    #[schema(inline, example = "proposition")]
    pub kind: EventKind,
    /// What happened, in the language asked for.
    #[serde(default)]
    #[schema(read_only, example = "Planen legges fram")]
    pub title: String,
    /// What happened, in bokmål.
    #[schema(example = "Planen legges fram")]
    pub title_nb: String,
    /// What happened, in nynorsk.
    pub title_nn: Option<String>,
    /// What happened, in English.
    pub title_en: Option<String>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Event {
    table!(Event, "events", |t| t
        .refers(&[("plan", "plans"), ("source", "sources")])
        .searched(&["title_nb", "title_nn", "title_en"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::partial_date(wrong, "date", Some(&self.date));
    }
}

impl Resource for Event {
    collection!(
        Event,
        "event",
        "plans:write",
        "The timeline of the plans: hearings and the consultation, the proposition, parliament, the evaluation and its reports.",
        |c| c
            .filter(Filter::any("plan", "Events of these plans."))
            .filter(Filter::words("kind", EventKind::WORDS, "Events of these kinds."))
            .filter(Filter::dates("date", "When it happened."))
            .filter(Filter::any("source", "Events read from these sources."))
            .sorts(&["id", "date"], "date")
    );
}

/// The timeline of one plan.
pub const OF_PLAN: Endpoint = Endpoint {
    path: "/v1/plans/{id}/events",
    methods: READ,
    routes: || vec![web::get().to(of_plan)],
    document: |document| {
        let summary = "The timeline of a plan";
        docs::within::<Event>(document, "/v1/plans/{id}/events", "list_plan_events", summary, "plan");
    },
};

async fn of_plan(
    req: HttpRequest,
    id: Path<String>,
    db: Data<Database>,
    settings: Data<Settings>,
    totals: Data<Totals>,
    exports: Data<Exports>,
) -> Result<HttpResponse, Error> {
    read::within::<Event>("plan", (req, id), db, settings, (totals, exports)).await
}
