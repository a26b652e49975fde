//! The feed as Atom (RFC 4287), for readers of news.
use super::page::{Page, Told};
use crate::domain::{Language, Trilingual};
use crate::http::Settings;
use std::fmt::Write;

const TITLE: Trilingual = Trilingual { nb: "Endringer", nn: "Endringar", en: "Changes" };
const FIELDS: Trilingual = Trilingual { nb: "Felt", nn: "Felt", en: "Fields" };

/// What was done, in a word.
fn operation(word: &str) -> Trilingual {
    match word {
        "create" => Trilingual { nb: "Ny", nn: "Ny", en: "New" },
        "delete" => Trilingual { nb: "Slettet", nn: "Sletta", en: "Deleted" },
        _ => Trilingual { nb: "Endret", nn: "Endra", en: "Changed" },
    }
}

/// The addresses a document names.
pub struct Addresses<'a> {
    /// Of the document itself.
    pub own: &'a str,
    /// Of the one that follows, where there is one.
    pub next: Option<&'a str>,
}

/// Writes a page. `updated` is when the newest revision was written.
pub fn write(page: &Page, settings: &Settings, language: Language, addresses: &Addresses, updated: &str) -> Vec<u8> {
    // A feed must have a time, and one without a revision has none.
    let updated = if updated.is_empty() { "1970-01-01T00:00:00Z" } else { updated };
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <id>{own}</id>\n<title>Opptrapping: {}</title>\n<updated>{updated}</updated>\n<author><name>{}</name></author>\n\
         <rights>{}</rights>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n",
        language.code(),
        TITLE.to(language),
        escape(&settings.publisher),
        escape(&settings.license),
        own = escape(addresses.own),
    );
    if let Some(next) = addresses.next {
        let _ = writeln!(out, "<link rel=\"next\" type=\"application/atom+xml\" href=\"{}\"/>", escape(next));
    }
    page.changes.iter().for_each(|told| entry(&mut out, told, settings, language));
    out.push_str("</feed>\n");
    out.into_bytes()
}

fn entry(out: &mut String, told: &Told, settings: &Settings, language: Language) {
    let thing = format!("{}/v1/{}/{}", settings.base_url, told.resource, told.id);
    let page = match told.operation.as_str() {
        "delete" => format!("{thing}/history"),
        _ => format!("{thing}?as_of={}", told.point.revision),
    };
    let fields = format!("{}: {}", FIELDS.to(language), told.changed.join(", "));
    let summary = told.reason.iter().cloned().chain((told.operation == "update").then_some(fields));
    let _ = write!(
        out,
        "<entry>\n<id>{base}/v1/changes#{point}</id>\n<title>{done}: {resource} {id}</title>\n<updated>{time}</updated>\n\
         <link rel=\"alternate\" href=\"{page}\"/>\n<category term=\"{resource}\"/>\n<summary>{summary}</summary>\n</entry>\n",
        base = escape(&settings.base_url),
        point = told.point,
        done = operation(&told.operation).to(language),
        resource = escape(&told.resource),
        id = escape(&told.id),
        time = escape(&told.time),
        page = escape(&page),
        summary = escape(&summary.collect::<Vec<_>>().join(". ")),
    );
}

/// Text in XML 1.0. Characters that it cannot have at all become a question mark: one in a reason must not make the whole
/// feed unreadable.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_have_is_not_written() {
        assert_eq!(escape("a<b> & \"c\"\u{0}\u{1b}\u{ffff}\næ"), "a&lt;b&gt; &amp; &quot;c&quot;???\næ");
    }
}
