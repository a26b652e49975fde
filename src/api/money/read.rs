//! The lines of a plan's money, read at one revision and put where the reckoning says they belong.
use super::rows::{
    Contested, GrantSum, InsideFrame, MeasureMoney, MeasureShare, MoneyGroup, MoneyLine, Position, PositionHead,
    Remainder, SchemeGrants, nested,
};
use super::{MoneyPlan, PlanMoney};
use crate::db::table::{Table, region_name, spoken};
use crate::db::{Db, Statement};
use crate::domain::ledger::{self, Reconciled};
use crate::domain::vocabulary::{Stage, Verdict};
use crate::domain::{Language, Level, Trilingual};
use crate::error::Error;
use crate::http::view::Reading;
use std::collections::HashMap;

const UNITEMISED: Trilingual = Trilingual {
    nb: "Ikke fordelt på tiltak i noen kilde",
    nn: "Ikkje fordelt på tiltak i noka kjelde",
    en: "Itemised by measure in no source",
};

/// Number and title of each measure.
type Measures = HashMap<String, (i64, String)>;

/// The money of a plan; the sources are left for later, when it is known which are named.
pub fn plan(conn: &mut Db, reading: &Reading, table: &Table, id: &str) -> Result<PlanMoney, Error> {
    let language = reading.language;
    let title = spoken("title", language);
    let plan: MoneyPlan = reading.one(conn, table, &format!("t.id, {title}, t.period, t.frame_nok, t.source"), id)?;
    let sql = reading.select(&format!("t.id, t.number, {title}"), "measures").sql(" AND t.plan = ").bind(id);
    let found: Vec<(String, i64, String)> = sql.rows(conn)?;
    let measures: Measures = found.into_iter().map(|(id, number, title)| (id, (number, title))).collect();
    let placed = ledger::place(lines(conn, reading, id)?);
    let inside = ledger::reconcile(plan.frame_nok, placed.inside);
    let mut by_measure: Vec<MeasureMoney> = placed
        .by_measure
        .into_iter()
        .map(|(measure, lines)| MeasureMoney {
            number: measures.get(&measure).map(|(number, _)| *number),
            title: measures.get(&measure).map(|(_, title)| title.clone()),
            groups: MoneyGroup::all(ledger::by_period(lines), language),
            measure,
        })
        .collect();
    by_measure.sort_by(|a, b| (a.number, &a.measure).cmp(&(b.number, &b.measure)));
    Ok(PlanMoney {
        frame: placed.frame,
        inside_frame: inside.into_iter().map(|kind| inside_frame(kind, &measures, language)).collect(),
        measures: by_measure,
        outside_frame: MoneyGroup::all(ledger::by_period(placed.outside), language),
        unplaced: MoneyGroup::all(ledger::by_period(placed.unplaced), language),
        grants: grants(conn, reading, id)?,
        contested: contested(conn, reading, id, plan.frame_nok)?,
        sources: vec![],
        meta: reading.meta.clone(),
        plan,
    })
}

/// Lines of the plan, and lines of its measures that name no plan.
fn lines(conn: &mut Db, reading: &Reading, plan: &str) -> Result<Vec<MoneyLine>, Error> {
    let columns = format!(
        "t.id, t.measure, t.region, {}, {}, t.period, t.amount_nok, t.flow, t.stage, t.inside_frame, t.approximate, \
         t.stated_by, t.source, t.note",
        region_name(reading.language),
        spoken("title", reading.language)
    );
    let revision = reading.mark.revision;
    let sql = reading
        .select(&columns, "budgets")
        .sql(" AND (t.plan = ")
        .bind(plan)
        .sql(" OR (t.plan IS NULL AND t.measure IN (SELECT m.id FROM measures m WHERE m.plan = ")
        .bind(plan)
        .sql(" AND m.revision <= ")
        .bind(revision)
        .sql(" AND m.ended > ")
        .bind(revision)
        .sql("))) ORDER BY t.period_start, t.period_end, t.id");
    Ok(sql.rows(conn)?)
}

