//! A digest of a set of rows: the same whatever order they are read in, and brought up to date by what was added and
//! taken away, without a look at the others.
//!
//! It is the sum, modulo 2^256, of the SHA-256 of each row, read as a big-endian number and written as 64 hexadecimal
//! digits. A row is the line that `/v1/{collection}?format=ndjson&lang=nb` has for it (`published=all` where there are
//! vintages), as UTF-8 and without its end of line; see `db::digest`. An empty set is 0.
//!
//! It finds every slip: a row that is missing, comes twice or differs in a byte. It is no seal against a publisher who
//! means to deceive, who could search for other rows with the same sum.
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The digest of a set of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// From the lowest 64 bits to the highest.
    limbs: [u64; 4],
}

impl Digest {
    /// Adds a row.
    pub fn add(&mut self, row: &[u8]) {
        let mut carry = false;
        for (limb, more) in self.limbs.iter_mut().zip(number(row)) {
            let (sum, over) = limb.overflowing_add(more);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || again);
        }
    }

    /// Takes a row away that was added.
    pub fn subtract(&mut self, row: &[u8]) {
        let mut borrow = false;
        for (limb, less) in self.limbs.iter_mut().zip(number(row)) {
            let (rest, under) = limb.overflowing_sub(less);
            let (rest, again) = rest.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (rest, under || again);
        }
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let limb = |at: usize| u64::from_str_radix(text.get(at..at + 16)?, 16).ok();
        plain.then_some(())?;
        Some(Self { limbs: [limb(48)?, limb(32)?, limb(16)?, limb(0)?] })
    }
}

/// The SHA-256 of a row as a number, from its lowest 64 bits to its highest.
fn number(row: &[u8]) -> [u64; 4] {
    let hash = Sha256::digest(row);
    let limb = |at: usize| hash[at..at + 8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    [limb(24), limb(16), limb(8), limb(0)]
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.limbs.iter().rev().try_for_each(|limb| write!(f, "{limb:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(rows: &[Vec<u8>]) -> Digest {
        let mut digest = Digest::default();
        rows.iter().for_each(|row| digest.add(row));
        digest
    }

    #[test]
    fn one_row_is_its_hash_and_none_is_zero() {
        assert_eq!(Digest::default().to_string(), "0".repeat(64));
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of(&[b"abc".to_vec()]).to_string(), abc);
        // Twice its hash, modulo 2^256, as Python counts it.
        let twice = "74f02d7f1e039fd4828281bcbb5c44476006c3472c2ef5396821fec3e4002b5a";
        assert_eq!(of(&[b"abc".to_vec(), b"abc".to_vec()]).to_string(), twice);
        for bad in ["", "0", &"g".repeat(64), &"0".repeat(63), &"æ".repeat(32)] {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_what_is_taken_away_was_never_there(
            rows in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..12),
            gone in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..12),
        ) {
            let whole = of(&rows);
            let mut other = of(&gone);
            rows.iter().rev().for_each(|row| other.add(row));
            gone.iter().rev().for_each(|row| other.subtract(row));
            prop_assert_eq!(other, whole);
            prop_assert_eq!(Digest::parse(&whole.to_string()), Some(whole));
        }
    }
}
