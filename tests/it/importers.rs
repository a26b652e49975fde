//! Files of others: every dialect makes the same rows, and every trap in them is told of by its line and column.
use crate::support::{Base, databases, root};
use opptrapping::api::RESOURCES;
use opptrapping::db::Statement;
use opptrapping::error::Error;
use opptrapping::http::resource::Entry;
use opptrapping::import::command::{self, Report};
use opptrapping::import::options::{Form, Options};
use serde_json::{Value, json};
use std::io::Cursor;

fn entry(collection: &str) -> &'static Entry {
    RESOURCES.iter().find(|e| (e.table)().collection == collection).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/it/fixtures").join(name)).unwrap()
}

/// Options for observations of the population, in a vintage that is not there.
fn options(from: Form) -> Options {
    Options {
        from: Some(from),
        indicator: vec!["population".into()],
        published: Some("2031".into()),
        source: Some("ssb-07459".into()),
        publisher: Some("Statistics Norway".into()),
        ..Options::default()
    }
}

fn run(base: &Base, collection: &str, file: &[u8], options: &Options) -> Result<Report, Error> {
    let input = || Box::new(Cursor::new(file.to_vec()));
    let before = base.db.head().revision;
    let dry = command::run(&base.db, entry(collection), input(), options, None, true);
    assert_eq!(base.db.head().revision, before, "a rehearsal wrote");
    let wet = command::run(&base.db, entry(collection), input(), options, None, false);
    // A rehearsal reports the same.
    match (&dry, &wet) {
        (Ok(dry), Ok(wet)) => assert_eq!((dry.tally, &dry.warnings), (wet.tally, &wet.warnings), "{}", base.label),
        (Err(dry), Err(wet)) => {
            assert_eq!(dry.to_string(), wet.to_string(), "{}", base.label);
            assert_eq!(base.db.head().revision, before, "{}: refused and written", base.label);
        }
        other => panic!("{}: {other:?}", base.label),
    }
    wet
}

/// The complaints as they are printed.
#[track_caller]
fn complaints(base: &Base, collection: &str, file: &[u8], options: &Options) -> String {
    match run(base, collection, file, options) {
        Ok(report) => panic!("{}: taken: {report:?}", base.label),
        Err(error) => command::complaints("f", &error),
    }
}

type Seen = (String, String, Option<f64>, String);

/// The observations of the vintage: region, period, value, status.
fn seen(base: &Base) -> Vec<Seen> {
    let sql = "SELECT region, period, value, status FROM observations WHERE published LIKE '2031%' ORDER BY indicator, region, period";
    base.db.read(|conn| Ok(Statement::new(sql).rows(conn)?)).unwrap()
}

fn row(region: &str, period: &str, value: impl Into<Option<f64>>, status: &str) -> Seen {
    (region.into(), period.into(), value.into(), status.into())
}

#[test]
fn json_stat_is_added_up_only_where_it_is_asked() {
    for base in databases("import_jsonstat") {
        let file = fixture("jsonstat.json");
        let mut asked = options(Form::SsbJsonStat);
        (asked.published, asked.source) = (None, None);
        let told = complaints(&base, "observations", &file, &asked);
        assert!(told.contains("Kjonn: has 2 categories (1 Menn, 2 Kvinner)") && told.contains("--sum"), "{told}");
        assert!(told.contains("ContentsCode: has 2 categories"), "{told}");

        (asked.sum, asked.indicator) = (vec!["kjønn".into()], vec!["Personer1=population".into()]);
        let report = run(&base, "observations", &file, &asked).unwrap();
        assert_eq!(report.tally.inserted, 6, "{}", base.label);
        let warnings = report.warnings.join("\n");
        assert!(warnings.contains("Endring") && warnings.contains("2 cells without a figure"), "{warnings}");
        let wanted = [
            row("K-0301", "2019", 681_050.0, "ok"),
            row("K-0301", "2020", 693_000.0, "ok"),
            row("K-1504", "2019", 47_600.0, "ok"),
            row("K-1507", "2020", 66_200.0, "ok"),
            row("NO", "2019", 5_328_000.0, "ok"),
            row("NO", "2020", 5_367_000.0, "ok"),
        ];
        assert_eq!(seen(&base), wanted, "{}", base.label);
        let sql = "SELECT published, source FROM observations WHERE published LIKE '2031%'";
        let (published, source) = base.db.read(|conn| Ok(Statement::new(sql).row(conn)?)).unwrap().unwrap();
        assert_eq!((published, source), ("2031-02-24".to_owned(), "ssb-07459".to_owned()), "guessed from the file");
        let again = run(&base, "observations", &file, &asked).unwrap();
        assert_eq!((again.tally.unchanged, again.revision), (6, None), "{}", base.label);
    }
}

