//! What a test has measured, for the page of figures that `./harden` prints, and how much a test is to do.
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;

/// Tells a figure: the row of the page it belongs to, and what was found. The tests assert; this only tells.
pub fn tell(row: &str, figure: impl Display) {
    println!("{row}: {figure}");
    let Some(page) = std::env::var_os("OPPTRAPPING_FIGURES") else { return };
    let mut page = OpenOptions::new().append(true).create(true).open(page).unwrap();
    // In one piece, as other tests write too.
    page.write_all(format!("{row}\t{figure}\n").as_bytes()).unwrap();
}

/// One of two numbers: of every run, as much as fits between two commits, and of `HARDEN=full`, as in `./harden`.
pub fn either<T>(few: T, full: T) -> T {
    if std::env::var("HARDEN").is_ok_and(|how| how == "full") { full } else { few }
}
