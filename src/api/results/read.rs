//! The rows of a plan's results: one statement for each collection, all at one revision, then put where they belong.
use super::rows::{
    AssessmentHead, AssessmentResults, BudgetResults, EvaluationResults, GoalHead, GoalLink, GoalResults,
    IndicatorHead, IndicatorResults, MeasureHead, MeasureResults, StatusResults, WordingResults,
};
use super::{PlanHead, PlanResults, verdicts};
use crate::db::table::{Table, spoken};
use crate::db::{Db, Statement, series};
use crate::domain::course::{Course, Definition};
use crate::domain::{Number, id};
use crate::error::Error;
use crate::http::view::Reading;
use std::collections::HashMap;

/// Everything under a plan; the sources are left for later, when it is known which are named.
pub fn plan(conn: &mut Db, reading: &Reading, table: &Table, id: &str) -> Result<PlanResults, Error> {
    let title = spoken("title", reading.language);
    let columns = format!(
        "t.id, {title}, t.document, t.owner, t.period, t.period_start, t.period_end, t.frame_nok, t.measures_stated, \
         t.overall_goal_nb, t.succeeds, t.source, t.note"
    );
    let plan: PlanHead = reading.one(conn, table, &columns, id)?;
    let later = reading.select("t.id", "plans").sql(" AND t.succeeds = ").bind(id).sql(" ORDER BY t.id");
    let succeeded_by = later.rows::<(String,)>(conn)?.into_iter().map(|(id,)| id).collect();

    let mut assessments = Assessments::read(conn, reading, id)?;
    let measures = measures(conn, reading, id)?;
    let measures_itemised = measures.len();
    let indicators = indicators(conn, reading, &plan, &mut assessments)?;
    let mut goals = goals(conn, reading, id)?;
    let (mut loose_measures, mut loose_indicators) = (vec![], vec![]);
    for measure in measures {
        match goals.iter_mut().find(|goal| is_the_one(&measure.measure.goals, &goal.goal.id)) {
            Some(goal) => goal.measures.push(measure),
            None => loose_measures.push(measure),
        }
    }
    for indicator in indicators {
        match goals.iter_mut().find(|goal| is_the_one(&indicator.indicator.goals, &goal.goal.id)) {
            Some(goal) => goal.indicators.push(indicator),
            None => loose_indicators.push(indicator),
        }
    }
    for goal in &mut goals {
        goal.assessments = assessments.take(|a| a.goal.as_ref() == Some(&goal.goal.id));
    }
    Ok(PlanResults {
        succeeded_by,
        measures_itemised,
        goals: nested(goals),
        measures: loose_measures,
        indicators: loose_indicators,
        status_reports: status_reports(conn, reading, " AND t.measure IS NULL AND t.plan = ", id)?,
        evaluations: evaluations(conn, reading, id)?,
        assessments: assessments.take(|_| true),
        verdicts: verdicts(reading.language),
        sources: vec![],
        meta: reading.meta.clone(),
        plan,
    })
}

/// Whether a list of goals names this one and no other.
fn is_the_one(goals: &Option<String>, goal: &str) -> bool {
    goals.as_deref().is_some_and(|goals| id::listed(goals).eq([goal]))
}

/// Puts sub-goals under the goals they are part of.
fn nested(goals: Vec<GoalResults>) -> Vec<GoalResults> {
    let (mut whole, parts): (Vec<_>, Vec<_>) = goals.into_iter().partition(|goal| goal.goal.parent.is_none());
    for part in parts {
        match whole.iter_mut().find(|goal| part.goal.parent.as_ref() == Some(&goal.goal.id)) {
            Some(goal) => goal.goals.push(part),
            // The parent is of another plan, or itself a sub-goal: shown beside the others rather than lost.
            None => whole.push(part),
        }
    }
    whole
}

