//! Tables of text with a separator that is found out: tab, semicolon or comma.
use super::wrong;
use crate::error::{Error, Place};
use std::collections::HashMap;

/// A record: the line it begins on, and its cells.
pub struct Record {
    pub line: usize,
    pub cells: Vec<String>,
}

/// A table: its header, what stands above it and its records.
pub struct Table {
    /// Lines above the header: a title, most often.
    pub titles: Vec<String>,
    pub header: Record,
    pub records: Vec<Record>,
}

/// Reads a table. The header is the first record that is as wide as most are; what stands above it is a title. Records
/// below that have one cell are footnotes, and after the first of them nothing is read.
pub fn read(text: &str) -> Result<Table, Error> {
    if text.trim().is_empty() {
        return Err(wrong("", "the file is empty", None));
    }
    let mut all = records(text, separator(text))?.into_iter();
    let mut titles = vec![];
    let header = loop {
        match all.next() {
            Some(record) if record.cells.len() > 1 => break record,
            Some(record) => titles.extend(record.cells),
            None => return Err(wrong("", "has no header: no line has several cells", None)),
        }
    };
    let width = header.cells.len();
    let mut kept = vec![];
    for record in all {
        match record.cells.len() {
            1 => break,
            n if n == width => kept.push(record),
            n => {
                let place = Place { line: record.line, column: None };
                return Err(wrong("", format!("has {n} cells, and the header {width}"), Some(place)));
            }
        }
    }
    Ok(Table { titles, header, records: kept })
}

fn records(text: &str, separator: u8) -> Result<Vec<Record>, Error> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut all = vec![];
    for record in reader.records() {
        let record = record.map_err(|e| wrong("", format!("cannot be read: {e}"), None))?;
        let line = record.position().map_or(0, |p| p.line() as usize);
        let cells = record.iter().map(|cell| cell.trim().to_owned()).collect();
        all.push(Record { line, cells });
    }
    Ok(all)
}

/// The separator that most lines have equally often. A comma counts least: it stands in titles, footnotes and decimals too.
fn separator(text: &str) -> u8 {
    let score = |separator: u8| {
        let counts = text.lines().take(50).map(|line| outside(line, separator)).filter(|n| *n > 0);
        let mut lines = HashMap::new();
        counts.for_each(|n| *lines.entry(n).or_insert(0_usize) += 1);
        lines.into_iter().map(|(count, lines)| count * lines).max().unwrap_or(0)
    };
    let candidates = [(b'\t', 3), (b';', 2), (b',', 1)];
    candidates.into_iter().max_by_key(|(separator, weight)| score(*separator) * weight).map_or(b';', |(best, _)| best)
}

/// How often a separator stands outside quotation marks.
fn outside(line: &str, separator: u8) -> usize {
    let mut quoted = false;
    line.bytes()
        .filter(|b| {
            quoted ^= *b == b'"';
            *b == separator && !quoted
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_the_same_table() {
        for text in [
            "region;år;personer\n0301 Oslo;2016;658,5\n",
            "region\tår\tpersoner\r\n0301 Oslo\t2016\t658,5\r\n",
            "\"region\",\"år\",\"personer\"\n\"0301 Oslo\",\"2016\",\"658,5\"\n",
            "07459: Befolkning, etter region og år\n\nregion;år;personer\n0301 Oslo;2016;658,5\n\n1 Fotnote, med komma\n",
        ] {
            let table = read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(table.header.cells, ["region", "år", "personer"], "{text}");
            assert_eq!(table.records.len(), 1);
            assert_eq!(table.records[0].cells, ["0301 Oslo", "2016", "658,5"]);
        }
    }

    #[test]
    fn what_is_no_table_is_refused_with_the_line() {
        assert!(read("").is_err() && read("one\ntwo\n").is_err());
        let uneven = read("a;b\n1;2\n3;4;5\n").err().unwrap();
        assert_eq!(uneven.mistakes[0].place.map(|p| p.line), Some(3));
    }
}
