//! The reckoning, by hand and over random ledgers.
use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
struct Line {
    id: usize,
    amount: Option<i64>,
    flow: Flow,
    stage: Stage,
    period: &'static str,
    region: Option<&'static str>,
    measure: Option<&'static str>,
    inside: Option<bool>,
}

impl Money for Line {
    fn amount_nok(&self) -> Option<i64> {
        self.amount
    }
    fn flow(&self) -> Flow {
        self.flow
    }
    fn stage(&self) -> Stage {
        self.stage
    }
    fn period(&self) -> Period {
        Period::parse(self.period).unwrap()
    }
    fn region(&self) -> Option<&str> {
        self.region
    }
    fn measure(&self) -> Option<&str> {
        self.measure
    }
    fn inside_frame(&self) -> Option<bool> {
        self.inside
    }
}

fn line(id: usize, amount: i64, period: &'static str, region: &'static str) -> Line {
    let (flow, stage) = (Flow::Allocation, Stage::Planned);
    let (region, measure) = (Some(region), Some("m1"));
    Line { id, amount: Some(amount), flow, stage, period, region, measure, inside: Some(true) }
}

#[test]
fn what_nobody_itemised_remains() {
    let other = Line { measure: Some("m2"), ..line(2, 300, "2016-2020", "NO") };
    let [got] = &reconcile(Some(2_400), vec![line(1, 500, "2016-2020", "NO"), other])[..] else { panic!() };
    assert_eq!((got.itemised_nok, got.remainder_nok), (Some(800), Some(1_600)));
    assert_eq!(reconcile(None, vec![line(1, 500, "2016", "NO")])[0].remainder_nok, None);
    assert_eq!(reconcile::<Line>(Some(400), vec![])[0].remainder_nok, Some(400));
    assert!(reconcile::<Line>(None, vec![]).is_empty());
    assert_eq!(reconcile(Some(400), vec![line(1, 500, "2016", "NO")])[0].remainder_nok, Some(-100));
}

#[test]
fn a_part_is_not_added_beside_its_whole() {
    let lines = vec![
        line(1, 100, "2016", "NO"),
        line(2, 500, "2016-2020", "NO"),
        line(3, 30, "2016", "F-15"),
        line(4, 20, "2016", "K-1502"),
    ];
    let block = block(lines);
    assert_eq!(block.sum_nok, Some(500));
    let [whole] = &block.lines[..] else { panic!("{block:?}") };
    assert_eq!((whole.line.id, whole.remainder_nok), (2, Some(400)));
    assert_eq!((whole.parts[0].line.id, whole.parts[0].remainder_nok), (1, Some(70)));
    assert_eq!((whole.parts[0].parts[0].line.id, whole.parts[0].parts[0].remainder_nok), (3, Some(10)));
    assert_eq!(whole.parts[0].parts[0].parts[0].line.id, 4);
}

#[test]
fn lines_that_overlap_or_lack_an_amount_have_no_sum() {
    assert_eq!(block(vec![line(1, 1, "2016-2018", "NO"), line(2, 1, "2017-2019", "NO")]).sum_nok, None);
    assert_eq!(block(vec![line(1, 1, "2016", "NO"), line(2, 1, "2016-2020", "F-15")]).sum_nok, None);
    assert_eq!(block(vec![line(1, 1, "2016", "NO"), Line { amount: None, ..line(2, 1, "2017", "NO") }]).sum_nok, None);
    assert_eq!(block(vec![line(1, i64::MAX, "2016", "NO"), line(2, 1, "2017", "NO")]).sum_nok, None);
    assert_eq!(block(vec![line(1, 1, "2016", "F-15"), line(2, 1, "2016", "K-0301")]).sum_nok, Some(2));
    assert_eq!(block(vec![line(1, 1, "2016", "NO"), line(2, 1, "2016", "NO")]).sum_nok, Some(2));
}