#[test]
fn what_is_told_of_a_file_is_checked_before_its_rows() {
    for base in databases("import_options") {
        let mut asked = options(Form::SsbCsv);
        asked.published = Some("2031-13".into());
        (asked.indicator, asked.source) = (vec!["populaton".into()], Some("ssb-7459".into()));
        let told = complaints(&base, "observations", &fixture("long.csv"), &asked);
        for complaint in ["f: published: must be a year", "did you mean `population`?", "did you mean `ssb-07459`?"] {
            assert!(told.contains(complaint), "{}: {complaint} in {told}", base.label);
        }
        assert_eq!(told.lines().count(), 4, "{told}");
    }
}

#[test]
fn one_category_can_be_taken_instead() {
    for base in databases("import_only") {
        let mut asked = options(Form::SsbJsonStat);
        asked.only = vec!["Kjonn=2".into(), "ContentsCode=Personer1".into(), "Tid=2020".into()];
        run(&base, "observations", &fixture("jsonstat.json"), &asked).unwrap();
        assert_eq!(seen(&base)[0], row("K-0301", "2020", 348_000.0, "ok"), "{}", base.label);
        asked.only[0] = "Kjonn=3".into();
        let told = complaints(&base, "observations", &fixture("jsonstat.json"), &asked);
        assert!(told.contains("`Kjonn` has no category `3`; it has 1 Menn, 2 Kvinner"), "{told}");
    }
}

#[test]
fn a_long_table_is_read_in_any_dialect() {
    let original = fixture("long.csv");
    let text = opptrapping::import::encoding::text(&original[..]).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    let dialects: Vec<Vec<u8>> = vec![
        original,
        text.clone().into_bytes(),
        format!("\u{feff}{}", text.replace("\r\n", "\n")).into_bytes(),
        text.replace(';', "\t").into_bytes(),
        body.replace(';', ",").into_bytes(),
        body.replace('"', "").into_bytes(),
        body.replace("\"0301 Oslo\"", "K-0301").replace("\"1507 ", "\"K-1507 ").into_bytes(),
    ];
    for base in databases("import_long") {
        for (number, file) in dialects.iter().enumerate() {
            let report =
                run(&base, "observations", file, &options(Form::SsbCsv)).unwrap_or_else(|e| panic!("{number}: {e}"));
            let expected = if number == 0 { (5, 0) } else { (0, 5) };
            assert_eq!((report.tally.inserted, report.tally.unchanged), expected, "{} {number}", base.label);
        }
        let wanted = [
            row("K-0301", "2019", 681_071.0, "ok"),
            row("K-0301", "2020", 693_494.0, "ok"),
            row("K-1504", "2019", 47_871.0, "ok"),
            row("K-1507", "2020", 66_258.0, "provisional"),
            row("K-5001", "2020", None, "suppressed"),
        ];
        assert_eq!(seen(&base), wanted, "{}", base.label);
    }
}

#[test]
fn years_and_sexes_may_be_columns() {
    for base in databases("import_wide") {
        let file = fixture("wide_years.csv");
        let mut asked = options(Form::SsbCsv);
        asked.sum = vec!["kjønn".into()];
        let told = complaints(&base, "observations", &file, &asked);
        assert!(told.starts_with("f:6:1: region: `K-Rest Uoppgitt` is what is left over"), "{told}");
        assert!(told.contains("--skip-unknown") && told.lines().count() == 2, "{told}");
        asked.skip_unknown = true;
        let report = run(&base, "observations", &file, &asked).unwrap();
        assert!(report.warnings.iter().any(|w| w.contains("2 cells of regions that are no place")), "{report:?}");
        let years = [
            row("K-0301", "2019", 681_071.0, "ok"),
            row("K-0301", "2020", 693_494.0, "ok"),
            row("K-1507", "2020", 66_258.0, "ok"),
        ];
        assert_eq!(seen(&base), years, "{}", base.label);

        let sexes = fixture("wide_sexes.csv");
        let mut asked = options(Form::SsbCsv);
        let told = complaints(&base, "observations", &sexes, &asked);
        assert!(told.contains("columns: has 2 categories (Menn, Kvinner)"), "{told}");
        asked.sum = vec!["columns".into()];
        let report = run(&base, "observations", &sexes, &asked).unwrap();
        assert!(
            report.warnings[0].contains("lost their leading zero, such as 301, which is taken for K-0301"),
            "{report:?}"
        );
        assert_eq!((report.tally.inserted, report.tally.unchanged), (2, 1), "{}", base.label);
        assert!(seen(&base).contains(&row("F-11", "2020", 479_892.0, "ok")), "{:?}", seen(&base));
    }
}

