//! What `opptrapping import` is told of a file: its form, and what its columns mean where that cannot be guessed.
use crate::domain::vocabulary::Confidence;
use clap::{Args, ValueEnum};

/// How each kind of file is imported, for `--help`.
pub const EXAMPLES: &str = "\
Examples, one for each kind of file:
  opptrapping import grants grants.csv --dry-run
  opptrapping import observations values.ndjson --from ndjson --reason 'Figures for 2024'
  opptrapping import observations 07459.json --from ssb-json-stat --indicator Personer1=population --sum Kjonn,Alder
  opptrapping import observations 07459.csv --from ssb-csv --indicator population --published 2026-02-24 --source ssb-07459
  curl -s 'https://data.ssb.no/api/klass/v1/classifications/131/codesAt.json?date=2026-01-01' |
    opptrapping import municipalities - --from klass-json
  opptrapping import municipality-changes changes.csv --from klass-csv

Complaints are FILE:LINE:COLUMN: field: message, the first 100 of them; in tables the column is the number of the cell.";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Our own CSV, as `export` writes it
    Csv,
    /// A JSON object on each line
    Ndjson,
    /// JSON-stat 2 from Statistics Norway's API (PxWeb)
    SsbJsonStat,
    /// A CSV from Statistics Norway in any dialect
    SsbCsv,
    /// Codes or changes of a KLASS classification, as JSON
    KlassJson,
    /// Codes or changes of a KLASS classification, as CSV
    KlassCsv,
}

/// How a file is to be read.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// What the file is; our own CSV unless said
    #[arg(long, value_enum)]
    pub from: Option<Form>,
    /// Statistics: the dimension or column with the region, where it is not called region or kommune
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Statistics: the dimension or column with the period, where it is not called Tid or år
    #[arg(long, value_name = "NAME")]
    pub period: Option<String>,
    /// Statistics, CSV: the column with the value, where it is not the last
    #[arg(long, value_name = "NAME")]
    pub value: Option<String>,
    /// Statistics: the indicator the values are of, or CONTENT=INDICATOR for several, with commas between; a content that
    /// is not named is left out
    #[arg(long, value_name = "ID | CONTENT=ID,…", value_delimiter = ',')]
    pub indicator: Vec<String>,
    /// Statistics: add the values of these dimensions together, such as Kjonn,Alder
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub sum: Vec<String>,
    /// Statistics: of a dimension take one category, such as Kjonn=0; may stand several times
    #[arg(long, value_name = "NAME=CODE")]
    pub only: Vec<String>,
    /// Statistics: the vintage, a year, month or day; the day the file says it was updated unless said
    #[arg(long, value_name = "DATE")]
    pub published: Option<String>,
    /// The id of the source the rows get, where the file does not name one that is known
    #[arg(long, value_name = "ID")]
    pub source: Option<String>,
    /// Statistics: how near its origin the value was read: primary, secondary, derived
    #[arg(long, value_name = "WORD", value_parser = confidence, default_value = "primary")]
    pub confidence: Option<Confidence>,
    /// Statistics: who made the figures
    #[arg(long, value_name = "NAME", default_value = "Statistics Norway")]
    pub publisher: Option<String>,
    /// Statistics: pass over rows whose region is no place, such as K-Rest, and say how many
    #[arg(long)]
    pub skip_unknown: bool,
}

impl Options {
    /// The names that are said to be dimensions.
    pub fn axes(&self) -> Vec<&str> {
        let chosen = self.only.iter().filter_map(|only| Some(only.split_once('=')?.0));
        let named = self.region.iter().chain(&self.period).chain(&self.sum).map(String::as_str);
        named.chain(chosen).collect()
    }
}

fn confidence(text: &str) -> Result<Confidence, String> {
    serde_json::from_value(text.into()).map_err(|_| format!("must be one of {}", Confidence::WORDS.join(", ")))
}
