//! A measured value: a double that is written without `.0` when it is whole.
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A finite number. `331` reads and writes as `331`, `6.2` as `6.2`, on both databases and in every format.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number(pub f64);

/// Whole numbers up to here are exact in a double, so they may be written as integers.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            out.serialize_i64(self.0 as i64)
        } else {
            out.serialize_f64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(from)?;
        // −0 would print as `-0` and compare unlike itself between the databases.
        if value.is_finite() { Ok(Self(value + 0.0)) } else { Err(de::Error::custom("must be a finite number")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point() {
        let print = |v: f64| serde_json::to_string(&Number(v)).unwrap();
        assert_eq!((print(331.0), print(6.2), print(-0.5)), ("331".into(), "6.2".into(), "-0.5".into()));
        assert_eq!(serde_json::from_str::<Number>("-0").unwrap().0.to_string(), "0");
    }
}