#[test]
fn a_total_is_not_added_to_its_parts() {
    let file = "region;kjønn;år;Personer\n0301;0 Begge kjønn;2020;30\n0301;1 Menn;2020;10\n0301;2 Kvinner;2020;20\n";
    for base in databases("import_total") {
        let mut asked = options(Form::SsbCsv);
        asked.sum = vec!["kjønn".into()];
        let told = complaints(&base, "observations", file.as_bytes(), &asked);
        assert!(told.contains("has a total, `0 Begge kjønn`, which would be counted twice"), "{told}");
        (asked.sum, asked.only) = (vec![], vec!["kjønn=0".into()]);
        run(&base, "observations", file.as_bytes(), &asked).unwrap();
        assert_eq!(seen(&base), [row("K-0301", "2020", 30.0, "ok")], "{}", base.label);
    }
}

#[test]
fn a_code_that_was_not_in_use_is_refused_with_what_followed() {
    let file = "region;år;Personer\n0301;2020;1\n1504;2021;2\n9999;2020;3\n0301;2016;x\n0301;20;4\n";
    for base in databases("import_codes") {
        let told = complaints(&base, "observations", file.as_bytes(), &options(Form::SsbCsv));
        let lines: Vec<&str> = told.lines().collect();
        assert!(
            lines[0].starts_with("f:3:1: region: K-1504 was not a valid code") && lines[0].contains("K-1507"),
            "{told}"
        );
        assert!(lines[1].starts_with("f:4:1: region: K-9999 is not in the register"), "{told}");
        assert!(lines[2].starts_with("f:5:3: value: `x` is not a number"), "{told}");
        assert!(lines[3].starts_with("f:6:2: period: `20` is not a period"), "{told}");
        assert_eq!((lines.len(), lines[4]), (5, "nothing was written"), "{told}");
    }
}

#[test]
fn codes_of_klass_go_on_from_the_register() {
    for base in databases("import_klass") {
        let asked = Options { from: Some(Form::KlassCsv), ..Options::default() };
        let report = run(&base, "municipalities", &fixture("klass_codes.csv"), &asked).unwrap();
        assert_eq!((report.tally.inserted, report.tally.updated, report.tally.unchanged), (1, 0, 3), "{}", base.label);
        let sql = "SELECT county, health_region, valid_from FROM municipalities WHERE id = 'K-1599.2030-01-01'";
        let new: (String, String, String) = base.db.read(|conn| Ok(Statement::new(sql).row(conn)?)).unwrap().unwrap();
        assert_eq!(new, ("F-15".into(), "H-MN".into(), "2030-01-01".into()));

        let json = json!({ "codes": [
            { "code": "301", "level": "1", "name": "Oslo", "validFromInRequestedRange": "2026-01-01" },
            { "code": "0301", "level": "1", "name": "Oslo", "validFromInRequestedRange": "2026-01-01" },
        ]});
        let asked = Options { from: Some(Form::KlassJson), ..Options::default() };
        let told = complaints(&base, "municipalities", json.to_string().as_bytes(), &asked);
        assert!(told.contains("`301` is not the code of a municipality; it may have lost its leading zero"), "{told}");
        let told = complaints(&base, "grants", json.to_string().as_bytes(), &asked);
        assert!(told.contains("KLASS is read into municipalities, counties and municipality-changes"), "{told}");
    }
}

