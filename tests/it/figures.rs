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

/// Whether to attack in full, as `./harden` does, or as much as fits between two commits.
pub fn in_full() -> bool {
    std::env::var("HARDEN").is_ok_and(|how| how == "full")
}
