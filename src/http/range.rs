//! Parts of an answer (RFC 9110 §14): one range of bytes, of the answer as it is without an encoding.
use super::answer::Head;
use crate::error::{Error, Kind, Mistake};
use actix_web::HttpRequest;
use actix_web::http::header;

/// The first byte and the one after the last.
pub type Range = std::ops::Range<u64>;

/// The part asked for of an answer of so many bytes; none where all of it is to be sent: because no range was asked
/// for, or several, or in another unit, or of another version (`If-Range`).
pub fn asked(req: &HttpRequest, head: &Head, length: u64) -> Result<Option<Range>, Error> {
    let text = |name| req.headers().get(name).and_then(|v: &header::HeaderValue| v.to_str().ok()).map(str::trim);
    let Some(range) = text(header::RANGE) else { return Ok(None) };
    if let Some(version) = text(header::IF_RANGE)
        // A date is no strong validator here: two versions may be of one second.
        && version != format!("\"{}\"", head.tag)
    {
        return Ok(None);
    }
    match part(range, length) {
        Part::Whole => Ok(None),
        Part::Some(range) => Ok(Some(range)),
        Part::Beyond => {
            let mistake = Mistake::header("Range", "invalid", format!("there are {length} bytes"));
            let error = Error::because(Kind::RangeNotSatisfiable, mistake);
            Err(error.header(header::CONTENT_RANGE, &format!("bytes */{length}")))
        }
    }
}

#[derive(Debug, PartialEq)]
enum Part {
    /// What cannot be read, or is more than one part, is ignored, as the standard has it.
    Whole,
    Some(Range),
    Beyond,
}

fn part(range: &str, length: u64) -> Part {
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        // A number too large for us is larger than any answer.
        true => Some(text.parse::<u64>().unwrap_or(u64::MAX)),
        false => None,
    };
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|r| r.trim().split_once('-')) else {
        return Part::Whole;
    };
    match (number(first), number(last)) {
        (None, Some(0)) if first.is_empty() => Part::Beyond,
        (None, Some(_)) if first.is_empty() && length == 0 => Part::Beyond,
        (None, Some(suffix)) if first.is_empty() => Part::Some(length.saturating_sub(suffix)..length),
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some_and(|l| l >= first)) => {
            Part::Beyond
        }
        (Some(first), None) if last.is_empty() => Part::Some(first..length),
        (Some(first), Some(last)) if last >= first => Part::Some(first..last.saturating_add(1).min(length)),
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_taken_and_all_else_ignored() {
        assert_eq!(part("bytes=0-0", 10), Part::Some(0..1));
        assert_eq!(part("bytes=3-", 10), Part::Some(3..10));
        assert_eq!(part("bytes=-4", 10), Part::Some(6..10));
        assert_eq!(part("bytes=-99", 10), Part::Some(0..10));
        assert_eq!(part("bytes=2-99999999999999999999999", 10), Part::Some(2..10));
        for beyond in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(part(beyond, 10), Part::Beyond, "{beyond}");
        }
        for whole in ["bytes=0-1,3-4", "bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", "items=0-1", "bytes=0-+1", ""] {
            assert_eq!(part(whole, 10), Part::Whole, "{whole}");
        }
    }
}
