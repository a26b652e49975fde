//! The sums of the files of a copy, all of them compared before a row is read.
use super::files::{Files, unusable};
use crate::error::{Error, Kind, Mistake};
use crate::http::copy::SUMS;
use crate::http::copy::files::hex;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Read;

/// The longest the list of sums may be, in bytes.
const LONGEST: u64 = 65_536;

/// Compares every file with the list of sums; tells of all that are missing, unlisted or different.
pub fn compare(files: &mut Files, expected: &[String]) -> Result<(), Error> {
    let mut list = String::new();
    let read = files
        .read(SUMS)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut list).map_err(|e| unusable(format!("{SUMS}: {e}"))));
    read.map_err(|e| Error::new(e.kind).detail(format!("{}; a copy that was written to its end has it", said(&e))))?;
    let listed: BTreeMap<&str, &str> =
        list.lines().filter_map(|line| line.split_once("  ")).map(|(sum, name)| (name, sum)).collect();
    let mut wrong: Vec<String> = vec![];
    for name in listed.keys().filter(|name| !expected.iter().any(|known| known == *name)) {
        wrong.push(format!("{SUMS} lists `{}`, which no copy has", name.escape_debug()));
    }
    for name in expected.iter().filter(|name| *name != SUMS) {
        let sum = files.read(name).and_then(|file| sum(name, file));
        match (listed.get(name.as_str()), sum) {
            (_, Err(e)) => wrong.push(said(&e)),
            (None, _) => wrong.push(format!("{name} is not in {SUMS}")),
            (Some(listed), Ok(sum)) if *listed != sum => {
                wrong.push(format!("{name} is not the file that {SUMS} tells of"))
            }
            _ => {}
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong = wrong.into_iter().map(|why| Mistake::field("", "invalid", why)).collect();
    Err(Error::all(Kind::InvalidContent, wrong))
}

fn said(error: &Error) -> String {
    error.detail.clone().unwrap_or_else(|| error.to_string())
}

fn sum(name: &str, mut file: impl Read) -> Result<String, Error> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 65_536]);
    loop {
        match file.read(&mut buffer).map_err(|e| unusable(format!("{name}: {e}")))? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}