#[test]
fn lines_of_different_kinds_are_never_added() {
    let grant = line(1, 121, "2016-2020", "F-15");
    let free = Line { flow: Flow::FreeIncomeGrowth, ..line(2, 48, "2016-2020", "F-15") };
    let paid = Line { stage: Stage::Paid, ..line(3, 7, "2016-2020", "F-15") };
    let groups = by_period(vec![grant, free, paid]);
    assert_eq!(groups.iter().map(|g| g.block.sum_nok).collect::<Vec<_>>(), [Some(121), Some(7), Some(48)]);
}

fn any_line() -> impl Strategy<Value = Line> {
    let amount = prop_oneof![9 => (0i64..1_000_000_000_000).prop_map(Some), 1 => Just(None)];
    let flow = prop::sample::select(vec![Flow::Frame, Flow::Allocation, Flow::FreeIncomeGrowth]);
    let stage = prop::sample::select(vec![Stage::Planned, Stage::Paid]);
    let period =
        prop::sample::select(vec!["2016", "2017", "2016-2020", "2016-2017", "2017-2018", "2016-T1", "2016-01"]);
    let region =
        prop::sample::select(vec![None, Some("NO"), Some("F-15"), Some("K-1502"), Some("K-0301"), Some("H-MN")]);
    let measure = prop::sample::select(vec![None, Some("m1"), Some("m2")]);
    let inside = prop::sample::select(vec![None, Some(true), Some(true), Some(false)]);
    (amount, flow, stage, period, region, measure, inside).prop_map(
        |(amount, flow, stage, period, region, measure, inside)| Line {
            id: 0,
            amount,
            flow,
            stage,
            period,
            region,
            measure,
            inside,
        },
    )
}

/// Checks a branch and all below it, and gives the ids met.
fn walk(branch: &Branch<Line>, seen: &mut Vec<usize>) {
    seen.push(branch.line.id);
    if let Some(remainder) = branch.remainder_nok {
        let parts: i64 = branch.parts.iter().map(|part| part.line.amount.unwrap()).sum();
        assert_eq!(parts + remainder, branch.line.amount.unwrap());
    }
    for part in &branch.parts {
        assert!(holds(&branch.line, &part.line));
        walk(part, seen);
    }
}

/// A sum that is given counts every root once, and no two roots share a krone.
fn check(block: &Block<Line>, seen: &mut Vec<usize>) {
    if let Some(sum) = block.sum_nok {
        assert_eq!(sum, block.lines.iter().map(|branch| branch.line.amount.unwrap()).sum::<i64>());
        for (i, one) in block.lines.iter().enumerate() {
            for other in &block.lines[..i] {
                assert!(!crosses(&one.line, &other.line) && !holds(&one.line, &other.line));
            }
        }
    }
    block.lines.iter().for_each(|branch| walk(branch, seen));
}

proptest! {
    #[test]
    fn every_ledger_adds_up_and_no_line_is_counted_twice(
        lines in prop::collection::vec(any_line(), 0..14),
        frame in prop::option::of(0i64..10_000_000_000_000),
    ) {
        let lines: Vec<Line> = lines.into_iter().enumerate().map(|(id, line)| Line { id, ..line }).collect();
        let count = lines.len();
        let placed = place(lines);
        let mut seen: Vec<usize> = placed.frame.iter().map(|line| line.id).collect();
        for kind in reconcile(frame, placed.inside) {
            if let (Some(frame), Some(remainder)) = (frame, kind.remainder_nok) {
                let sums: i64 = kind.measures.values().map(|block| block.sum_nok.unwrap()).sum();
                prop_assert_eq!(sums + remainder, frame);
                prop_assert_eq!(Some(sums), kind.itemised_nok);
            }
            kind.measures.values().for_each(|block| check(block, &mut seen));
        }
        let groups = placed.by_measure.into_values().chain([placed.outside, placed.unplaced]).flat_map(by_period);
        groups.for_each(|group| check(&group.block, &mut seen));
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
    }
}
