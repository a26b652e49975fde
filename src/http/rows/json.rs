//! A JSON array of objects, read element by element: what is held is one row, and never the array.
use super::bounded::LONGEST;
use crate::db::bulk::{Origin, Row};
use crate::db::table::Table;
use crate::error::{Error, Kind, Mistake};
use crate::http::body::Members;
use crate::http::shape::{self, Sent, Whole};
use serde::Deserialize;
use std::io::{self, BufRead, BufReader, Read};

/// Reads the elements one by one. An element that is no row spoils the table, and those after it are read; after a break
/// of the syntax there is no going on.
pub fn read<'r>(table: &'static Table, input: impl Read + 'r) -> impl Iterator<Item = Result<Row, Error>> + 'r {
    let mut elements = Elements { source: Source::new(input), number: 0, ended: false };
    std::iter::from_fn(move || {
        if elements.ended {
            return None;
        }
        let next = elements.next(table);
        // Where there are mistakes the next element can be found; whatever else went wrong is the end.
        elements.ended |= !matches!(&next, Ok(Some(_))) && next.as_ref().err().is_none_or(|e| e.mistakes.is_empty());
        next.transpose()
    })
}

struct Elements<R> {
    source: Source<R>,
    number: usize,
    ended: bool,
}

impl<R: Read> Elements<R> {
    fn next(&mut self, table: &Table) -> Result<Option<Row>, Error> {
        match (self.number, self.source.peek()?) {
            (0, Some(b'[')) => self.source.pass(),
            (0, Some(b'{' | b'"' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n')) => {
                self.ended = true;
                let message = "must be a JSON array of rows, such as the `data` of a list";
                let mistake = Mistake { pointer: Some(String::new()), ..Mistake::field("", "invalid", message) };
                return Err(Error::because(Kind::InvalidContent, mistake));
            }
            (0, Some(0xef)) => return Err(malformed("the body begins with a byte order mark")),
            (1.., Some(b',')) => self.source.pass(),
            (1.., Some(b']')) => return self.end(),
            _ => return Err(self.source.broken()),
        }
        match self.source.peek()? {
            Some(b']') if self.number == 0 => self.end(),
            Some(b'{') => self.row(table).map(Some),
            // A value of another kind is passed over where its end is plain, so that it can be told beside the others.
            Some(b'[' | b'"') => {
                self.element::<serde::de::IgnoredAny>()?;
                let mistake = Mistake::field("", "invalid", "must be a JSON object");
                Err(Error::because(Kind::InvalidContent, mistake.in_row(self.number, None)))
            }
            _ => Err(self.source.broken()),
        }
    }

    fn row(&mut self, table: &Table) -> Result<Row, Error> {
        let members: Members = self.element()?;
        let number = self.number;
        let origin = Origin { line: self.source.began, ..Origin::default() };
        match shape::read(table, members, Whole::Line) {
            Ok(Sent { stored, claimed }) => Ok(Row { number, stored, claimed, origin }),
            Err(e) => Err(Error::all(Kind::InvalidContent, origin.stamp(number, e.mistakes))),
        }
    }

    /// The next element, whose last byte says that it is the last: nothing after it is read.
    fn element<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Error> {
        self.number += 1;
        self.source.begin();
        let read = T::deserialize(&mut serde_json::Deserializer::from_reader(&mut self.source));
        read.map_err(|e| match e.io_error_kind() {
            Some(_) if self.source.length > LONGEST => {
                malformed(&format!("element {} of the array is longer than {LONGEST} bytes", self.number))
            }
            Some(_) => Error::internal(e),
            // The byte at fault has been read.
            None => broken(self.source.line, self.source.column.saturating_sub(1).max(1)),
        })
    }

    fn end(&mut self) -> Result<Option<Row>, Error> {
        self.source.pass();
        match self.source.peek()? {
            None => Ok(None),
            Some(_) => Err(self.source.broken()),
        }
    }
}

/// Bytes with their place in the whole.
struct Source<R> {
    inner: BufReader<R>,
    /// Where the next byte is, counted from 1.
    line: usize,
    column: usize,
    /// The line in which the element being read began, and how many bytes of it were read.
    began: usize,
    length: usize,
}

impl<R: Read> Source<R> {
    fn new(input: R) -> Self {
        let inner = BufReader::with_capacity(65_536, input);
        Self { inner, line: 1, column: 1, began: 1, length: 0 }
    }

    fn begin(&mut self) {
        (self.began, self.length) = (self.line, 0);
    }