#[test]
fn the_register_and_its_changes_can_be_made_of_klass_again() {
    for base in databases("import_again") {
        let asked = Options { from: Some(Form::KlassJson), ..Options::default() };
        let column = |sql: &str| -> Vec<Vec<Option<String>>> {
            base.db.read(|conn| Ok(Statement::new(sql.to_owned()).rows(conn)?)).unwrap()
        };
        let changes: Vec<Value> = column("SELECT old_region, old_name, new_region, new_name, change_date FROM municipality_changes ORDER BY id")
            .into_iter()
            .map(|r| json!({ "oldCode": r[0].as_ref().unwrap()[2..], "oldName": r[1], "newCode": r[2].as_ref().unwrap()[2..], "newName": r[3], "changeOccurred": r[4] }))
            .collect();
        assert_eq!(changes.len(), 554);
        let report =
            run(&base, "municipality-changes", json!({ "codeChanges": changes }).to_string().as_bytes(), &asked)
                .unwrap();
        assert_eq!((report.tally.unchanged, report.revision), (554, None), "{} {report:?}", base.label);

        // As the service of KLASS answers for 2007 to 2027: what began before is cut there.
        for (collection, table) in [("municipalities", "municipalities"), ("counties", "counties")] {
            let sql = format!(
                "SELECT region_code, region_name, valid_from, valid_to FROM {table} WHERE valid_to IS NULL OR valid_to > '2007-01-01'"
            );
            let codes: Vec<Value> = column(&sql)
                .into_iter()
                .map(|r| {
                    let from = r[2].clone().filter(|day| day.as_str() > "2007-01-01").unwrap_or("2007-01-01".into());
                    json!({ "code": r[0], "parentCode": null, "level": "1", "name": r[1], "validFromInRequestedRange": from, "validToInRequestedRange": r[3] })
                })
                .collect();
            let file = json!({ "codes": codes }).to_string();
            let report = run(&base, collection, file.as_bytes(), &asked).unwrap();
            assert_eq!((report.tally.unchanged, report.revision), (codes.len(), None), "{} {collection}", base.label);
        }
    }
}

#[test]
fn our_own_tables_are_read_from_lines_of_json_too() {
    let head = "\"plan\":null,\"region\":\"K-0301\",\"period\":\"2019\",\"amount_nok\":5,\"stage\":\"paid\",\"approximate\":false";
    let good = format!(
        "{{\"id\":\"n-1\",{head},\"source\":\"ssb-07459\"}}\n\n{{\"id\":\"n-2\",{head},\"source\":\"ssb-07459\"}}"
    );
    let bad = format!(
        "{good}\n{{\"id\":\"n-3\",{head},\"source\":\"nowhere\"}}\n{{\"id\":\"n-4\",\"amout_nok\":1}}\n[]\n{{\"id\":"
    );
    for base in databases("import_ndjson") {
        let asked = Options { from: Some(Form::Ndjson), ..Options::default() };
        let told = complaints(&base, "grants", bad.as_bytes(), &asked);
        for complaint in [
            "f:4: source: there is no `nowhere`",
            "f:5: amout_nok: there is no such field; did you mean `amount_nok`?",
            "f:6: must be a JSON object",
            "f:7: not JSON",
        ] {
            assert!(told.contains(complaint), "{}: {complaint} in {told}", base.label);
        }
        let report = run(&base, "grants", good.as_bytes(), &asked).unwrap();
        assert_eq!(report.tally.inserted, 2, "{}", base.label);
    }
}

