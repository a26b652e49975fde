//! The form asked for: format, dialect, layout and labels, and which of them go together.
use super::{Cube, Format, accepted};
use crate::error::{Error, Kind, Mistake};
use crate::http::asked::Asked;
use crate::http::parameter::{Parameter, Shape};

/// What stands for codes that other collections explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labels {
    #[default]
    Code,
    /// A column `indicator_name` in the place of `indicator`.
    Name,
    /// That column beside the code.
    Both,
}

/// The form asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub format: Format,
    /// CSV as Excel reads it in a Norwegian setting.
    pub excel: bool,
    /// Periods as columns.
    pub wide: bool,
    pub labels: Labels,
}

impl Form {
    /// The parameters by which a form is asked for; those of a cube where the rows make one.
    pub fn parameters(cube: bool) -> Vec<Parameter> {
        let formats = Format::words(cube);
        let about =
            format!("`{}`; beats `Accept`. All but `json` hold every row and are not paged.", formats.join("`, `"));
        let mut all = vec![
            Parameter::new("format", about, Shape::Word(formats)).default("json"),
            Parameter::new(
                "dialect",
                "Of CSV: `excel` has a byte-order mark, semicolons and decimal commas, and a `'` before texts that a spreadsheet would run as formulas.",
                Shape::Word(&["raw", "excel"]),
            )
            .default("raw"),
            Parameter::new(
                "labels",
                "For ids of other collections: the ids (`code`), a column `…_name` with their titles in their place (`name`), or both.",
                Shape::Word(&["code", "name", "both"]),
            )
            .default("code"),
        ];
        if cube {
            let about = "`wide`: a column for each period, and a row for each of what else tells values apart. Not for `json` and `json-stat2`.";
            all.push(Parameter::new("layout", about, Shape::Word(&["long", "wide"])).default("long"));
        }
        all
    }

    /// By `format=`, else by `Accept` (RFC 9110 §12.5.1), else JSON. What does not go together is refused, all at once.
    pub fn choose(asked: &Asked, accept: Option<&str>, cube: Option<&Cube>) -> Result<Self, Error> {
        let form = Self {
            format: Self::format(asked, accept, cube.is_some())?,
            excel: asked.one("dialect") == Some("excel"),
            wide: asked.one("layout") == Some("wide"),
            labels: match asked.one("labels") {
                Some("name") => Labels::Name,
                Some("both") => Labels::Both,
                _ => Labels::Code,
            },
        };
        let wrong = form.contradictions(asked, cube);
        if wrong.is_empty() { Ok(form) } else { Err(Error::all(Kind::InvalidParameter, wrong)) }
    }

    fn format(asked: &Asked, accept: Option<&str>, cube: bool) -> Result<Format, Error> {
        let offers: Vec<Format> = Format::offered(cube).collect();
        if let Some(word) = asked.one("format") {
            let words: Vec<&str> = offers.iter().map(|f| f.word()).collect();
            return offers.iter().find(|f| f.word() == word).copied().ok_or_else(|| {
                let message = "these rows make no cube, as they are asked for";
                Error::because(
                    Kind::InvalidParameter,
                    Mistake::query("format", "invalid", message).allowing(word, &words),
                )
            });
        }
        let media: Vec<_> =
            offers.iter().map(|f| (*f, f.media_type().split_once('/').unwrap_or((f.media_type(), "")))).collect();
        accepted(accept, &media).ok_or_else(|| {
            let allowed: Vec<&str> = offers.iter().map(|f| f.media_type()).collect();
            let mistake = Mistake::header("Accept", "not_acceptable", "names no format there is");
            Error::because(Kind::NotAcceptable, mistake.allowing("", &allowed))
        })
    }

    /// A parameter that would be ignored in silence answers another question than the one asked.
    fn contradictions(&self, asked: &Asked, cube: Option<&Cube>) -> Vec<Mistake> {
        let word = self.format.word();
        let mut wrong = vec![];
        if let Some(cube) = cube.filter(|_| self.wide) {
            let shown = cube.shown();
            let absent = asked.all("fields").iter().filter(|name| !shown.contains(&name.as_str()));
            let refuse = |name: &String| {
                let message = format!("with layout=wide there are {} to choose from", shown.join(", "));
                Mistake::query("fields", "invalid", message).allowing(name, &shown)
            };
            wrong.extend(absent.map(refuse));
        }
        let mut refuse = |name: &str, why: String| wrong.push(Mistake::query(name, "invalid", why));
        if self.excel && self.format != Format::Csv {
            refuse("dialect", format!("excel is of csv, and this is {word}: ask with format=csv"));
        }
        if self.wide && cube.is_none() {
            refuse("layout", "wide is for rows with periods, and these have none as they are asked for".into());
        }
        if self.wide && matches!(self.format, Format::Json | Format::JsonStat) {
            refuse("layout", format!("wide is for {}, not for {word}", Self::wide_words().join(", ")));
        }
        if self.format == Format::JsonStat {
            // What everybody has unless asked is no wish of its own: clients that send all defaults are not refused.
            let asked_for = |name: &&str| asked.all(name).iter().any(|value| value != "code" || *name != "labels");
            for name in ["fields", "sort", "labels"].into_iter().filter(asked_for) {
                refuse(
                    name,
                    "is for rows: a cube has all its dimensions, in their own order and with their labels".into(),
                );
            }
        }
        wrong
    }

    /// The labels that are read: those asked for, or what the form cannot do without.
    pub fn labels_read(&self) -> Labels {
        match (self.format, self.labels) {
            (Format::JsonStat, _) => Labels::Both,
            // Names may be shared, so that codes must tell rows apart before they are left out.
            (_, Labels::Name) if self.wide => Labels::Both,
            (_, labels) => labels,
        }
    }

    fn wide_words() -> Vec<&'static str> {
        Format::ALL.iter().filter(|f| f.is_table() && !f.needs_cube()).map(|f| f.word()).collect()
    }

    /// Whether its bytes can be sent while rows are still read.
    pub fn streams(&self) -> bool {
        matches!(self.format, Format::Csv | Format::Ndjson) && !self.wide
    }
}
