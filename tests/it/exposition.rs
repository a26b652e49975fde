//! A strict reader of the text format of Prometheus, version 0.0.4.
use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// What was read: the type of each family, and each sample.
#[derive(Debug, Default)]
pub struct Exposition {
    pub families: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

fn is_name(text: &str, colons: bool) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || (colons && c == ':');
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// A value in quotes, and what is after it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let rest = text.strip_prefix('"').ok_or_else(|| format!("a quote is missing at {text:?}"))?;
    let (mut value, mut chars) = (String::new(), rest.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &rest[at + 1..])),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some(c @ ('\\' | '"')) => value.push(c),
                other => return Err(format!("an escape that there is not: {other:?}")),
            },
            c => value.push(c),
        }
    }
    Err(format!("a quote is not closed: {text:?}"))
}

fn labels(text: &str) -> Result<(Labels, &str), String> {
    let Some(mut rest) = text.strip_prefix('{') else { return Ok((Labels::new(), text)) };
    let mut all = Labels::new();
    while !rest.starts_with('}') {
        let (name, after) = rest.split_once('=').ok_or_else(|| format!("no label at {rest:?}"))?;
        let (value, after) = quoted(after)?;
        if !is_name(name, false) || all.insert(name.to_owned(), value).is_some() {
            return Err(format!("a label is no name, or stands twice: {name}"));
        }
        rest = match after.strip_prefix(',') {
            Some(more) => more,
            None if after.starts_with('}') => after,
            None => return Err(format!("neither a comma nor an end at {after:?}")),
        };
    }
    Ok((all, &rest[1..]))
}

fn number(text: &str) -> Result<f64, String> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        _ => text.parse().map_err(|e| format!("{text}: {e}")),
    }
}

impl Exposition {
    /// Reads an answer; the error says what breaks the format.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut all = Self::default();
        let (mut helped, mut current) = (BTreeSet::new(), String::new());
        if !text.ends_with('\n') {
            return Err("the last line does not end".into());
        }
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').ok_or_else(|| format!("no help: {line}"))?;
                if !is_name(name, true) || help.is_empty() || !helped.insert(name.to_owned()) {
                    return Err(format!("help that is empty or stands twice: {line}"));
                }
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or_else(|| format!("no type: {line}"))?;
                if !["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind) || !helped.contains(name) {
                    return Err(format!("a type that there is not, or without help: {line}"));
                }
                if all.families.insert(name.to_owned(), kind.to_owned()).is_some() {
                    return Err(format!("the type stands twice: {line}"));
                }
                name.clone_into(&mut current);
            } else {
                all.sample(line, &current).map_err(|e| format!("{line}: {e}"))?;
            }
        }
        all.histograms()?;
        Ok(all)
    }

    fn sample(&mut self, line: &str, family: &str) -> Result<(), String> {
        let end = line.find(['{', ' ']).ok_or("no value")?;
        let (name, rest) = line.split_at(end);
        let (labels, rest) = labels(rest)?;
        let value = number(rest.strip_prefix(' ').ok_or("no space before the value")?)?;
        let kind = self.families.get(family).map_or("", String::as_str);
        let belongs = match (kind, name.strip_prefix(family)) {
            ("histogram", Some("_bucket")) => labels.contains_key("le"),
            ("histogram", Some("_sum" | "_count")) => true,
            ("counter", Some("")) => name.ends_with("_total") && value >= 0.0,
            ("gauge", Some("")) => true,
            _ => false,
        };
        if !is_name(name, true) || !belongs {
            return Err(format!("it is no sample of the {kind} {family}"));
        }
        match self.samples.insert((name.to_owned(), labels), value) {
            None => Ok(()),
            Some(_) => Err("it stands twice".into()),
        }
    }

    /// Buckets grow, and the last is all there are.
    fn histograms(&self) -> Result<(), String> {
        let mut series: BTreeMap<(String, Labels), Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.samples {
            if let (Some(family), Some(bound)) = (name.strip_suffix("_bucket"), labels.get("le")) {
                let mut others = labels.clone();
                others.remove("le");
                series.entry((family.to_owned(), others)).or_default().push((number(bound)?, *value));
            }
        }
        for ((family, labels), mut buckets) in series {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let count = self.samples.get(&(format!("{family}_count"), labels.clone()));
            let last = buckets.last().copied().unwrap_or_default();
            if !buckets.is_sorted_by_key(|(_, n)| *n) || last.0 != f64::INFINITY || Some(&last.1) != count {
                return Err(format!("{family}{labels:?}: its buckets do not add up: {buckets:?}, {count:?}"));
            }
        }
        Ok(())
    }

    /// The sum of the samples of a name that have all these labels; none where there is no such sample.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let fits = |(key, of): &&(String, Labels)| {
            key == name && labels.iter().all(|(name, value)| of.get(*name).is_some_and(|v| v == value))
        };
        let found: Vec<f64> = self.samples.iter().filter(|(key, _)| fits(key)).map(|(_, value)| *value).collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }

    /// Every value a label has.
    pub fn values_of(&self, label: &str) -> BTreeSet<&str> {
        self.samples.keys().filter_map(|(_, labels)| labels.get(label)).map(String::as_str).collect()
    }
}

#[test]
fn what_breaks_the_format_is_seen() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"\\\"\\\\\\n\"} 1\n";
    assert_eq!(Exposition::read(good).unwrap().value("a_total", &[("x", "\"\\\n")]), Some(1.0));
    for bad in [
        "a_total 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1\na_total 2\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=1} 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"\\t\"} 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total -1\n",
        "# HELP a A.\n# TYPE a number\na 1\n",
        "# HELP a A.\n# TYPE a gauge\na 1 x\n",
        "# HELP a A.\n# TYPE a gauge\n# HELP b B.\n# TYPE b gauge\na 1\n",
        "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
    ] {
        assert!(Exposition::read(bad).is_err(), "{bad:?}");
    }
}