fn goals(conn: &mut Db, reading: &Reading, plan: &str) -> Result<Vec<GoalResults>, Error> {
    let title = spoken("title", reading.language);
    let columns = format!("t.succeeds, t.id, t.number, t.parent, {title}, t.source, t.note");
    let sql = reading.select(&columns, "goals").sql(" AND t.plan = ").bind(plan).sql(" ORDER BY t.number, t.id");
    let found: Vec<(Option<String>, GoalHead)> = sql.rows(conn)?;
    let ids: Vec<String> = found.iter().map(|(_, goal)| goal.id.clone()).collect();
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let before: Vec<String> = found.iter().filter_map(|(succeeds, _)| succeeds.clone()).collect();
    let columns = format!("t.id, t.plan, t.number, {title}, t.succeeds");
    let mut sql = reading.select(&columns, "goals").sql(" AND (t.succeeds IN ").bind_list(ids.clone());
    if !before.is_empty() {
        sql = sql.sql(" OR t.id IN ").bind_list(before);
    }
    let linked: Vec<GoalLink> = sql.sql(") ORDER BY t.plan, t.number, t.id").rows(conn)?;
    let columns = "t.goal, t.language, t.text, t.attributed_to, t.source, t.note";
    let sql = reading.select(columns, "wordings").sql(" AND t.goal IN ").bind_list(ids);
    let mut wordings: HashMap<String, Vec<WordingResults>> = HashMap::new();
    for wording in sql.sql(" ORDER BY t.goal, t.number, t.id").rows::<WordingResults>(conn)? {
        wordings.entry(wording.goal.clone()).or_default().push(wording);
    }
    let of = |(succeeds, goal): (Option<String>, GoalHead)| GoalResults {
        succeeds: succeeds.and_then(|before| linked.iter().find(|link| link.id == before).cloned()),
        succeeded_by: linked.iter().filter(|link| link.succeeds.as_ref() == Some(&goal.id)).cloned().collect(),
        wordings: wordings.remove(&goal.id).unwrap_or_default(),
        goals: vec![],
        measures: vec![],
        indicators: vec![],
        assessments: vec![],
        goal,
    };
    Ok(found.into_iter().map(of).collect())
}

fn measures(conn: &mut Db, reading: &Reading, plan: &str) -> Result<Vec<MeasureResults>, Error> {
    let title = spoken("title", reading.language);
    let columns = format!(
        "t.id, t.goals, t.number, t.category, {title}, t.responsible, t.target_value, t.target_unit, t.source, t.note"
    );
    let sql = reading.select(&columns, "measures").sql(" AND t.plan = ").bind(plan).sql(" ORDER BY t.number, t.id");
    let found: Vec<MeasureHead> = sql.rows(conn)?;
    let columns = "t.measure, t.id, t.period, t.amount_nok, t.flow, t.stage, t.inside_frame, t.approximate, t.stated_by, t.source";
    let sql = reading.select(columns, "budgets").sql(" AND t.measure IN (SELECT m.id FROM measures m WHERE m.plan = ");
    let sql = at(sql.bind(plan).sql(" AND "), "m", reading).sql(") ORDER BY t.period_start, t.period_end, t.id");
    let mut budgets: Vec<BudgetResults> = sql.rows(conn)?;
    budgets.sort_by_key(|line| line.stage as usize);
    let reports = status_reports(conn, reading, " AND t.measure IS NOT NULL AND t.plan = ", plan)?;
    let of = |measure: MeasureHead| MeasureResults {
        budgets: budgets.iter().filter(|line| line.measure == measure.id).cloned().collect(),
        status_reports: reports.iter().filter(|r| r.measure.as_ref() == Some(&measure.id)).cloned().collect(),
        measure,
    };
    Ok(found.into_iter().map(of).collect())
}

/// The condition that rows of another table are of the revision read at.
fn at(sql: Statement, alias: &str, reading: &Reading) -> Statement {
    let revision = reading.mark.revision;
    sql.sql(format!("{alias}.revision <= ")).bind(revision).sql(format!(" AND {alias}.ended > ")).bind(revision)
}

