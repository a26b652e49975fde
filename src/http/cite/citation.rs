//! A citation, in the forms that reference managers and people read. Nothing in it can break out of its form: titles and
//! names are other people's words.
use crate::domain::{Language, Trilingual};
use serde_json::json;

/// What is cited.
#[derive(Debug, Clone)]
pub struct Citation {
    pub title: String,
    pub publisher: String,
    /// The revision that is cited, and the day it was written; null before there was any.
    pub revision: i64,
    pub day: Option<String>,
    /// SPDX.
    pub license: String,
    /// The address, which never answers otherwise.
    pub url: String,
    /// The day the reader looked at it, where the reader says so: an answer that may be kept does not know.
    pub accessed: Option<String>,
    /// The document that the row cited was read from.
    pub source: Option<String>,
    pub language: Language,
}

/// The forms of a citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Text,
    Bibtex,
    Ris,
    CslJson,
}

const REVISION: Trilingual = Trilingual { nb: "Revisjon", nn: "Revisjon", en: "Revision" };
const LICENSE: Trilingual = Trilingual { nb: "Lisens", nn: "Lisens", en: "Licence" };
const SOURCE: Trilingual = Trilingual { nb: "Kilde", nn: "Kjelde", en: "Source" };
const ACCESSED: Trilingual = Trilingual { nb: "Hentet", nn: "Henta", en: "Accessed" };
const UNDATED: Trilingual = Trilingual { nb: "u.å.", nn: "u.å.", en: "n.d." };

impl Style {
    pub const ALL: [Self; 4] = [Self::Text, Self::Bibtex, Self::Ris, Self::CslJson];
    pub const WORDS: [&'static str; 4] = ["text", "bibtex", "ris", "csl-json"];

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().zip(Self::WORDS).find(|(_, known)| *known == word).map(|(style, _)| style)
    }

    pub fn media(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "plain"),
            Self::Bibtex => ("application", "x-bibtex"),
            Self::Ris => ("application", "x-research-info-systems"),
            Self::CslJson => ("application", "vnd.citationstyles.csl+json"),
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Bibtex => "application/x-bibtex; charset=utf-8",
            Self::Ris => "application/x-research-info-systems; charset=utf-8",
            Self::CslJson => "application/vnd.citationstyles.csl+json; charset=utf-8",
        }
    }
}

impl Citation {
    pub fn write(&self, style: Style) -> String {
        match style {
            Style::Text => self.text(),
            Style::Bibtex => self.bibtex(),
            Style::Ris => self.ris(),
            Style::CslJson => self.csl(),
        }
    }

    fn note(&self) -> String {
        let say = |words: Trilingual| words.to(self.language);
        let mut note = format!("{} {}. {}: {}", say(REVISION), self.revision, say(LICENSE), self.license);
        if let Some(source) = &self.source {
            note += &format!(". {}: {source}", say(SOURCE));
        }
        note
    }

    fn year(&self) -> Option<&str> {
        self.day.as_deref()?.get(..4)
    }

    fn text(&self) -> String {
        let year = self.year().unwrap_or(UNDATED.to(self.language));
        let note = self.note();
        let mut text = format!("{} ({year}). {}. {note}. {}", self.publisher, self.title, self.url);
        if let Some(day) = &self.accessed {
            text += &format!(" ({} {day})", ACCESSED.to(self.language));
        }
        line(&text) + "\n"
    }

