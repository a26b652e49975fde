//! The documents and pages the facts were read from.
use crate::domain::vocabulary::SourceKind;
use crate::http::prelude::*;

/// A document, page or register that facts were read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Names the source.
    #[schema(example = "prop-15-s-2015-2016")]
    pub id: String,
    /// Its title as published.
    #[schema(example = "Prop. 15 S (2015–2016) Opptrappingsplanen for rusfeltet (2016–2020)")]
    pub title: String,
    /// Who published it.
    #[schema(example = "Helse- og omsorgsdepartementet")]
    pub publisher: String,
    /// What kind of document it is.
    #[schema(inline, example = "proposition")]
    pub kind: SourceKind,
    /// Where it is, or was, to be read.
    pub url: Option<String>,
    /// When it was published, as precisely as it says: a year, a month or a day.
    pub published: Option<String>,
    /// The language it is in.
    #[schema(example = "nb")]
    pub language: Option<String>,
    /// The licence of the source, where it names one.
    pub license: Option<String>,
    /// What a reader should know of the row.
    pub note: Option<String>,
}

impl Record for Source {
    table!(Source, "sources", |t| t.collated(&["title"]).searched(&["title", "publisher", "url"]));

    fn check(&mut self, wrong: &mut Vec<Mistake>) {
        check::text(wrong, "title", &self.title);
        check::text(wrong, "publisher", &self.publisher);
        check::web_address(wrong, "url", self.url.as_deref());
        check::partial_date(wrong, "published", self.published.as_deref());
        if let Some(language) = &self.language {
            check::language(wrong, "language", language);
        }
    }
}

impl Resource for Source {
    collection!(
        Source,
        "source",
        "sources:write",
        "The sources: who published what, when and where. Every row of the other collections names one.",
        |c| c
            .filter(Filter::any("publisher", "Sources from these publishers."))
            .filter(Filter::words("kind", SourceKind::WORDS, "Sources of these kinds."))
            .filter(Filter::any("language", "Sources in these languages."))
            .filter(Filter::dates("published", "Publication."))
            .sorts(&["id", "title", "publisher", "published"], "id")
    );
}
