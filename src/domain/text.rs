//! Text as it is searched and as it is sorted: computed once, when written, so that both databases agree.
use icu_collator::{Collator, CollatorBorrowed, options::CollatorOptions};
use std::{fmt::Write, sync::LazyLock};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds text for search: lower case, without accents, so that `Kárášjohka` meets `karasjohka` and `ø` meets `o`.
pub fn fold(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).fold(
        String::with_capacity(text.len()),
        |mut out, c| {
            match c {
                'ø' | 'ö' => out.push('o'),
                'æ' | 'ä' => out.push_str("ae"),
                'đ' | 'ð' => out.push('d'),
                'ŧ' => out.push('t'),
                'ŋ' => out.push('n'),
                'ß' => out.push_str("ss"),
                c => out.push(c),
            }
            out
        },
    )
}

/// A key that sorts as Norwegians sort (… Z Æ Ø Å, and Aa as Å), in hexadecimal, so that plain byte order does it.
#[expect(clippy::expect_used, reason = "the tables are part of the program: without them nothing could be sorted")]
pub fn sort_key(text: &str) -> String {
    static NORWEGIAN: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
        let locale = icu_locale_core::locale!("nb");
        Collator::try_new(locale.into(), CollatorOptions::default()).expect("Norwegian collation is compiled in")
    });
    let mut key = Vec::new();
    let Ok(()) = NORWEGIAN.write_sort_key_to(text, &mut key);
    key.iter().fold(String::with_capacity(key.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_do_not_matter_to_search() {
        assert_eq!(fold("Kárášjohka"), "karasjohka");
        assert_eq!(fold("MØRE og Ålesund"), "more og alesund");
        assert_eq!(fold("Unjárga – Nesseby"), "unjarga – nesseby");
    }

    #[test]
    fn norwegian_letters_come_last_in_their_order() {
        let mut names = ["Ås", "Øyer", "Ærfugl", "Zakarias", "Aas", "Asker", "Vågå"];
        names.sort_by_key(|n| sort_key(n));
        assert_eq!(names[0], "Asker");
        assert_eq!(&names[1..5], ["Vågå", "Zakarias", "Ærfugl", "Øyer"]);
    }
}