fn inside_frame(kind: Reconciled<MoneyLine>, measures: &Measures, language: Language) -> InsideFrame {
    let mut shares: Vec<MeasureShare> = kind
        .measures
        .into_iter()
        .map(|(measure, block)| {
            let known = measure.as_ref().and_then(|id| measures.get(id));
            MeasureShare {
                number: known.map(|(number, _)| *number),
                title: known.map(|(_, title)| title.clone()),
                sum_nok: block.sum_nok,
                lines: nested(block),
                measure,
            }
        })
        .collect();
    shares.sort_by(|a, b| (a.number, &a.measure).cmp(&(b.number, &b.measure)));
    InsideFrame {
        flow: kind.flow,
        flow_label: kind.flow.label(language),
        stage: kind.stage,
        stage_label: kind.stage.label(language),
        measures: shares,
        itemised_nok: kind.itemised_nok,
        remainder: Remainder { title: UNITEMISED.to(language), amount_nok: kind.remainder_nok },
    }
}

/// Scheme and its title; period, stage, region, its name, level, source; count, sum, how many are approximate.
type Summed = (
    (Option<String>, Option<String>),
    (String, Stage, Option<String>, Option<String>, Option<Level>, String),
    (i64, i64, i64),
);

/// Grants added up in the database: a plan may have tens of thousands. Municipalities count under their county.
fn grants(conn: &mut Db, reading: &Reading, plan: &str) -> Result<Vec<SchemeGrants>, Error> {
    let revision = reading.mark.revision;
    let area = "CASE WHEN t.level = 'municipality' THEN t.county ELSE t.region END";
    let columns = format!(
        "t.scheme, MAX({}), t.period, t.stage, {area}, \
         MAX(CASE WHEN t.level = 'municipality' THEN NULL ELSE {} END), t.level, t.source, \
         COUNT(*), CAST(SUM(t.amount_nok) AS BIGINT), CAST(SUM(CASE WHEN t.approximate THEN 1 ELSE 0 END) AS BIGINT)",
        spoken("s.title", reading.language),
        region_name(reading.language),
    );
    let sql = Statement::new(format!("SELECT {columns} FROM grants t LEFT JOIN schemes s ON s.id = t.scheme AND s.revision <= "))
        .bind(revision)
        .sql(" AND s.ended > ")
        .bind(revision)
        .at(revision)
        .sql(" AND t.plan = ")
        .bind(plan)
        .sql(format!(
            " GROUP BY t.scheme, t.period, t.period_start, t.stage, {area}, t.level, t.source \
             ORDER BY COALESCE(t.scheme, ''), t.period_start, t.period, COALESCE({area}, ''), COALESCE(t.level, ''), t.stage, t.source"
        ));
    let found: Vec<Summed> = sql.rows(conn)?;
    let counties: HashMap<String, String> =
        reading.select("t.region, t.region_name", "counties").sql(" ORDER BY t.id").rows(conn)?.into_iter().collect();
    let mut schemes: Vec<SchemeGrants> = vec![];
    for ((scheme, title), (period, stage, region, name, level, source), (count, sum_nok, approximate)) in found {
        if schemes.last().is_none_or(|last| last.scheme != scheme) {
            schemes.push(SchemeGrants { scheme, title, regions: vec![] });
        }
        let named = name.or_else(|| region.as_ref().and_then(|key| counties.get(key).cloned()));
        let sum = GrantSum {
            period,
            stage,
            stage_label: stage.label(reading.language),
            region,
            region_name: named,
            level,
            count,
            sum_nok,
            approximate: approximate > 0,
            source,
        };
        if let Some(scheme) = schemes.last_mut() {
            scheme.regions.push(sum);
        }
    }
    Ok(schemes)
}

/// The frame, where those who assessed it do not agree.
fn contested(conn: &mut Db, reading: &Reading, plan: &str, frame: Option<i64>) -> Result<Vec<Contested>, Error> {
    let columns = "t.id, t.assessor, t.verdict, t.quotation, t.quotation_language, t.published, t.source, t.note";
    let sql = reading.select(columns, "assessments").sql(" AND t.about = 'frame' AND t.plan = ").bind(plan);
    let found: Vec<PositionHead> = sql.sql(" ORDER BY COALESCE(t.published, ''), t.id").rows(conn)?;
    let agreed = found.windows(2).all(|pair| pair[0].verdict == pair[1].verdict);
    if agreed && found.iter().all(|position| position.verdict != Verdict::Disputed) {
        return Ok(vec![]);
    }
    let language = reading.language;
    let of = |position: PositionHead| Position { verdict_label: position.verdict.label(language), position };
    Ok(vec![Contested { figure: "frame_nok", amount_nok: frame, positions: found.into_iter().map(of).collect() }])
}
