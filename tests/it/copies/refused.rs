//! Copies that must not come in: damaged, made up, or into a database that has something already.
use super::{copied, other, unpacked};
use crate::service::{run, succeeds};
use crate::support::{Base, Folder, databases, sqlite};
use opptrapping::http::copy::{PACKAGE, SUMS};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Files = Vec<(String, Vec<u8>)>;

fn packed(files: &Files) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Writes the sums anew, as whoever makes a copy up would.
fn summed(mut files: Files) -> Files {
    files.retain(|(name, _)| name != SUMS);
    let sum = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let list: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sum(bytes))).collect();
    files.push((SUMS.into(), list.into_bytes()));
    files
}

/// Changes the text of one file.
fn changed(files: &Files, name: &str, change: impl Fn(&str) -> String) -> Files {
    let of = |(n, bytes): &(String, Vec<u8>)| match n == name {
        true => (n.clone(), change(std::str::from_utf8(bytes).unwrap()).into_bytes()),
        false => (n.clone(), bytes.clone()),
    };
    let after: Files = files.iter().map(of).collect();
    assert!(after != *files, "{name} was not changed");
    after
}

/// Imports an archive, which must be refused in these words, and nothing of it be kept.
#[track_caller]
fn refused(into: &Base, file: &Path, bytes: &[u8], words: &str) {
    fs::write(file, bytes).unwrap();
    let output = run(&["import", "--all", file.to_str().unwrap(), "--database-url", &into.url]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains(words), "{}: `{words}` is not in: {said}", into.label);
    assert!(!said.contains("Our mistake"), "{said}");
    into.db.refresh().unwrap();
    assert_eq!(into.db.head().revision, 0, "{}: {words}", into.label);
    let count = "SELECT COUNT(*) FROM sources";
    let kept: Option<(i64,)> = into.db.read(|conn| Ok(opptrapping::db::Statement::new(count).row(conn)?)).unwrap();
    assert_eq!(kept, Some((0,)), "{}: {words}", into.label);
}

#[actix_web::test]
async fn a_copy_that_is_not_whole_and_right_is_refused_and_nothing_of_it_kept() {
    let folder = Folder::new("copies_refused");
    let base = sqlite("copies_refused");
    let good = unpacked(&fs::read(copied(&base, &folder).await).unwrap());
    let file = folder.0.join("bad.zip");
    for into in crate::support::empty("copies_refused_into") {
        let refuse = |files: Files, words: &str| refused(&into, &file, &packed(&files), words);
        refused(&into, &file, b"PK no zip", "this is no zip archive");
        let without = |name: &str| good.iter().filter(|(n, _)| n != name).cloned().collect::<Files>();
        refuse(without(SUMS), "SHA256SUMS: ");
        refuse(without("goals.csv"), "goals.csv: ");
        refuse(summed(without(PACKAGE)), "datapackage.json: ");
        let more = |name: &str| [good.clone(), vec![(name.to_owned(), b"x".to_vec())]].concat();
        refuse(more("../escaped"), "a file `../escaped`, which no copy has");
        refuse(more("/etc/passwd"), "which no copy has");
        refuse(changed(&good, SUMS, |text| format!("{text}{}  more.csv\n", "0".repeat(64))), "lists `more.csv`");
        refuse(changed(&good, "goals.csv", |text| text.replacen("rus-", "sur-", 1)), "goals.csv is not the file");

        // With sums that are right, the rows must be.
        let edit = |name: &str, from: &str, to: &str| summed(changed(&good, name, |text| text.replacen(from, to, 1)));
        refuse(edit("goals.csv", "revision,ended,id,", "revision,ended,ix,"), "of another version");
        refuse(edit("goals.csv", "\n3,,", "\nthree,,"), "goals.csv:2: revision: must be a whole number");
        refuse(edit("goals.csv", "\n3,,", "\n4,,"), "no change says so");
        refuse(edit("goals.csv", "\n3,,rus-", "\n3,2,rus-"), "before it was valid");
        refuse(edit("observations.csv", ",ok,", ",fine,"), "must be one of ok");
        refuse(
            edit("observations.csv", ",2018-01-01,2018-12-31,", ",2018-01-01,2018-12-30,"),
            "does not follow from the row",
        );
        refuse(edit("goals.csv", ",fritidforalle-rus,", ",nothing,"), "names nothing, which is not in sources");
        refuse(edit("revisions.csv", "\n1,20", "\n1,x20"), "revisions.csv:2: time");
        refuse(edit("changes.csv", "\n1,1,", "\n1,9999,"), "it says that it has");
        refuse(edit("changes.csv", ",create\n", ",created\n"), "must be one of create");
        refuse(edit("sources.csv", ",Fafo,", ",Fafi,"), "digest");
        // A table that unpacks to a thousand times its size.
        let bomb = |text: &str| text.to_owned() + &"\n".repeat(80 << 20);
        refuse(changed(&good, "plans.csv", bomb), "unpacks to far more");
    }
}

#[actix_web::test]
async fn a_copy_goes_into_an_empty_database_only() {
    let folder = Folder::new("copies_full");
    for base in databases("copies_full") {
        let file = copied(&base, &folder).await;
        let before = base.db.head().revision;
        let output = run(&["import", "--all", file.to_str().unwrap(), "--database-url", &base.url]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("into an empty one only"), "{said}");
        assert_eq!(opptrapping::open(&base.url).unwrap().head().revision, before);
        let into = other(&base, "copies_full_into");
        succeeds(&["import", "--all", file.to_str().unwrap(), "--database-url", &into.url]);
        let both = run(&["import", "grants", "--all", file.to_str().unwrap(), "--database-url", &into.url]);
        assert!(!both.status.success(), "a collection and --all were taken together");
    }
}
