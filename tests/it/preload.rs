//! Functions of the C library replaced in a service that is started: how the machine could behave, and does not when
//! asked to.
use crate::support::Folder;
use std::path::PathBuf;
use std::process::Command;

/// A library with functions in the place of those of the system, to be named in `LD_PRELOAD`.
pub fn library(folder: &Folder, source: &str) -> PathBuf {
    let (written, built) = (folder.0.join("instead.c"), folder.0.join("instead.so"));
    std::fs::write(&written, source).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(&built).arg(written);
    let made = compiler.output().expect("a C compiler, which the service itself needs to be built");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    built
}
