//! What the collections and the views of them are called, where people read it: in citations.
use super::Trilingual;

const fn named(nb: &'static str, nn: &'static str, en: &'static str) -> Trilingual {
    Trilingual { nb, nn, en }
}

/// The title of a collection, by its name in a URL.
pub fn collection(name: &str) -> Option<Trilingual> {
    Some(match name {
        "plans" => named("Opptrappingsplaner", "Opptrappingsplanar", "Escalation plans"),
        "goals" => named("Mål", "Mål", "Goals"),
        "wordings" => named("Målformuleringer", "Målformuleringar", "Wordings of the goals"),
        "measures" => named("Tiltak", "Tiltak", "Measures"),
        "status-reports" => named("Statusrapporter", "Statusrapportar", "Status reports"),
        "events" => named("Hendelser", "Hendingar", "Events"),
        "consultations" => named("Høringer", "Høyringar", "Consultations"),
        "budgets" => named("Budsjettlinjer", "Budsjettlinjer", "Budget lines"),
        "schemes" => named("Tilskuddsordninger", "Tilskotsordningar", "Grant schemes"),
        "grants" => named("Tilskudd", "Tilskot", "Grants"),
        "municipalities" => named("Kommuner", "Kommunar", "Municipalities"),
        "municipality-changes" => named("Kommuneendringer", "Kommuneendringar", "Changes of municipalities"),
        "counties" => named("Fylker", "Fylke", "Counties"),
        "health-regions" => named("Helseregioner", "Helseregionar", "Health regions"),
        "indicators" => named("Indikatorer", "Indikatorar", "Indicators"),
        "observations" => named("Observasjoner", "Observasjonar", "Observations"),
        "evaluations" => named("Evalueringer", "Evalueringar", "Evaluations"),
        "assessments" => named("Vurderinger", "Vurderingar", "Assessments"),
        "sources" => named("Kilder", "Kjelder", "Sources"),
        "changes" => named("Endringer", "Endringar", "Changes"),
        "diff" => named(
            "Forskjeller mellom to revisjoner",
            "Skilnader mellom to revisjonar",
            "Differences between two revisions",
        ),
        _ => return None,
    })
}

/// The title of what a path adds to a collection or a thing; the last part of the path.
pub fn view(name: &str) -> Option<Trilingual> {
    Some(match name {
        "history" => named("historikk", "historikk", "history"),
        "results" => named("resultater", "resultat", "results"),
        "money" => named("pengene", "pengane", "the money"),
        "progress" => named("utvikling", "utvikling", "progress"),
        "summary" => named("oppsummering", "oppsummering", "summary"),
        "correspondence" => {
            named("sammenheng mellom to datoer", "samanheng mellom to datoar", "correspondence of two days")
        }
        _ => return None,
    })
}
