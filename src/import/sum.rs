//! Cells added together over dimensions, as `--sum` asks.
use super::cube::Cell;
use super::figure::Figure;
use crate::domain::vocabulary::ObservationStatus;
use std::collections::HashMap;

/// Adds up the cells that differ only on these axes, in the order of the first of each. A sum with a part that has no
/// value has none either; what hides a part must not show in the sum.
pub fn over(cells: Vec<Cell>, axes: &[usize]) -> Vec<Cell> {
    if axes.is_empty() {
        return cells;
    }
    let mut sums: Vec<Cell> = vec![];
    let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
    for mut cell in cells {
        axes.iter().for_each(|axis| cell.at[*axis] = 0);
        match places.get(&cell.at) {
            Some(place) => {
                let sum = &mut sums[*place];
                sum.figure = match (sum.figure.clone(), cell.figure) {
                    (Ok(one), Ok(other)) => Ok(added(one, other)),
                    // The place must be that of the mistake.
                    (Ok(_), Err(why)) => {
                        sum.place = cell.place;
                        Err(why)
                    }
                    (Err(why), _) => Err(why),
                };
            }
            None => {
                places.insert(cell.at.clone(), sums.len());
                sums.push(cell);
            }
        }
    }
    sums
}

/// The weightiest of the statuses decides.
fn added(one: Figure, other: Figure) -> Figure {
    use ObservationStatus::{Estimated, Missing, NotApplicable, NotComparable, Ok, Provisional, Suppressed};
    let weight = |figure: &Figure| match figure.status {
        Ok => 0,
        Provisional => 1,
        Estimated => 2,
        NotApplicable => 3,
        Missing => 4,
        NotComparable => 5,
        Suppressed => 6,
    };
    let status = if weight(&one) >= weight(&other) { one.status } else { other.status };
    let value = one.value.zip(other.value).map(|(a, b)| a + b).filter(|_| status.has_value());
    // Two that cannot occur cannot occur together; one that can and one that cannot are the one that can.
    match (one.status, other.status) {
        (NotApplicable, _) if other.status.has_value() => other,
        (_, NotApplicable) if one.status.has_value() => one,
        _ => Figure { value, status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;

    #[test]
    fn a_sum_hides_what_a_part_hides() {
        let cell = |at: u32, sex: u32, figure: Figure| Cell {
            at: vec![at, sex],
            figure: Ok(figure),
            place: Place { line: 1, column: None },
        };
        let value = |v: f64| Figure { value: Some(v), status: ObservationStatus::Ok };
        let none = |status| Figure { value: None, status };
        let cells = vec![
            cell(0, 0, value(1.0)),
            cell(1, 0, value(5.0)),
            cell(0, 1, value(2.0)),
            cell(1, 1, none(ObservationStatus::Suppressed)),
            cell(2, 0, none(ObservationStatus::NotApplicable)),
            cell(2, 1, value(4.0)),
        ];
        let sums: Vec<Figure> = over(cells, &[1]).into_iter().map(|c| c.figure.unwrap()).collect();
        assert_eq!(sums, [value(3.0), none(ObservationStatus::Suppressed), value(4.0)]);
    }
}
