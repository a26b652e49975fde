//! What adds up to what: linear relations between cells, and between cells and places that have no figure.
use super::cells::{Cells, Geography, Key, Spot};
use super::{Family, Figure};
use crate::domain::Period;
use crate::domain::boundaries::{Map, Share};
use std::collections::{BTreeMap, HashMap};

/// A relation: the sum of these variables times their coefficients is zero.
pub(super) type Row = Vec<(usize, f64)>;

/// The relations. The first variables are the cells in their order; those after them are places without a figure, or
/// several that always stand together.
pub(super) struct Rows {
    pub rows: Vec<Row>,
    pub variables: usize,
}

/// Every relation between figures of these indicators.
pub(super) fn of(geography: &Geography, figures: &[Figure], cells: &Cells, family: &Family) -> Rows {
    let mut making = Making {
        geography,
        figures,
        cells,
        family,
        own: HashMap::new(),
        of: HashMap::new(),
        latent: HashMap::new(),
        derived: HashMap::new(),
        variables: cells.all.len(),
        rows: vec![],
    };
    for (n, cell) in cells.all.iter().enumerate() {
        making.of.insert((cell.indicator, &cell.key), n);
        if let (period, Spot::Places(places)) = &cell.key
            && let [only] = places.as_slice()
        {
            making.own.insert((cell.indicator, *period, *only), n);
        }
    }
    making.wholes();
    making.divisions();
    making.maps();
    making.periods();
    merged(making.rows, cells.all.len())
}

pub(super) struct Making<'a> {
    pub geography: &'a Geography<'a>,
    pub figures: &'a [Figure<'a>],
    pub cells: &'a Cells,
    pub family: &'a Family,
    /// The cell of a single place.
    own: HashMap<(usize, Period, usize), usize>,
    /// The cell of anything.
    pub of: HashMap<(usize, &'a Key), usize>,
    /// The variable of a place without a figure.
    latent: HashMap<(usize, Period, usize), usize>,
    /// The variable of several places without a figure.
    pub derived: HashMap<(usize, &'a Key), usize>,
    variables: usize,
    pub rows: Vec<Row>,
}

impl Making<'_> {
    /// A variable that no figure stands for.
    pub fn unknown(&mut self) -> usize {
        self.variables += 1;
        self.variables - 1
    }

    pub fn place(&mut self, indicator: usize, period: Period, place: usize) -> usize {
        let name = (indicator, period, place);
        if let Some(known) = self.own.get(&name).or(self.latent.get(&name)) {
            return *known;
        }
        let new = self.unknown();
        self.latent.insert(name, new);
        new
    }

    fn sum(&mut self, indicator: usize, period: Period, places: impl Iterator<Item = usize>, sign: f64) -> Row {
        places.map(|place| (self.place(indicator, period, place), sign)).collect()
    }

    /// Says of a variable what it is the sum of, on each map that there are figures on.
    pub fn is_sum(&mut self, variable: usize, indicator: usize, (period, spot): &Key) {
        let sets: Vec<Vec<usize>> = match spot {
            Spot::Places(places) if places.len() > 1 => vec![places.clone()],
            Spot::Nation => {
                let register = self.geography.register;
                let epochs = self.cells.epochs.iter().filter(|(of, _)| of == period).map(|(_, epoch)| *epoch);
                let all = |epoch: usize| (0..register.places().len()).filter(move |id| register.is_on(*id, epoch));
                epochs.map(|epoch| all(epoch).collect()).collect()
            }
            _ => vec![],
        };
        for places in sets {
            let mut row = self.sum(indicator, *period, places.into_iter(), -1.0);
            row.push((variable, 1.0));
            self.rows.push(row);
        }
    }

    fn adds(&self, indicator: usize) -> bool {
        self.family.policies[indicator].adds
    }

    /// A county, a health region, a unit and the nation are the sums of their municipalities.
    fn wholes(&mut self) {
        let cells = self.cells;
        for (n, cell) in cells.all.iter().enumerate().filter(|(_, cell)| self.family.policies[cell.indicator].adds) {
            self.is_sum(n, cell.indicator, &cell.key);
        }
    }

    /// What exchanged anything between two maps has one sum on both.
    fn maps(&mut self) {
        let (register, cells) = (self.geography.register, self.cells);
        let adding: Vec<usize> = (0..self.family.policies.len()).filter(|indicator| self.adds(*indicator)).collect();
        let mut known: HashMap<(usize, usize), Map> = HashMap::new();
        for pair in cells.epochs.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let (period, from, to) = (pair[0].0, pair[0].1, pair[1].1);
            let map = known
                .entry((from, to))
                .or_insert_with(|| Map::comparable(register, register.first_day(from), register.first_day(to)));
            for area in 0..map.areas().len() {
                let (before, after) = (map.parts(from, area), map.parts(to, area));
                let whole = before.iter().chain(after).all(|part| part.share == Share::Whole);
                let same = before.iter().map(|p| p.place).eq(after.iter().map(|p| p.place));
                if !whole || same || before.is_empty() || after.is_empty() || !map.is_recorded(to, area) {
                    continue;
                }
                for indicator in &adding {
                    let mut row = self.sum(*indicator, period, before.iter().map(|part| part.place), 1.0);
                    row.extend(self.sum(*indicator, period, after.iter().map(|part| part.place), -1.0));
                    self.rows.push(row);
                }
            }
        }
    }

    /// Months, quarters, tertials and years that lie in a longer period and fill it. Whether their figures add up is not
    /// told by the indicator (deaths of the months do, patients of the months do not); where they do, all can see it.
    fn periods(&mut self) {
        let figures = self.figures;
        let newest = |cell: usize| self.cells.all[cell].figures.last().and_then(|i| figures[*i].value);
        let mut spots: BTreeMap<(usize, &Spot), Vec<(Period, usize)>> = BTreeMap::new();
        for (n, cell) in self.cells.all.iter().enumerate().filter(|(_, cell)| self.adds(cell.indicator)) {
            spots.entry((cell.indicator, &cell.key.1)).or_default().push((cell.key.0, n));
        }
        let mut found = vec![];
        for of in spots.values().filter(|of| of.len() > 2) {
            for (whole, n) in of {
                for months in [1, 3, 4, 12].into_iter().filter(|months| *months < whole.months()) {
                    let parts: Vec<usize> = of
                        .iter()
                        .filter(|(part, _)| part.months() == months && part.within(whole))
                        .map(|(_, n)| *n)
                        .collect();
                    let fills = parts.len() as i32 * months == whole.months();
                    let sum: Option<f64> = parts.iter().map(|part| newest(*part)).sum();
                    if fills && sum.zip(newest(*n)).is_some_and(|(sum, whole)| (sum - whole).abs() < 1e-6) {
                        found.push(parts.into_iter().map(|part| (part, -1.0)).chain([(*n, 1.0)]).collect());
                    }
                }
            }
        }
        self.rows.extend::<Vec<Row>>(found);
    }
}

