//! Grant schemes: where in the state budget grants come from.
use crate::http::prelude::*;

/// A grant scheme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scheme {
    /// Names the scheme.
    #[schema(example = "kommunalt-rusarbeid")]
    pub id: String,
    /// The title in the language asked for.
    #[serde(default)]
    #[schema(read_only, example = "Tilskudd til kommunalt rusarbeid")]
    pub title: String,
    /// The title as published, in bokmål.
    #[schema(example = "Tilskudd til kommunalt rusarbeid")]
    pub title_nb: String,
    /// The title in nynorsk; our translation.
    pub title_nn: Option<String>,
    /// The title in English; our translation.
    pub title_en: Option<String>,
    /// The chapter (*kapittel*) of the state budget.
    #[schema(example = 765, minimum = 0)]
    pub chapter: Option<i64>,
    /// The item (*post*) of the chapter.
    #[schema(example = 62, minimum = 0)]
    pub post: Option<i64>,
    /// Who decides on applications.
    pub administered_by: Option<String>,
    /// The years the scheme ran; null where the sources do not say.
    #[schema(example = json!(null))]
    pub period: Option<String>,
    /// The source the row was read from.
    pub source: String,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Scheme {
    table!(Scheme, "schemes", |t| t.refers(&[("source", "sources")]).collated(&["title_nb"]).searched(&[
        "title_nb",
        "title_nn",
        "title_en",
        "administered_by"
    ]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title_nb", &self.title_nb);
        self.title = self.title_nb.clone();
        check::not_negative(wrong, "chapter", self.chapter);
        check::not_negative(wrong, "post", self.post);
        if let Some(period) = &self.period {
            check::period(wrong, period, &mut String::new(), &mut String::new());
        }
    }
}

impl Resource for Scheme {
    collection!(
        Scheme,
        "scheme",
        "grants:write",
        "The grant schemes, with the chapter and item of the state budget they come from.",
        |c| c
            .filter(Filter::integers("chapter", "The chapter of the state budget."))
            .filter(Filter::any("source", "Schemes read from these sources."))
            .sorts(&["id", "title_nb"], "id")
    );
}