/// Files that must be refused with a reason, each in the form it pretends to have.
fn hostile() -> Vec<(Form, Vec<u8>, &'static str)> {
    let stat = |more: &str| {
        format!("{{\"class\":\"dataset\",\"id\":[\"Tid\"],\"size\":[1],\"dimension\":{{\"Tid\":{{\"category\":{{\"index\":[\"2020\"]}}}}}},{more}}}").into_bytes()
    };
    let huge = br#"{"class":"dataset","id":["A","B"],"size":[4294967296,4294967296],"dimension":{"A":{"category":{}},"B":{"category":{}}},"value":[1]}"#;
    vec![
        (Form::SsbCsv, vec![], "the file is empty"),
        (Form::SsbCsv, b"region;\0r;Personer\n".to_vec(), "NUL"),
        (Form::SsbCsv, b"\xff\xfer\0e\0".to_vec(), "UTF-16"),
        (Form::SsbCsv, b"one line\n".to_vec(), "no header"),
        (Form::SsbCsv, "region;år;Personer\n0301;2020;1;2\n".into(), "has 4 cells"),
        (Form::SsbCsv, "region;år;Personer\n0301;2020;=1+1\n".into(), "is not a number"),
        (Form::SsbCsv, "region;år;Personer\n0301;2020;-\n".into(), "zero in some tables"),
        (Form::SsbJsonStat, vec![], "is not a JSON-stat 2 dataset"),
        (Form::SsbJsonStat, vec![b'['; 200_000], "is not a JSON-stat 2 dataset"),
        (Form::SsbJsonStat, b"\xff{}".to_vec(), "is not UTF-8"),
        (Form::SsbJsonStat, huge.to_vec(), "does not have the 4294967296 categories"),
        (Form::SsbJsonStat, stat("\"value\":[1,2]"), "has 2 values where the dimensions make 1"),
        (Form::SsbJsonStat, stat("\"value\":{\"7\":1}"), "not below 1"),
        (
            Form::SsbJsonStat,
            b"{\"class\":\"collection\",\"id\":[],\"size\":[],\"dimension\":{},\"value\":[]}".to_vec(),
            "must be `dataset`",
        ),
        (Form::KlassJson, b"{}".to_vec(), "none of the lists"),
        (Form::KlassJson, b"{\"codes\":[1]}".to_vec(), "must be a list of objects"),
        (Form::KlassCsv, b"a;b\n1;2\n".to_vec(), "neither `code` nor `oldCode`"),
        (Form::Csv, b"indicator,regoin\n".to_vec(), "did you mean `region`?"),
        (
            Form::Csv,
            b"indicator,region,period,published,value,status,confidence,source\n\xff,NO,2020,2031,1,ok,primary,x\n"
                .to_vec(),
            "f:2: is not UTF-8",
        ),
        (
            Form::Csv,
            b"indicator,region,period,published,value,status,confidence,source\na\0,NO,2020,2031,1,ok,primary,x\n"
                .to_vec(),
            "f:2:1: indicator: must not contain the NUL",
        ),
        (Form::Csv, [&b"indicator,region\n\""[..], &vec![b'x'; 3_000_000]].concat(), "longer than"),
        (Form::Ndjson, vec![b'{'; 3_000_000], "longer than"),
        (Form::Ndjson, vec![b'['; 200_000], "must be a JSON object"),
    ]
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    for base in databases("import_hostile") {
        for (form, file, reason) in hostile() {
            let collection =
                if matches!(form, Form::KlassJson | Form::KlassCsv) { "municipalities" } else { "observations" };
            let told = complaints(&base, collection, &file, &options(form));
            assert!(
                told.contains(reason),
                "{}: {reason} in {}",
                base.label,
                told.chars().take(400).collect::<String>()
            );
            assert!(told.len() < 3_000, "{reason}: what was sent is repeated at length");
        }
    }
}

#[test]
fn a_table_without_rows_changes_nothing() {
    for base in databases("import_header") {
        for (form, file) in [(Form::Csv, "id,title,publisher,kind\n"), (Form::Ndjson, "\n"), (Form::Csv, "id")] {
            let asked = Options { from: Some(form), ..Options::default() };
            let report = run(&base, "sources", file.as_bytes(), &asked).unwrap();
            assert_eq!((report.tally.inserted, report.revision), (0, None), "{}", base.label);
        }
    }
}

#[test]
fn formulas_are_stored_as_they_stand() {
    let file = "id,title,publisher,kind,note\nf-1,\"=HYPERLINK(\"\"x\"\")\",+cmd,report,@SUM\n";
    for base in databases("import_formulas") {
        let asked = Options { from: Some(Form::Csv), ..Options::default() };
        run(&base, "sources", file.as_bytes(), &asked).unwrap();
        let sql = "SELECT title, publisher, note FROM sources WHERE id = 'f-1'";
        let stored: (String, String, String) =
            base.db.read(|conn| Ok(Statement::new(sql).row(conn)?)).unwrap().unwrap();
        assert_eq!(stored, ("=HYPERLINK(\"x\")".into(), "+cmd".into(), "@SUM".into()), "{}", base.label);
    }
}
