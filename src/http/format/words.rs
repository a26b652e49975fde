//! What tables, their dimensions and what stands beside them are called, in the languages people read them in.

/// Name in the API, then bokmål, nynorsk, English.
const TITLES: &[(&str, [&str; 3])] = &[
    ("observations", ["Observasjoner", "Observasjonar", "Observations"]),
    ("grants", ["Tilskudd", "Tilskot", "Grants"]),
    ("budgets", ["Budsjettlinjer", "Budsjettlinjer", "Budget lines"]),
    ("id", ["Linje", "Linje", "Line"]),
    ("indicator", ["Indikator", "Indikator", "Indicator"]),
    ("region", ["Region", "Region", "Region"]),
    ("county", ["Fylke", "Fylke", "County"]),
    ("period", ["Periode", "Periode", "Period"]),
    ("published", ["Publisert", "Publisert", "Published"]),
    ("plan", ["Plan", "Plan", "Plan"]),
    ("scheme", ["Tilskuddsordning", "Tilskotsordning", "Grant scheme"]),
    ("measure", ["Tiltak", "Tiltak", "Measure"]),
    ("recipient_name", ["Mottaker", "Mottakar", "Recipient"]),
    ("stage", ["Stadium", "Stadium", "Stage"]),
    ("title", ["Tittel", "Tittel", "Title"]),
    ("contents", ["Innhold", "Innhald", "Contents"]),
    ("amount_nok", ["Beløp i kroner", "Beløp i kroner", "Amount in kroner"]),
    ("value", ["Verdi", "Verdi", "Value"]),
    ("persons", ["personer", "personar", "persons"]),
    ("deaths", ["dødsfall", "dødsfall", "deaths"]),
    ("patients", ["pasienter", "pasientar", "patients"]),
    ("municipalities", ["kommuner", "kommunar", "municipalities"]),
    ("man_years", ["årsverk", "årsverk", "man-years"]),
    ("days", ["dager", "dagar", "days"]),
    ("percent", ["prosent", "prosent", "per cent"]),
    ("percent_of_municipalities", ["prosent av kommunene", "prosent av kommunane", "per cent of municipalities"]),
    ("per_100000", ["per 100 000", "per 100 000", "per 100,000"]),
    ("places", ["plasser", "plassar", "places"]),
    ("nok", ["kroner", "kroner", "kroner"]),
    ("none", ["Ikke oppgitt", "Ikkje oppgjeve", "Not stated"]),
    ("source", ["Kilde", "Kjelde", "Source"]),
    ("license", ["Lisens", "Lisens", "Licence"]),
    ("license_url", ["Lisensens tekst", "Teksten til lisensen", "Text of the licence"]),
    ("query", ["Spørring", "Spørjing", "Query"]),
    ("cite_as", ["Siteres som", "Siterast som", "Cite as"]),
    ("updated_at", ["Oppdatert", "Oppdatert", "Updated"]),
    ("revision", ["Revisjon", "Revisjon", "Revision"]),
    ("column", ["Kolonne", "Kolonne", "Column"]),
    ("unit", ["Enhet", "Eining", "Unit"]),
    ("meaning", ["Betydning (engelsk)", "Tyding (engelsk)", "Meaning"]),
];

/// What is called `name` in the API, in a language (`nb`, `nn`, `en`); the name itself where there is no other.
pub fn title<'a>(name: &'a str, language: &str) -> &'a str {
    let spoken = match language {
        "nn" => 1,
        "en" => 2,
        _ => 0,
    };
    TITLES.iter().find(|(known, _)| *known == name).map_or(name, |(_, titles)| titles[spoken])
}
