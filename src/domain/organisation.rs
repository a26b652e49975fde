//! Organisation numbers of the Central Coordinating Register for Legal Entities (Brønnøysundregistrene).

/// What stands before them in identifiers after ISO 6523, as Maskinporten writes them.
const ISO_6523: &str = "0192:";

/// Whether a text is nine digits whose last is the check digit, modulus 11.
pub fn is_number(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.is_ascii().then(|| text.chars().map(|c| c.to_digit(10)).collect()).flatten();
    digits.is_some_and(|d| {
        d.len() == 9
            && d.iter().zip([3, 2, 7, 6, 5, 4, 3, 2, 1]).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
    })
}

/// The number in an identifier such as `0192:974760673`.
pub fn from_iso_6523(id: &str) -> Option<&str> {
    id.strip_prefix(ISO_6523).filter(|number| is_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_nine_digits_and_a_check_digit() {
        for good in ["974760673", "974761076", "991825827"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "974760674", "97476067", "9747606730", "97476067a", "٩٧٤٧٦٠٦٧٣", " 974760673"] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn an_identifier_names_its_register() {
        assert_eq!(from_iso_6523("0192:974760673"), Some("974760673"));
        for bad in ["974760673", "9908:974760673", "0192:974760674", "0192: 974760673", "0192:", "0192:0192:974760673"]
        {
            assert_eq!(from_iso_6523(bad), None, "{bad}");
        }
    }
}
