//! The file of issuers (TOML): who is believed, by which keys, and for what. Every mistake in it is told at once.
use super::entry::Entry;
use super::fetch::Address;
use super::issuer::{Audience, Issuer, Keys, Principal, UNSPECIFIED, default_types};
use super::kept::Kept;
use super::key::{self, ALGORITHMS, Key};
use super::leave::Scopes;
use super::remote::Place;
use super::watch::Watched;
use super::{MOST_LIFETIME, SKEW, keyset};
use crate::domain::nearest::nearest;
use crate::domain::organisation;
use jsonwebtoken::Algorithm;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;
use toml::{Table, Value};

/// The longest that tokens of any issuer may live, in seconds.
const MOST_LIFETIME_OF_ANY: i64 = 86_400;
/// How far any clock may differ, in seconds.
const MOST_SKEW: i64 = 300;
/// How often a key set is fetched, in seconds, and the bounds of that.
const REFRESH: i64 = 60;
const MOST_REFRESH: i64 = 43_200;

/// What is needed to read the file.
pub struct Context<'a> {
    /// The folder that paths in it are relative to.
    pub folder: &'a Path,
    /// The scopes this service has.
    pub scopes: &'a [String],
    /// Where key sets are kept.
    pub keep: Option<&'a Path>,
}

/// Issuers as they are in the file, with no thread begun yet.
#[derive(Default)]
pub struct Read {
    pub issuers: Vec<(Issuer, Option<Place>)>,
    /// The files with keys that were read: when they change, so have the keys.
    pub files: Vec<Watched>,
}