    /// The next byte that is no white space; none at the end.
    fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            match self.inner.fill_buf().map_err(Error::internal)?.first() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.pass(),
                other => return Ok(other.copied()),
            }
        }
    }

    fn pass(&mut self) {
        if let Some(byte) = self.inner.buffer().first().copied() {
            self.inner.consume(1);
            self.advance(byte);
        }
    }

    fn advance(&mut self, byte: u8) {
        (self.line, self.column) = match byte {
            b'\n' => (self.line + 1, 1),
            _ => (self.line, self.column + 1),
        };
    }

    /// The refusal of the next byte.
    fn broken(&self) -> Error {
        broken(self.line, self.column)
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.length += read;
        if self.length > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        into[..read].iter().for_each(|byte| self.advance(*byte));
        Ok(read)
    }
}

/// The refusal of what is no JSON: it says where, and never repeats what was sent.
fn broken(line: usize, column: usize) -> Error {
    malformed(&format!("not JSON at line {line}, column {column}"))
}

fn malformed(why: &str) -> Error {
    Error::new(Kind::MalformedJson).detail(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use std::sync::LazyLock;
    use utoipa::ToSchema;

    #[derive(Serialize, Deserialize, ToSchema)]
    struct Thing {
        id: String,
        title: String,
    }

    static THINGS: LazyLock<Table> = LazyLock::new(|| Table::of::<Thing>("things"));

    /// The titles of the rows that are read, and what is said of the others.
    fn all(text: &str) -> Vec<Result<String, String>> {
        let told =
            |e: Error| e.mistakes.first().map_or(e.detail.unwrap_or_default(), |m| format!("{:?} {}", m.row, m.name));
        read(&THINGS, text.as_bytes())
            .map(|row| row.map(|row| row.stored["title"].as_str().unwrap().to_owned()).map_err(told))
            .collect()
    }

    fn row(title: &str) -> String {
        format!(r#"{{"id":"a","title":"{title}"}}"#)
    }

    #[test]
    fn rows_are_read_one_by_one_whatever_stands_between() {
        assert_eq!(all("[]"), []);
        assert_eq!(all(" [ \n ] \n"), []);
        let two = format!("[{},\r\n {} ]\n", row("a]},{"), row("b\\\""));
        assert_eq!(all(&two), [Ok("a]},{".into()), Ok("b\"".into())]);
    }

    #[test]
    fn a_break_is_told_with_its_place_and_ends_the_reading() {
        let good = row("a");
        for (text, place) in [
            (format!("[{good},\n{{\"title\": oops}},{good}]"), "line 2, column 11"),
            (format!("[{good},\n  {{\"title\": \"x"), "line 2, column 14"),
            (format!("[\n{good}\n{good}]"), "line 3, column 1"),
            (format!("[{good},]"), "line 1, column 25"),
            (format!("[{good}]\nx"), "line 2, column 1"),
            (format!("[{good}"), "line 1, column 24"),
            ("".into(), "line 1, column 1"),
            ("[".into(), "line 1, column 2"),
            ("[,".into(), "line 1, column 2"),
        ] {
            let read = all(&text);
            let last = read.last().unwrap().clone().unwrap_err();
            assert!(last.contains(place), "{text}: {last}");
            assert!(read.iter().rev().skip(1).all(Result::is_ok), "{text}: {read:?}");
        }
    }

    #[test]
    fn what_is_no_row_is_told_and_the_next_is_read() {
        let text = format!("[{},[1,[2]],\"x\",{{\"titel\":1}},{}]", row("a"), row("b"));
        let told = all(&text);
        assert_eq!(told[0], Ok("a".into()));
        assert_eq!(told[1..4], [Err("Some(2) ".into()), Err("Some(3) ".into()), Err("Some(4) titel".into())]);
        assert_eq!(told[4..], [Ok("b".into())]);
        assert_eq!(all(&row("a")), [Err("None ".into())]);
        assert_eq!(all("1"), [Err("None ".into())]);
    }

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        let endless = b"[{\"title\":\"".chain(io::repeat(b'x'));
        let mut rows = read(&THINGS, endless);
        let refused = rows.next().unwrap().unwrap_err();
        assert!(refused.kind == Kind::MalformedJson && refused.to_string().contains("longer"), "{refused}");
        assert!(rows.next().is_none());
        let deep = read(&THINGS, b"[{\"a\":".chain(io::repeat(b'['))).next().unwrap().unwrap_err();
        assert_eq!(deep.kind, Kind::MalformedJson);
    }
}
