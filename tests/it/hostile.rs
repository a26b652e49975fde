//! The table of hostile and fault cases, `tests/hostile.toml`: every case has tests that show it, and every test that
//! it names is there.
use crate::figures;
use crate::support::root;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// A case of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: u16,
    /// What must hold.
    holds: String,
    /// The tests that show it, as the test runner prints their names, or a step beside the tests: `step:` and its name.
    tests: Vec<String>,
    /// What the service does instead, where the project decided for something else; the tests then show that.
    instead: Option<String>,
}

/// The sections, and the cases of each.
const SECTIONS: [(&str, RangeInclusive<u16>); 14] = [
    ("A", 1..=24),
    ("B", 25..=41),
    ("C", 42..=48),
    ("D", 49..=53),
    ("E", 54..=60),
    ("F", 61..=74),
    ("G", 75..=82),
    ("H", 83..=87),
    ("I", 88..=104),
    ("J", 105..=110),
    ("K", 111..=116),
    ("L", 117..=121),
    ("P", 122..=130),
    ("S", 131..=137),
];

/// Steps beside the tests: the name of each, the script that runs it, and the command in it.
const STEPS: [(&str, &str, &str); 2] = [
    ("cargo-deny", "test", "cargo deny --locked check bans licenses sources"),
    ("contract", "harden", "./test --with tests/contract/run"),
];

/// The source of a module, in a file or a folder of its name.
fn source(folder: &Path, module: &[&str]) -> Option<String> {
    let path = module.iter().fold(folder.to_owned(), |path, name| path.join(name));
    fs::read_to_string(path.with_extension("rs")).or_else(|_| fs::read_to_string(path.join("mod.rs"))).ok()
}

/// Whether a text has a test of this name that is run: a function, right below what says that it is one.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = |line: &str| {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        function.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    lines.iter().enumerate().filter(|(_, line)| begins(line)).any(|(at, _)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let attributes: Vec<&&str> = above.filter(|line| line.starts_with("#[")).collect();
        let is = |word: &str| attributes.iter().any(|attribute| attribute.starts_with(word));
        (is("#[test]") || is("#[actix_web::test]")) && !is("#[ignore")
    })
}

fn is_there(named: &str) -> bool {
    if let Some(step) = named.strip_prefix("step:") {
        return STEPS.iter().any(|(name, script, command)| {
            *name == step && fs::read_to_string(root().join(script)).is_ok_and(|text| text.contains(command))
        });
    }
    let path: Vec<&str> = named.split("::").collect();
    let [module @ .., name] = path.as_slice() else { return false };
    if module.is_empty() {
        return false;
    }
    let (own, src) = (root().join("tests/it"), root().join("src"));
    let in_file = |folder: &Path, module: &[&str]| source(folder, module).is_some_and(|text| has_test(&text, name));
    let beside_code = || {
        let Some((&"tests", file)) = module.split_last() else { return false };
        let text = source(&src, file).unwrap_or_default();
        text.split_once("\nmod tests {").is_some_and(|(_, tests)| has_test(tests, name))
    };
    in_file(&own, module) || (module.contains(&"tests") && in_file(&src, module)) || beside_code()
}

#[test]
fn a_test_is_found_only_where_it_is_one() {
    let text = "#[test]\nfn one() {\n}\n/// Words.\n#[actix_web::test]\n// More.\nasync fn two() {}\nfn three() {}\n\
                #[test]\n#[ignore = \"slow\"]\nfn four() {}\n#[test]\n\nfn five() {}\n";
    for (name, found) in [
        ("one", true),
        ("two", true),
        ("three", false),
        ("four", false),
        ("five", false),
        ("on", false),
        ("six", false),
    ] {
        assert_eq!(has_test(text, name), found, "{name}");
    }
    for there in [
        "hostile::a_test_is_found_only_where_it_is_one",
        "copies::refused::a_copy_goes_into_an_empty_database_only",
        "copies::a_copy_has_a_length_and_parts_and_is_that_of_a_folder",
        "http::rate::tests::memory_is_bounded",
        "domain::suppression::tests::all_vintages_are_one",
        "step:cargo-deny",
    ] {
        assert!(is_there(there), "{there}");
    }
    for nowhere in [
        "a_test_is_found_only_where_it_is_one",
        "hostile::is_there",
        "http::rate::memory_is_bounded",
        "smoke::memory_is_bounded",
        "step:nothing",
        "",
    ] {
        assert!(!is_there(nowhere), "{nowhere}");
    }
}

#[test]
fn every_case_has_tests_and_every_test_it_names_is_there() {
    let text = fs::read_to_string(root().join("tests/hostile.toml")).unwrap();
    let sections: BTreeMap<String, Vec<Case>> = toml::from_str(&text).unwrap();
    assert_eq!(sections.keys().map(String::as_str).collect::<Vec<_>>(), SECTIONS.each_ref().map(|(name, _)| *name));
    let (mut wrong, mut named, mut cases) = (vec![], BTreeSet::new(), 0);
    for (name, numbers) in SECTIONS {
        let found: Vec<u16> = sections[name].iter().map(|case| case.case).collect();
        assert_eq!(found, numbers.collect::<Vec<_>>(), "the cases of {name}, each once and in order");
        for Case { case, holds, tests, instead } in &sections[name] {
            cases += 1;
            let said = |text: &str| text.ends_with('.') && text.len() > 20;
            if !said(holds) || instead.as_deref().is_some_and(|text| !said(text)) {
                wrong.push(format!("{case}: it has no sentence"));
            }
            if tests.is_empty() {
                wrong.push(format!("{case}: it has no test"));
            }
            let distinct: BTreeSet<&String> = tests.iter().collect();
            if distinct.len() < tests.len() {
                wrong.push(format!("{case}: it names a test twice"));
            }
            wrong.extend(tests.iter().filter(|test| !is_there(test)).map(|test| format!("{case}: there is no {test}")));
            named.extend(tests);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    figures::tell("hostile cases", format!("{cases} of 137, {} tests", named.len()));
}