/// Places without a figure that stand in the same relations are one variable; one that alone makes up a cell is the cell.
fn merged(rows: Vec<Row>, cells: usize) -> Rows {
    let rows: Vec<Row> = rows.into_iter().map(netted).collect();
    let mut columns: BTreeMap<usize, Vec<(usize, bool)>> = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        for (variable, sign) in row.iter().filter(|(variable, _)| *variable >= cells) {
            columns.entry(*variable).or_default().push((n, *sign > 0.0));
        }
    }
    let mut groups: HashMap<Vec<(usize, bool)>, usize> = HashMap::new();
    let mut renamed: HashMap<usize, usize> = HashMap::new();
    for (variable, column) in columns {
        let next = cells + groups.len();
        renamed.insert(variable, *groups.entry(column).or_insert(next));
    }
    let mut rows: Vec<Row> = rows
        .into_iter()
        .map(|row| {
            let mut row: Row = row.into_iter().map(|(v, sign)| (renamed.get(&v).copied().unwrap_or(v), sign)).collect();
            row.sort_by_key(|(variable, _)| *variable);
            row.dedup_by_key(|(variable, _)| *variable);
            row
        })
        .collect();
    // `cell − places = 0`, of places that have no other figure.
    let mut stands_for: HashMap<usize, usize> = HashMap::new();
    for row in &rows {
        if let [(cell, _), (latent, _)] = row.as_slice()
            && *cell < cells
            && *latent >= cells
        {
            stands_for.entry(*latent).or_insert(*cell);
        }
    }
    for row in &mut rows {
        row.iter_mut().for_each(|(variable, _)| *variable = stands_for.get(variable).copied().unwrap_or(*variable));
        *row = netted(std::mem::take(row));
    }
    rows.retain(|row| row.len() > 1);
    rows.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    rows.dedup();
    Rows { rows, variables: cells + groups.len() }
}

/// A row in which each variable stands once.
fn netted(mut row: Row) -> Row {
    row.sort_by_key(|(variable, _)| *variable);
    let sums = row.chunk_by(|a, b| a.0 == b.0).map(|of| (of[0].0, of.iter().map(|(_, sign)| sign).sum::<f64>()));
    sums.filter(|(_, sum)| *sum != 0.0).collect()
}