/// Reads the text of the file, or says everything that is wrong with it.
pub fn read(text: &str, context: &Context) -> Result<Read, Vec<String>> {
    let mut table: Table = text.parse().map_err(|e: toml::de::Error| {
        let line = e.span().map_or(1, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
        vec![format!("line {line}: {}", e.message())]
    })?;
    let mut wrong = vec![];
    let mut read = Read::default();
    match table.remove("issuer") {
        Some(Value::Array(entries)) if !entries.is_empty() => {
            for (n, entry) in entries.into_iter().enumerate() {
                match entry {
                    Value::Table(table) => wrong.extend(issuer(n, table, context, &mut read)),
                    _ => wrong.push(format!("issuer {}: must be a table, [[issuer]]", n + 1)),
                }
            }
        }
        _ => wrong.push("there is no [[issuer]]".into()),
    }
    wrong.extend(Entry::new("the file".into(), table).finish());
    let mut names = HashSet::new();
    let twice = read.issuers.iter().filter(|(issuer, _)| !names.insert(issuer.iss.as_str()));
    wrong.extend(twice.map(|(issuer, _)| format!("issuer {}: stands twice", issuer.iss)));
    if wrong.is_empty() { Ok(read) } else { Err(wrong) }
}

/// Reads one issuer; what is wrong with it.
fn issuer(n: usize, table: Table, context: &Context, read: &mut Read) -> Vec<String> {
    let mut entry = Entry::new(format!("issuer {}", n + 1), table);
    let iss = entry.needed("iss").unwrap_or_default();
    if !iss.is_empty() {
        entry.rename(format!("issuer {}", iss.escape_debug()));
    }
    let audience = audience(&mut entry, &iss);
    let types = types(&mut entry);
    let most_lifetime = entry.integer("lifetime_seconds", 1..=MOST_LIFETIME_OF_ANY).unwrap_or(MOST_LIFETIME);
    let skew = entry.integer("skew_seconds", 0..=MOST_SKEW).unwrap_or(SKEW);
    let principal = entry.word("principal", &Principal::WORDS).unwrap_or(Principal::Sub);
    let scopes = scopes(&mut entry, context);
    let organisations = organisations(&mut entry, principal, context);
    let (keys, place) = keys(&mut entry, &iss, context, &mut read.files);
    let wrong = entry.finish();
    if wrong.is_empty() {
        let keys = Keys::Fixed(keys);
        let issuer = Issuer { iss, audience, types, most_lifetime, skew, principal, scopes, organisations, keys };
        read.issuers.push((issuer, place));
    }
    wrong
}

fn audience(entry: &mut Entry, iss: &str) -> Audience {
    let audience = entry.needed("audience").unwrap_or_default();
    if !audience.is_empty() && audience == iss {
        // A client asks for a token with a grant that is for the issuer; it would pass as a token itself.
        entry.refuse("audience is the issuer itself; it must be this service");
    }
    if audience == UNSPECIFIED { Audience::Unspecified } else { Audience::Named(audience) }
}

fn types(entry: &mut Entry) -> Vec<String> {
    let Some(given) = entry.texts("typ") else { return default_types() };
    for typ in &given {
        let lower = typ.to_ascii_lowercase();
        if matches!(lower.as_str(), "dpop+jwt" | "logout+jwt" | "id_token" | "secevent+jwt") {
            entry.refuse(format!("typ `{typ}` is of no access token"));
        }
    }
    given.iter().map(|typ| typ.to_ascii_lowercase()).collect()
}

fn scopes(entry: &mut Entry, context: &Context) -> Scopes {
    let prefix = entry.text("scope_prefix");
    let map = entry.lists("scopes");
    if prefix.is_none() && map.is_none() {
        return Scopes::Own;
    }
    let mut mapped = HashMap::new();
    for (theirs, ours) in map.unwrap_or_default() {
        if theirs.trim().is_empty() || theirs.contains(char::is_whitespace) {
            entry.refuse(format!("scopes.\"{theirs}\" is no scope"));
        }
        known(entry, &format!("scopes.\"{theirs}\""), &ours, context);
        mapped.insert(theirs, ours);
    }
    Scopes::Mapped { map: mapped, prefix }
}

fn organisations(entry: &mut Entry, principal: Principal, context: &Context) -> Option<HashMap<String, Vec<String>>> {
    let lists = entry.lists("organisations")?;
    if principal != Principal::Consumer {
        entry.refuse("organisations are told apart by consumer alone: set principal = \"consumer\"");
    }
    for (number, leave) in &lists {
        if !organisation::is_number(number) {
            entry.refuse(format!("organisations.\"{number}\" is no organisation number"));
        }
        known(entry, &format!("organisations.\"{number}\""), leave, context);
    }
    Some(lists.into_iter().collect())
}

/// Refuses scopes that this service does not have: a rule that is misspelt would give nothing, and nobody would see why.
fn known(entry: &mut Entry, name: &str, scopes: &[String], context: &Context) {
    for scope in scopes.iter().filter(|scope| !context.scopes.contains(scope)) {
        let meant = nearest(scope, context.scopes.iter().map(String::as_str));
        let meant = meant.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        entry.refuse(format!("{name}: there is no scope `{scope}`{meant}"));
    }
}

/// The keys, or where they are fetched from: one of the three ways, and only that.
fn keys(entry: &mut Entry, iss: &str, context: &Context, files: &mut Vec<Watched>) -> (Vec<Key>, Option<Place>) {
    let ways = ["jwks_url", "jwks_file", "public_key"];
    let given: Vec<&str> = ways.into_iter().filter(|way| entry.has(way)).collect();
    if given.len() != 1 {
        entry.refuse(format!("its keys must come one way: {}", ways.join(", or ")));
    }
    for (name, way) in [("refresh_seconds", "jwks_url"), ("ca_file", "jwks_url"), ("kid", "public_key")] {
        if entry.has(name) && !given.contains(&way) {
            entry.refuse(format!("{name} is for {way} alone"));
        }
    }
    let algorithm = entry.word("algorithm", &ALGORITHMS);
    let refresh = entry.integer("refresh_seconds", 1..=MOST_REFRESH).unwrap_or(REFRESH);
    let (kid, authorities) = (entry.text("kid"), entry.text("ca_file"));
    let (url, set, pem) = (entry.text("jwks_url"), entry.text("jwks_file"), entry.text("public_key"));
    let mut content = |entry: &mut Entry, name: &str, path: &Option<String>, watched: bool| {
        let path = context.folder.join(path.as_ref()?);
        if watched {
            files.push(Watched::of(&path));
        }
        std::fs::read(&path).map_err(|e| entry.refuse(format!("{name}: {}: {e}", path.display()))).ok()
    };
    let authorities = content(entry, "ca_file", &authorities, false);
    let set = content(entry, "jwks_file", &set, true).map(|bytes| keyset::read(&bytes, algorithm));
    let pem =
        content(entry, "public_key", &pem, true).map(|bytes| one(&bytes, algorithm).map(|key| vec![key.named(kid)]));
    let address = url.as_ref().map(|url| Address::new(url, authorities.as_deref()));
    let keep = context.keep.zip(url.as_deref()).map(|(folder, url)| Kept::new(folder, iss, url));
    let mut keys = vec![];
    for (name, read) in [("jwks_file", set), ("public_key", pem)] {
        match read {
            Some(Ok(found)) => keys = found,
            Some(Err(why)) => entry.refuse(format!("{name}: {why}")),
            None => {}
        }
    }
    let place = match address {
        Some(Ok(address)) => {
            let refresh = Duration::from_secs(refresh.unsigned_abs());
            Some(Place { iss: iss.to_owned(), address, authorities, algorithm, refresh, kept: keep })
        }
        Some(Err(why)) => {
            entry.refuse(format!("jwks_url: {why}"));
            None
        }
        None => None,
    };
    (keys, place)
}

fn one(bytes: &[u8], algorithm: Option<Algorithm>) -> Result<Key, String> {
    let pem = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    key::Key::from_pem(pem, algorithm)
}
