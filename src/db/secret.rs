//! What an error of a connection may not say: the password in the URL of the database.
use diesel::ConnectionError;

const HIDDEN: &str = "…";

/// The same error without it. libpq quotes a URL that it cannot read in full.
pub fn hidden(url: &str, error: ConnectionError) -> ConnectionError {
    match error {
        ConnectionError::BadConnection(text) => ConnectionError::BadConnection(without(url, &text)),
        ConnectionError::InvalidConnectionUrl(text) => ConnectionError::InvalidConnectionUrl(without(url, &text)),
        other => other,
    }
}

fn without(url: &str, text: &str) -> String {
    let text = text.replace(url, HIDDEN);
    passwords(url).into_iter().filter(|password| !password.is_empty()).fold(text, |text, password| {
        let decoded: String = form_urlencoded::parse(format!("x={}", password.replace('+', "%2B")).as_bytes())
            .map(|(_, value)| value.into_owned())
            .collect();
        text.replace(password, HIDDEN).replace(&decoded, HIDDEN)
    })
}

/// Before the host, and as a parameter.
fn passwords(url: &str) -> Vec<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A password that is not encoded may have a slash or an at sign itself.
    let (account, after) = rest.rsplit_once('@').unwrap_or(("", rest));
    let parameters = after.split_once('?').map_or("", |(_, parameters)| parameters);
    let given = parameters.split('&').filter_map(|parameter| parameter.strip_prefix("password="));
    account.split_once(':').map(|(_, password)| password).into_iter().chain(given).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_the_password_is_left() {
        for (url, text) in [
            ("postgres://u:s3cret@h/d", "no good: postgres://u:s3cret@h/d"),
            ("postgres://u:s3cr%65t@h/d", "the password s3cret is wrong, s3cr%65t"),
            ("postgres://u:s3c/r@et@h/d", "invalid port in \"s3c/r@et\""),
            ("postgres://h/d?user=u&password=s3cret", "password \"s3cret\""),
        ] {
            let told = without(url, text);
            assert!(!told.contains("s3c"), "{told}");
        }
        assert_eq!(without("postgres://u@h/d", "connection refused"), "connection refused");
        assert_eq!(without("postgres://u:@h/d", "connection refused"), "connection refused");
    }
}
