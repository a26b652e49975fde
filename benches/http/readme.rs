//! The table in the README, with the machine and the day it was made on.
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- speed -->";
const END: &str = "<!-- /speed -->";

/// Puts the table between the two marks.
pub fn write(table: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).map_err(|e| e.to_string())?;
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| format!("README.md has no {BEGIN}"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("README.md has no {END}"))?;
    let day = chrono::Utc::now().date_naive();
    let text = format!("{before}{BEGIN}\n{}, {day}.\n\n{table}{END}{after}", machine());
    fs::write(&path, text).map_err(|e| e.to_string())
}

/// Cores, processor and memory.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processor = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "of an unknown kind".into());
    let memory =
        field(&read("/proc/meminfo"), "MemTotal").and_then(|kb| kb.trim_end_matches(" kB").parse::<f64>().ok());
    let memory = memory.map(|kb| format!(", {:.0} GB of memory", kb / 1_048_576.0)).unwrap_or_default();
    format!("{cores} cores ({processor}){memory}")
}
