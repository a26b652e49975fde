//! The languages people read the data in.

/// Bokmål (the default), nynorsk or English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Language {
    #[default]
    Nb,
    Nn,
    En,
}

impl Language {
    /// In the order of their discriminants.
    pub const ALL: [Self; 3] = [Self::Nb, Self::Nn, Self::En];
    pub const CODES: [&'static str; 4] = ["nb", "nn", "en", "no"];

    /// The code as it stands in `Content-Language` and as the ending of columns such as `title_nn`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nb => "nb",
            Self::Nn => "nn",
            Self::En => "en",
        }
    }

    /// Reads `nb`, `nn`, `en`, and `no`, which means `nb`. Case does not matter (RFC 5646).
    pub fn from_code(code: &str) -> Option<Self> {
        match code.to_ascii_lowercase().as_str() {
            "nb" | "no" => Some(Self::Nb),
            "nn" => Some(Self::Nn),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The best of ours for an `Accept-Language` header (RFC 9110 §12.5.4). What cannot be read, or asks
    /// for none of ours, gives bokmål: a reader is better served by a text than by a refusal.
    pub fn accepted(header: &str) -> Self {
        let mut best = (0.0, Self::default());
        for range in header.split(',').take(32) {
            let mut parts = range.split(';');
            let primary = parts.next().unwrap_or("").trim().split('-').next().unwrap_or("");
            let weight = parts
                .find_map(|p| p.trim().strip_prefix("q=").map(str::to_owned))
                .map_or(Some(1.0), |q| q.parse::<f64>().ok().filter(|q| (0.0..=1.0).contains(q)));
            if let (Some(language), Some(weight)) = (Self::from_code(primary), weight)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// A text of ours in each of the languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trilingual {
    pub nb: &'static str,
    pub nn: &'static str,
    pub en: &'static str,
}

impl Trilingual {
    pub fn to(self, language: Language) -> &'static str {
        match language {
            Language::Nb => self.nb,
            Language::Nn => self.nn,
            Language::En => self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_of_ours_wins() {
        assert_eq!(Language::accepted("en-GB,en;q=0.9,nb;q=0.8"), Language::En);
        assert_eq!(Language::accepted("de, nn;q=0.3, en;q=0.2"), Language::Nn);
        assert_eq!(Language::accepted("nn;q=0, en;q=NaN, ;;;,"), Language::Nb);
        assert_eq!(Language::accepted(""), Language::Nb);
    }
}
