//! Properties that must hold on any graph: places merge, divide and are renumbered at random for ten years.
use super::*;
use proptest::prelude::*;

/// The first year of the random registers; the last change is nine years later.
const BEGIN: u32 = 2000;

/// What happens to a few places in a year: what, to which of them, and whether shares are published.
type Happening = (u8, usize, usize, bool);

fn happenings() -> impl Strategy<Value = Vec<Vec<Happening>>> {
    let one = (0u8..5, 0usize..64, 0usize..64, any::<bool>());
    prop::collection::vec(prop::collection::vec(one, 0..4), 9)
}

/// The register in which that happened, beginning with eight places.
fn history(years: &[Vec<Happening>]) -> Register {
    let mut alive: Vec<(String, u32)> = (1..=8).map(|n| (format!("{n:04}"), BEGIN)).collect();
    let (mut places, mut changes, mut next) = (vec![], vec![], 9);
    for (year, happenings) in (BEGIN + 1..).zip(years) {
        let mut untouched = std::mem::take(&mut alive);
        let mut born: Vec<(String, u32)> = vec![];
        for (what, one, other, published) in happenings {
            if untouched.len() < 2 {
                break;
            }
            let a = untouched.remove(one % untouched.len());
            let b = untouched.remove(other % untouched.len());
            let mut code = || {
                next += 1;
                format!("{:04}", next - 1)
            };
            let share = |share: &str| if *published { format!(" {share}") } else { String::new() };
            let mut change = |what: &str| changes.push(format!("{year} {what}"));
            let news = match what {
                // The new one bears the code of one of the old.
                0 => {
                    change(&format!("merge {} {}", a.0, a.0));
                    change(&format!("merge {} {}", b.0, a.0));
                    vec![a.0.clone()]
                }
                1 => {
                    let new = code();
                    change(&format!("merge {} {new}", a.0));
                    change(&format!("merge {} {new}", b.0));
                    vec![new]
                }
                2 => {
                    let new = code();
                    change(&format!("split {} {}{}", a.0, a.0, share("0.75")));
                    change(&format!("split {} {new}{}", a.0, share("0.25")));
                    change(&format!("rename {} {}", b.0, b.0));
                    vec![a.0.clone(), new, b.0.clone()]
                }
                // One is divided between a new one and the other, which goes on with it.
                3 => {
                    let new = code();
                    change(&format!("split {} {}{}", a.0, b.0, share("0.5")));
                    change(&format!("split {} {new}{}", a.0, share("0.5")));
                    change(&format!("boundary {} {}", b.0, b.0));
                    vec![new, b.0.clone()]
                }
                _ => {
                    let (first, second) = (code(), code());
                    change(&format!("renumber {} {first}", a.0));
                    change(&format!("renumber {} {second}", b.0));
                    vec![first, second]
                }
            };
            places.extend([a, b].map(|(code, from)| format!("{code} {from} {year}")));
            born.extend(news.into_iter().map(|code| (code, year)));
        }
        alive = untouched;
        alive.extend(born);
    }
    places.extend(alive.into_iter().map(|(code, from)| format!("{code} {from} -")));
    let texts = |all: &'_ [String]| -> Vec<String> { all.to_vec() };
    let (places, changes) = (texts(&places), texts(&changes));
    graph(
        &places.iter().map(String::as_str).collect::<Vec<_>>(),
        &changes.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

/// A value for each place of a year: different powers of two, so that a wrong sum cannot look right.
fn values(register: &Register, year: u32) -> Vec<(String, f64)> {
    let on = new_year(&year.to_string());
    let valid = register.places().iter().filter(|p| p.valid_on(on));
    valid.enumerate().map(|(n, place)| (place.key(), f64::powi(2.0, n as i32))).collect()
}

fn observed<'a>(values: &'a [(String, f64)], year: u32, hidden: &[bool]) -> Vec<Reported<'a>> {
    let span = period(&year.to_string());
    let hidden = |n: usize| hidden.get(n).copied().unwrap_or(false);
    let one = |(n, (region, value)): (usize, &'a (String, f64))| Reported {
        region,
        period: span,
        mapped_on: None,
        value: (!hidden(n)).then_some(*value),
        status: if hidden(n) { ObservationStatus::Suppressed } else { ObservationStatus::Ok },
        weight: None,
    };
    values.iter().enumerate().map(one).collect()
}

fn total(done: &Converted) -> f64 {
    done.rows.iter().filter_map(|row| row.value).sum::<f64>() + done.left.iter().map(|left| left.value).sum::<f64>()
}