    fn bibtex(&self) -> String {
        let mut fields = vec![
            ("author", format!("{{{}}}", tex(&self.publisher))),
            ("title", format!("{{{}}}", tex(&self.title))),
            ("publisher", tex(&self.publisher)),
        ];
        fields.extend(self.year().map(|year| ("year", year.to_owned())));
        fields.extend(self.day.as_ref().map(|day| ("date", day.clone())));
        fields.push(("version", self.revision.to_string()));
        // Braces are percent-encoded in an address, and nothing else ends the field.
        fields.push(("url", self.url.clone()));
        fields.extend(self.accessed.as_ref().map(|day| ("urldate", day.clone())));
        fields.push(("note", tex(&self.note())));
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("  {name} = {{{value}}}")).collect();
        format!("@misc{{{},\n{}\n}}\n", self.key(), fields.join(",\n"))
    }

    /// Letters and digits only, and another for every address.
    fn key(&self) -> String {
        let hash = crate::http::page::short_hash(&[self.url.as_bytes()]).replace(['-', '_'], "x");
        format!("opptrapping-r{}-{hash}", self.revision)
    }

    fn ris(&self) -> String {
        let mut lines = vec![
            ("TY", "DATA".to_owned()),
            ("AU", self.publisher.clone()),
            ("TI", self.title.clone()),
            ("PB", self.publisher.clone()),
        ];
        lines.extend(self.year().map(|year| ("PY", year.to_owned())));
        lines.extend(self.day.as_ref().map(|day| ("DA", day.replace('-', "/"))));
        lines.push(("ET", self.revision.to_string()));
        lines.push(("UR", self.url.clone()));
        lines.extend(self.accessed.as_ref().map(|day| ("Y2", day.replace('-', "/"))));
        lines.push(("LA", self.language.code().to_owned()));
        lines.push(("N1", self.note()));
        lines.push(("ER", String::new()));
        lines.iter().map(|(tag, value)| format!("{tag}  - {}\r\n", line(value))).collect()
    }

    fn csl(&self) -> String {
        let parts = |day: &Option<String>| {
            let numbers = day.as_ref()?.split('-').map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<_>>>()?;
            Some(json!({ "date-parts": [numbers] }))
        };
        let mut item = json!({
            "id": self.key(), "type": "dataset", "title": self.title, "author": [{ "literal": self.publisher }],
            "publisher": self.publisher, "version": self.revision.to_string(), "URL": self.url,
            "language": self.language.code(), "license": self.license, "note": self.note(),
        });
        for (name, day) in [("issued", parts(&self.day)), ("accessed", parts(&self.accessed))] {
            if let Some(day) = day {
                item[name] = day;
            }
        }
        format!("{}\n", json!([item]))
    }
}

/// One line: a form that goes by lines must not get a second one from a title.
fn line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text that BibTeX takes for nothing but text.
fn tex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            // Braces that do not match would end the field; parentheses read as well.
            '{' => out.push('('),
            '}' => out.push(')'),
            '$' | '&' | '#' | '_' | '%' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Citation {
        Citation {
            title: "A} }, x = {\\input{/etc/passwd}\r\nER  - \r\nTY  - BOOK".into(),
            publisher: "P & Sønn_100%".into(),
            revision: 7,
            day: Some("2026-11-22".into()),
            license: "NLOD-2.0".into(),
            url: "http://127.0.0.1:8080/v1/goals?as_of=7".into(),
            accessed: None,
            source: None,
            language: Language::En,
        }
    }

    #[test]
    fn a_title_stays_within_its_field() {
        let bibtex = hostile().bibtex();
        let depth = |text: &str| text.matches('{').count() as i64 - text.matches('}').count() as i64;
        let title = bibtex.lines().find(|line| line.contains("title =")).unwrap();
        assert!(depth(title) == 0 && !title.contains("\\input"), "{title}");
        assert!(bibtex.contains("P \\& Sønn\\_100\\%"), "{bibtex}");
        let ris = hostile().ris();
        assert_eq!(ris.matches("\r\nER  - ").count(), 1, "{ris}");
        assert_eq!(ris.matches("\r\nTY").count(), 0, "{ris}");
        assert_eq!(hostile().text().lines().count(), 1);
        let csl: serde_json::Value = serde_json::from_str(&hostile().csl()).unwrap();
        assert_eq!(csl[0]["issued"]["date-parts"], json!([[2026, 11, 22]]));
    }
}
