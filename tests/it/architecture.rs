//! The shape of the source tree.
use crate::support::{files, root};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom to the top: each may use those before it.
const LAYERS: [&str; 8] = ["domain", "error", "db", "http", "api", "import", "lib", "main"];

/// `config` stands beside the layers: it reads settings for `http` and is used by `main` alone.
const BY_CONFIG: [&str; 2] = ["domain", "http"];

fn sources() -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let named = |path: PathBuf| {
        let content = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&src).unwrap().to_owned(), content)
    };
    let all: Vec<_> = files(&src).into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs")).map(named).collect();
    assert!(all.len() > 40, "the sources were not found");
    all
}

fn layer(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Code without comments, so that a name in prose is no import.
fn code(content: &str) -> String {
    content.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The first names after `crate::`, also within `crate::{…}`.
fn imports(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut all = vec![];
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in group.chars() {
                    match c {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => all.push(word(std::mem::take(&mut item).trim())),
                        _ if depth == 0 => item.push(c),
                        _ => {}
                    }
                }
                all.push(word(item.trim()));
            }
            None => all.push(word(rest)),
        }
    }
    all
}

#[test]
fn imports_are_found_in_every_spelling() {
    assert_eq!(imports("use crate::db::{A, B};"), ["db"]);
    assert_eq!(imports("use crate::{db::{A, B}, error};"), ["db", "error"]);
    assert_eq!(imports("fn f(x: crate::http::X)"), ["http"]);
}

#[test]
fn imports_point_one_way() {
    let rank = |name: &str| LAYERS.iter().position(|l| *l == name);
    let mut wrong = vec![];
    for (path, content) in sources() {
        let own = layer(&path);
        for import in imports(&code(&content)) {
            let allowed = match (rank(&own), rank(&import)) {
                _ if own == "config" => BY_CONFIG.contains(&import.as_str()),
                (Some(own), Some(other)) => other <= own,
                (Some(own), None) if import == "config" => LAYERS[own] == "lib" || LAYERS[own] == "main",
                // A macro of the crate is no module.
                (Some(_), None) => true,
                (None, _) => false,
            };
            if !allowed {
                wrong.push(format!("{} uses {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A file or a folder in `api` is one resource; the files of a folder know one another and its `mod.rs`.
#[test]
fn no_resource_uses_another() {
    // What is about the collections as such may go through the list of them.
    let of_all = |name: &str| matches!(name, "about" | "home" | "changes" | "diff" | "cite" | "revisions");
    let mut wrong = vec![];
    for (path, content) in sources().into_iter().filter(|(path, _)| layer(path) == "api") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let within = path.components().count() > 2;
        if name == "mod" && !within {
            continue;
        }
        let code = code(&content);
        if code.contains("crate::api") && !of_all(&name) {
            wrong.push(format!("{name} uses crate::api"));
        }
        if within && code.contains("super::super") {
            wrong.push(format!("{} reaches out of its folder", path.display()));
        }
        for used in code.split("super::").skip(1).filter(|_| !within || name == "mod") {
            let listed = of_all(&name) && used.starts_with("RESOURCES");
            // A module of tests reaches its own file.
            if !listed && !used.starts_with('*') {
                wrong.push(format!("{name} uses super::{}", used.lines().next().unwrap_or("")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_long() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, content)| (path, content.lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_migration_goes_both_ways() {
    let folders: Vec<PathBuf> =
        fs::read_dir(root().join("migrations")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    assert!(!folders.is_empty());
    for folder in folders {
        for file in ["up.sql", "down.sql"] {
            let sql = fs::read_to_string(folder.join(file)).unwrap_or_default();
            let says = sql.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"));
            assert!(says, "{} has no {file}", folder.display());
        }
    }
}

/// Code without its tests.
fn served(content: &str) -> String {
    code(content.split("#[cfg(test)]").next().unwrap_or_default())
}

#[test]
fn threads_are_started_where_a_panic_does_not_end_them_in_silence() {
    let started =
        |content: &str| served(content).contains("thread::spawn") || served(content).contains("thread::Builder");
    let wrong: Vec<_> = sources().into_iter().filter(|(_, content)| started(content)).map(|(path, _)| path).collect();
    assert_eq!(wrong, [Path::new("db/background.rs")], "use db::background::start");
}

/// The files that ask what time it is, and why they do.
const BY_THE_CLOCK: [(&str, &str); 14] = [
    ("api/submit.rs", "consultations open and close on days"),
    ("command/keys.rs", "tokens say when they are made"),
    ("command/log.rs", "lines say when"),
    ("db/revision.rs", "revisions say when"),
    ("db/watch.rs", "answers are kept for retries until a time, over restarts"),
    ("error.rs", "a number without an order, to send others away for different whiles"),
    ("http/admin.rs", "key sets are good until a time, over restarts"),
    ("http/auth.rs", "the same"),
    ("http/debounce.rs", "one line for each second that the log has"),
    ("http/idempotency.rs", "answers are kept for retries until a time, over restarts"),
    ("http/metrics/figures.rs", "key sets are good until a time"),
    ("http/read.rs", "which municipalities there are today"),
    ("http/token/mod.rs", "tokens are good until a time"),
    ("http/token/remote.rs", "key sets are good until a time, over restarts"),
];

/// What waits, and what is limited, must not do so by a clock that may be set.
#[test]
fn the_time_of_day_is_asked_for_only_where_a_time_is_told_or_compared() {
    let asks =
        |content: &str| ["Utc::now", "SystemTime::now", "Local::now"].iter().any(|ask| served(content).contains(ask));
    let found: Vec<String> = sources()
        .into_iter()
        .filter(|(_, content)| asks(content))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(found, BY_THE_CLOCK.map(|(path, _)| path));
}