fn status_reports(
    conn: &mut Db,
    reading: &Reading,
    which: &'static str,
    plan: &str,
) -> Result<Vec<StatusResults>, Error> {
    let summary = spoken("summary", reading.language);
    let columns = format!("t.measure, t.id, t.year, t.status, t.reported_by, {summary}, t.source, t.note");
    let sql = reading.select(&columns, "status_reports").sql(which).bind(plan);
    Ok(sql.sql(" ORDER BY t.year, t.id").rows(conn)?)
}

fn evaluations(conn: &mut Db, reading: &Reading, plan: &str) -> Result<Vec<EvaluationResults>, Error> {
    let title = spoken("title", reading.language);
    let columns = format!(
        "t.id, {title}, t.series, t.evaluator, t.partners, t.commissioner, t.published, t.indicator_count, t.url, \
         t.source, t.note"
    );
    let sql = reading.select(&columns, "evaluations").sql(" AND t.plan = ").bind(plan);
    Ok(sql.sql(" ORDER BY COALESCE(t.published, ''), t.id").rows(conn)?)
}

type Anchors = (Option<String>, Option<Number>, Option<String>, Option<Number>);

/// The indicators of the plan, each followed over the nation and judged at the end of the plan.
fn indicators(
    conn: &mut Db,
    reading: &Reading,
    plan: &PlanHead,
    assessments: &mut Assessments,
) -> Result<Vec<IndicatorResults>, Error> {
    let language = reading.language;
    let (title, description) = (spoken("title", language), spoken("description", language));
    let columns = format!(
        "t.baseline_period, t.baseline_value, t.target_period, t.target_value, t.id, t.goals, {title}, {description}, \
         t.unit, t.decimals, t.direction, t.source, t.note"
    );
    let sql = reading.select(&columns, "indicators").sql(" AND t.plan = ").bind(plan.id.as_str());
    let found: Vec<(Anchors, IndicatorHead)> = sql.sql(" ORDER BY t.id").rows(conn)?;
    let ids: Vec<&str> = found.iter().map(|(_, indicator)| indicator.id.as_str()).collect();
    let mut series = series::load(conn, reading.mark.revision, &ids, "NO")?;
    let mut all = vec![];
    for ((baseline_period, baseline_value, target_period, target_value), indicator) in found {
        let definition = Definition {
            direction: indicator.direction,
            decimals: indicator.decimals,
            baseline: baseline_period.as_deref().zip(baseline_value),
            target: target_period.as_deref().zip(target_value),
            source: &indicator.source,
            plan_start: plan.period_start.parse().ok(),
        };
        let values = series.remove(&indicator.id).unwrap_or_default();
        let course = Course::of(&definition, values, plan.period_end.parse().ok(), language);
        let assessments = assessments.take(|a| a.indicator.as_ref() == Some(&indicator.id));
        all.push(IndicatorResults { indicator, course, assessments });
    }
    Ok(all)
}

/// The assessments of a plan, each taken once.
struct Assessments(Vec<AssessmentResults>);

impl Assessments {
    fn read(conn: &mut Db, reading: &Reading, plan: &str) -> Result<Self, Error> {
        let columns = "t.id, t.goal, t.indicator, t.assessor, t.about, t.verdict, t.quotation, t.quotation_language, \
                       t.evaluation, t.page, t.published, t.source, t.note";
        let sql = reading.select(columns, "assessments").sql(" AND t.plan = ").bind(plan).sql(" ORDER BY t.id");
        let found: Vec<AssessmentHead> = sql.rows(conn)?;
        Ok(Self(found.into_iter().map(|a| AssessmentResults::of(a, reading.language)).collect()))
    }

    fn take(&mut self, which: impl Fn(&AssessmentHead) -> bool) -> Vec<AssessmentResults> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|a| which(&a.assessment));
        self.0 = left;
        taken
    }
}