/// Rows by region, without the positions that depend on the order of what was reported.
fn by_region(map: &Map, done: &Converted) -> BTreeMap<String, (Option<f64>, &'static str, &'static str)> {
    let named = |row: &Row| {
        let Spot::Area(area) = row.spot else { panic!("a municipality is in an area") };
        (map.areas()[area].key.clone(), (row.value, row.status.word(), row.quality.word()))
    };
    done.rows.iter().map(named).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_counted_twice(years in happenings(), from in 0u32..10, to in 0u32..10, estimate: bool) {
        let register = history(&years);
        let map = Map::on(&register, new_year(&(BEGIN + to).to_string()));
        let values = values(&register, BEGIN + from);
        let done = convert(&register, &map, &observed(&values, BEGIN + from, &[]), Rule { estimate, ..SUM });
        let reported: f64 = values.iter().map(|(_, value)| value).sum();
        prop_assert!((total(&done) - reported).abs() < 1e-6, "{} of {reported}", total(&done));
        for row in &done.rows {
            prop_assert_eq!(row.value.is_none(), row.quality == Quality::NotComparable);
            prop_assert_eq!(row.explanation.is_some(), row.value.is_none());
            prop_assert!(estimate || row.quality != Quality::Estimated);
        }
    }

    #[test]
    fn to_the_same_map_is_the_identity(years in happenings(), at in 0u32..10) {
        let register = history(&years);
        let map = Map::on(&register, new_year(&(BEGIN + at).to_string()));
        let values = values(&register, BEGIN + at);
        let done = convert(&register, &map, &observed(&values, BEGIN + at, &[]), SUM);
        prop_assert!(done.left.is_empty());
        let same: BTreeMap<_, _> = values.into_iter().map(|(key, value)| (key, (Some(value), "ok", "exact"))).collect();
        prop_assert_eq!(by_region(&map, &done), same);
        prop_assert!(done.rows.iter().all(|row| row.method == Some(Method::Unchanged)));
    }

    #[test]
    fn by_way_of_a_map_between_exact_values_are_the_same(years in happenings(), mut at in prop::array::uniform3(0u32..10), back: bool) {
        at.sort_unstable();
        if back {
            at.reverse();
        }
        let register = history(&years);
        let [first, between, last] = at.map(|n| BEGIN + n);
        let map_of = |year: u32| Map::on(&register, new_year(&year.to_string()));
        let (middle, end) = (map_of(between), map_of(last));
        let values = values(&register, first);
        let direct = convert(&register, &end, &observed(&values, first, &[]), SUM);
        let half = convert(&register, &middle, &observed(&values, first, &[]), SUM);
        let halfway: Vec<(String, f64)> = half
            .rows
            .iter()
            .filter(|row| row.quality == Quality::Exact)
            .filter_map(|row| match row.spot {
                Spot::Area(area) => Some((middle.areas()[area].key.clone(), row.value?)),
                Spot::Same => None,
            })
            .collect();
        let further = convert(&register, &end, &observed(&halfway, between, &[]), SUM);
        let direct = by_region(&end, &direct);
        for (region, (value, status, quality)) in by_region(&end, &further) {
            // What was not exact on the way is missing at its end; nothing else may differ.
            if quality == "exact" && status == "ok" {
                prop_assert_eq!(direct.get(&region), Some(&(value, "ok", "exact")), "{}", region);
            }
        }
    }

    #[test]
    fn comparable_units_are_always_exact_and_whole(years in happenings(), mut span in prop::array::uniform2(0u32..10)) {
        span.sort_unstable();
        let register = history(&years);
        let [from, to] = span.map(|n| new_year(&(BEGIN + n).to_string()));
        let map = Map::comparable(&register, from, to);
        let newest = Map::on(&register, to);
        for year in span[0]..=span[1] {
            let values = values(&register, BEGIN + year);
            let observed = observed(&values, BEGIN + year, &[]);
            let done = convert(&register, &map, &observed, SUM);
            prop_assert!(done.left.is_empty());
            prop_assert_eq!(done.rows.len(), map.areas().len());
            prop_assert!(done.rows.iter().all(|row| row.quality == Quality::Exact && row.value.is_some()));
            prop_assert!((total(&done) - values.iter().map(|(_, value)| value).sum::<f64>()).abs() < 1e-6);
            // A unit that is one municipality at the end of the span is that municipality.
            let forward = by_region(&newest, &convert(&register, &newest, &observed, SUM));
            for (region, unit) in by_region(&map, &done) {
                if let Some(found) = forward.get(&region) {
                    prop_assert_eq!(found, &unit, "{}", region);
                }
            }
        }
    }

    #[test]
    fn what_is_suppressed_does_not_show(years in happenings(), from in 0u32..10, to in 0u32..10, hidden in prop::collection::vec(any::<bool>(), 8)) {
        let register = history(&years);
        let map = Map::on(&register, new_year(&(BEGIN + to).to_string()));
        let values = values(&register, BEGIN + from);
        let open = observed(&values, BEGIN + from, &[]);
        let part = observed(&values, BEGIN + from, &hidden);
        let rule = Rule { estimate: true, ..SUM };
        let (all, some) = (convert(&register, &map, &open, rule), convert(&register, &map, &part, rule));
        prop_assert_eq!(all.rows.len(), some.rows.len());
        for (whole, row) in all.rows.iter().zip(&some.rows) {
            let touched = row.sources.iter().filter_map(|s| s.observation).any(|o| part[o].value.is_none());
            if touched {
                prop_assert_eq!(row.value, None);
                prop_assert!(matches!(row.status, ObservationStatus::Suppressed | ObservationStatus::NotComparable));
            } else {
                prop_assert_eq!(whole, row);
            }
        }
        prop_assert!(some.left.iter().all(|left| part[left.observation].value.is_some()));
    }

    #[test]
    fn the_order_of_the_values_does_not_matter(years in happenings(), from in 0u32..10, to in 0u32..10, turn in 0usize..8) {
        let register = history(&years);
        let map = Map::on(&register, new_year(&(BEGIN + to).to_string()));
        let mut values = values(&register, BEGIN + from);
        let rule = Rule { estimate: true, ..SUM };
        let one = by_region(&map, &convert(&register, &map, &observed(&values, BEGIN + from, &[]), rule));
        let turn = turn % values.len();
        values.rotate_left(turn);
        values.reverse();
        let other = by_region(&map, &convert(&register, &map, &observed(&values, BEGIN + from, &[]), rule));
        prop_assert_eq!(one, other);
    }
}
