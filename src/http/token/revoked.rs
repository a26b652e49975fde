//! Tokens, callers and organisations that are not believed any more, whatever they are signed with.
use super::Verified;
use crate::domain::organisation;
use std::collections::HashSet;

/// What is revoked, by kind.
#[derive(Debug, Default, PartialEq)]
pub struct Revoked {
    tokens: HashSet<String>,
    subjects: HashSet<String>,
    organisations: HashSet<String>,
}

impl Revoked {
    /// Reads a list: `jti:…`, `sub:…` or `org:…` on each line; `#` begins a comment. Lines that are none of these are
    /// told of, and the others count all the same: a slip in one must not give leave to those in the others.
    pub fn read(text: &str) -> (Self, Vec<String>) {
        let (mut revoked, mut wrong) = (Self::default(), vec![]);
        for (n, line) in text.lines().enumerate() {
            let line = line.split_once(" #").map_or(line, |(before, _)| before).trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once(':') {
                Some(("jti", id)) if !id.is_empty() => drop(revoked.tokens.insert(id.to_owned())),
                Some(("sub", id)) if !id.is_empty() => drop(revoked.subjects.insert(id.to_owned())),
                Some(("org", id)) => match organisation::from_iso_6523(id).unwrap_or(id) {
                    number if organisation::is_number(number) => drop(revoked.organisations.insert(number.to_owned())),
                    _ => wrong.push(format!("line {}: is no organisation number", n + 1)),
                },
                _ => wrong.push(format!("line {}: must be jti:…, sub:… or org:…", n + 1)),
            }
        }
        (revoked, wrong)
    }

    /// Whether a token is revoked: itself, its subject (the principal, and what `sub` says), or its organisation.
    pub fn has(&self, verified: &Verified, sub: Option<&str>) -> bool {
        let author = &verified.author;
        author.token_id.as_ref().is_some_and(|id| self.tokens.contains(id))
            || self.subjects.contains(&author.subject)
            || sub.is_some_and(|sub| self.subjects.contains(sub))
            || author.organisation.as_ref().is_some_and(|number| self.organisations.contains(number))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len() + self.organisations.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_line_spares_the_others() {
        let text =
            "# list\n\njti:abc\n sub:kari # left\norg:974760673\norg:0192:974761076\nkari\njti:\norg:974760674\nJTI:x";
        let (revoked, wrong) = Revoked::read(text);
        assert_eq!(revoked.len(), 4);
        assert!(revoked.subjects.contains("kari") && revoked.organisations.contains("974761076"));
        let lines: Vec<&str> = wrong.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(lines, ["line 7", "line 8", "line 9", "line 10"]);
    }
}
