//! `Accept`: which of several offers a client wants most (RFC 9110 §12.5.1).

/// The offer an `Accept` header weighs most; the first of equals. An absent or unreadable header takes the first offer.
pub fn accepted<T: Copy>(accept: Option<&str>, offers: &[(T, (&str, &str))]) -> Option<T> {
    let ranges: Vec<(String, String, f64)> = accept.unwrap_or("").split(',').take(64).filter_map(range).collect();
    if ranges.is_empty() {
        return offers.first().map(|(offer, _)| *offer);
    }
    let mut best: Option<(f64, T)> = None;
    for (offer, (kind, sub)) in offers {
        // The most exact range decides, whatever stands before it.
        let weight = ranges
            .iter()
            .filter_map(|(k, s, q)| match (k == kind, s == sub) {
                (true, true) => Some((2, *q)),
                (true, false) if s == "*" => Some((1, *q)),
                _ if k == "*" && s == "*" => Some((0, *q)),
                _ => None,
            })
            .max_by_key(|(exactness, _)| *exactness)
            .map_or(0.0, |(_, q)| q);
        if weight > best.as_ref().map_or(0.0, |(w, _)| *w) {
            best = Some((weight, *offer));
        }
    }
    best.map(|(_, offer)| offer)
}

fn range(text: &str) -> Option<(String, String, f64)> {
    let mut parts = text.split(';');
    let (kind, sub) = parts.next()?.trim().split_once('/')?;
    let word = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic());
    if !word(kind) || !word(sub) {
        return None;
    }
    let q = parts.find_map(|p| p.trim().strip_prefix("q=").map(str::to_owned));
    let weight = q.map_or(Some(1.0), |q| q.parse::<f64>().ok().filter(|q| (0.0..=1.0).contains(q)))?;
    Some((kind.to_ascii_lowercase(), sub.to_ascii_lowercase(), weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(accept: &str) -> Option<char> {
        accepted(Some(accept), &[('j', ("application", "json")), ('c', ("text", "csv"))])
    }

    #[test]
    fn the_heaviest_range_wins_and_zero_excludes() {
        assert_eq!(choose("*/*"), Some('j'));
        assert_eq!(choose("application/*;q=0.1, text/csv;q=0.9"), Some('c'));
        assert_eq!(choose("application/json;q=0, */*;q=0.5"), Some('c'));
        assert_eq!(choose("text/html"), None);
        assert_eq!(choose("application/json;q=0"), None);
        for garbage in ["", ";;;", "æøå", "json", "text/csv;q=2"] {
            assert_eq!(choose(garbage), Some('j'), "{garbage}");
        }
    }
}
