//! How lines of the log look: as text for people or as JSON for programs. Whatever strangers send, a line stays a line.
use chrono::{SecondsFormat, Utc};
use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{Error, Key, Value, VisitSource};
use serde_json::{Map, json};
use std::fmt::Write as _;
use std::io::{self, Write};

/// The variable that chooses.
pub const VARIABLE: &str = "OPPTRAPPING_LOG_FORMAT";

/// Begins to log; the error says what is wrong with the setting.
pub fn start() -> Result<(), String> {
    let format = match std::env::var(VARIABLE).as_deref() {
        Err(_) | Ok("" | "text") => text,
        Ok("json") => json,
        Ok(_) => return Err(format!("{VARIABLE}: must be text or json")),
    };
    let asked = std::env::var("RUST_LOG").unwrap_or_default();
    let filter = match asked.as_str() {
        // What strangers send that is not HTTP is no error of ours, and must not fill the log.
        "" | "info" => "info,actix_server=warn,actix_http=off",
        "warn" => "warn,actix_http=off",
        "error" => "error,actix_http=off",
        more => more,
    };
    // The solver logs the bounds it finds: whatever is asked for, those of hidden counts are in no log.
    let mut builder = env_logger::Builder::new();
    builder.parse_filters(filter).filter_module("microlp", log::LevelFilter::Off).format(format).init();
    Ok(())
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Without characters that would begin another line or colour the terminal.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Other ways to end a line, and to turn the direction of writing, are no control characters to Unicode.
        let hidden = matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || hidden { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

fn text(out: &mut Formatter, record: &Record) -> io::Result<()> {
    struct Pairs(String);
    impl<'kvs> VisitSource<'kvs> for Pairs {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
            Ok(write!(self.0, " {}={}", key.as_str(), escaped(&value.to_string()).replace(' ', "%20"))?)
        }
    }
    let mut pairs = Pairs(String::new());
    record.key_values().visit(&mut pairs).map_err(io::Error::other)?;
    let message = escaped(&record.args().to_string());
    writeln!(out, "[{} {:5} {}] {message}{}", now(), record.level(), record.target(), pairs.0)
}

fn json(out: &mut Formatter, record: &Record) -> io::Result<()> {
    struct Members(Map<String, serde_json::Value>);
    impl<'kvs> VisitSource<'kvs> for Members {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
            let number = value.to_u64().map(Into::into).or(value.to_bool().map(Into::into));
            let value = number.or(value.to_f64().map(Into::into)).unwrap_or_else(|| value.to_string().into());
            self.0.insert(key.as_str().to_owned(), value);
            Ok(())
        }
    }
    let mut members = Members(Map::new());
    members.0.insert("time".into(), now().into());
    members.0.insert("level".into(), record.level().as_str().into());
    members.0.insert("target".into(), record.target().into());
    members.0.insert("message".into(), json!(record.args().to_string()));
    record.key_values().visit(&mut members).map_err(io::Error::other)?;
    serde_json::to_writer(&mut *out, &members.0)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_begin_a_line_or_colour_a_terminal_is_spelt_out() {
        assert_eq!(
            escaped("a\r\n\u{1b}[31mb\u{9b}\u{202e}\u{2028}æ\t"),
            "a\\r\\n\\u{1b}[31mb\\u{9b}\\u{202e}\\u{2028}æ\\t"
        );
    }
}
