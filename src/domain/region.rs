//! Region keys: `K-0301` municipality, `F-15` county, `H-MN` health region, `NO` the nation, `U-0706.0719` a unit of several.
use super::Trilingual;
use super::vocabulary::vocabulary;

vocabulary! {
    /// What kind of place a region is.
    Level {
        Nation => "nation",
        HealthRegion => "health_region",
        County => "county",
        Municipality => "municipality",
        /// Several municipalities that a source gives one figure for.
        Unit => "unit",
    }
}

/// A region key taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub level: Level,
    /// The key without its prefix: `0301`, `15`, `MN`, `NO`, `0706.0719`.
    pub code: String,
}

/// What the nation is called.
pub const NATION: Trilingual = Trilingual { nb: "Norge", nn: "Noreg", en: "Norway" };

/// The regional health authorities: Sør-Øst, Vest, Midt-Norge, Nord.
pub const HEALTH_REGIONS: [&str; 4] = ["SO", "V", "MN", "N"];

impl Region {
    /// Reads a key. Bare `0301` and `15` are understood too, though never written: a spreadsheet makes 301 of them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
        let level = match text {
            "NO" => Some((Level::Nation, "NO")),
            _ if digits(text, 4) => Some((Level::Municipality, text)),
            _ if digits(text, 2) => Some((Level::County, text)),
            _ => match text.split_at_checked(2) {
                Some(("K-", code)) if digits(code, 4) => Some((Level::Municipality, code)),
                Some(("F-", code)) if digits(code, 2) => Some((Level::County, code)),
                Some(("H-", code)) if HEALTH_REGIONS.contains(&code) => Some((Level::HealthRegion, code)),
                Some(("U-", code)) if code.split('.').count() > 1 && code.split('.').all(|c| digits(c, 4)) => {
                    Some((Level::Unit, code))
                }
                _ => None,
            },
        };
        match level {
            Some((level, code)) if code.len() <= 64 => Ok(Self { level, code: code.to_owned() }),
            _ => Err("must be a region: K-0301 (municipality), F-15 (county), H-SO, H-V, H-MN or H-N (health region), NO (the nation)".into()),
        }
    }

    /// The key as it is written everywhere.
    pub fn key(&self) -> String {
        match self.level {
            Level::Nation => "NO".into(),
            Level::HealthRegion => format!("H-{}", self.code),
            Level::County => format!("F-{}", self.code),
            Level::Municipality => format!("K-{}", self.code),
            Level::Unit => format!("U-{}", self.code),
        }
    }

    /// The county a municipality belongs to: the first two digits of its code, on the day the code was valid.
    pub fn county(&self) -> Option<String> {
        match self.level {
            Level::County => Some(self.key()),
            Level::Municipality => Some(format!("F-{}", &self.code[..2])),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_written_alike() {
        for key in ["K-0301", "F-15", "H-MN", "NO", "U-0706.0719.0720"] {
            assert_eq!(Region::parse(key).unwrap().key(), key);
        }
        assert_eq!(Region::parse("0301").unwrap().key(), "K-0301");
        assert_eq!(Region::parse("15").unwrap().county().unwrap(), "F-15");
    }

    #[test]
    fn anything_that_is_not_a_key_is_refused() {
        for bad in ["301", "٠٣٠١", " 0301", "K-301", "K-03011", "H-X", "U-0706", "no", "", "F-1", "K–0301"] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }
}
