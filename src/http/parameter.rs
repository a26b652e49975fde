//! Query parameters: what each may be, and those that every list, thing, history or write takes.
use super::format::Form;
use super::resource::Collection;

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Any text of at most so many characters.
    Text(usize),
    /// One of a closed list.
    Word(&'static [&'static str]),
    /// The name of a field.
    Field(Vec<String>),
    /// The name of a field to sort by, with `-` before it for the other way round.
    Order(Vec<&'static str>),
    /// A whole number between two, both included.
    Integer(i64, i64),
    /// `true` or `false`.
    Truth,
    Region,
    County,
    Period,
    Date,
    PartialDate,
    /// `latest`, `all`, `first` or a partial date.
    Vintage,
    /// `original`, `comparable`, or a partial date.
    Boundaries,
    /// A revision number or a time.
    Moment,
    /// A place in the log of changes.
    Point,
}

/// A query parameter as the document has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub about: String,
    pub shape: Shape,
    /// Whether several values are taken, with commas between or by repeating it.
    pub list: bool,
    /// Whether a request without it is refused.
    pub required: bool,
    pub default: Option<&'static str>,
    /// A value for readers of the document, where it has none of its own.
    pub example: Option<&'static str>,
}

/// The longest a search may be.
pub const LONGEST_SEARCH: usize = 100;
/// The most rows on a page, and how many there are unless asked.
pub const MOST_ROWS: i64 = 10_000;
pub const ROWS: i64 = 1_000;
/// The longest a filter value may be.
pub const LONGEST_VALUE: usize = 120;

impl Parameter {
    pub fn new(name: impl Into<String>, about: impl Into<String>, shape: Shape) -> Self {
        Self {
            name: name.into(),
            about: about.into(),
            shape,
            list: false,
            required: false,
            default: None,
            example: None,
        }
    }

    pub fn list(mut self) -> Self {
        self.list = true;
        self
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// How many values a list may have: a URL has an end, and ids are longer than codes.
    pub fn most_values(&self) -> usize {
        if matches!(self.shape, Shape::Text(_)) { 100 } else { 1_000 }
    }

    pub fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub fn example(mut self, example: &'static str) -> Self {
        self.example = Some(example);
        self
    }

    pub fn language() -> Self {
        Self::new(
            "lang",
            "The language of titles and descriptions; beats `Accept-Language`. `no` means `nb`.",
            Shape::Word(&crate::domain::Language::CODES),
        )
        .default("nb")
    }

    pub fn as_of() -> Self {
        Self::new(
            "as_of",
            "A revision number or a time (RFC 3339): the data as this database knew it then. The answer at a revision number never changes.",
            Shape::Moment,
        )
    }

    pub fn limit() -> Self {
        Self::new("limit", "Rows on a page.", Shape::Integer(1, MOST_ROWS)).default("1000")
    }

    fn fields(collection: &Collection) -> Self {
        let names = collection.table.columns.iter().map(|c| c.name.clone()).collect();
        Self::new("fields", "Only these fields of each row, in this order.", Shape::Field(names)).list()
    }

    /// Those of a list may also be fields that say how its rows were carried to a map.
    fn list_fields(collection: &Collection) -> Self {
        let mut fields = Self::fields(collection);
        if let Shape::Field(names) = &mut fields.shape {
            names.extend(collection.carried_fields().map(|column| column.name.clone()));
        }
        fields
    }

    /// What every list takes beside its filters.
    pub fn of_lists(collection: &Collection) -> Vec<Self> {
        let mut all = vec![];
        if !collection.table.searched.is_empty() {
            let about = format!(
                "Search, without regard to case and accents, in {}. Every word must be found.",
                collection.table.searched.join(", ")
            );
            all.push(Self::new("q", about, Shape::Text(LONGEST_SEARCH)));
        }
        all.extend(Form::parameters(collection.cube.is_some()));
        all.extend([
            Self::language(),
            Self::list_fields(collection),
            Self::new(
                "sort",
                "Fields to sort by; `-` before a field turns its order round.",
                Shape::Order(collection.sorts.to_vec()),
            )
            .list(),
        ]);
        all.extend(Self::of_pages());
        all.push(Self::as_of());
        all
    }

    /// What is taken where there are pages.
    pub fn of_pages() -> [Self; 2] {
        [
            Self::limit(),
            Self::new(
                "cursor",
                "The `next_cursor` of the page before. It holds to the revision the first page was read at.",
                Shape::Text(2_000),
            ),
        ]
    }

    /// What one thing takes.
    pub fn of_items(collection: &Collection) -> Vec<Self> {
        vec![Self::language(), Self::fields(collection), Self::as_of()]
    }

    /// What a view takes beside its own.
    pub fn of_views() -> Vec<Self> {
        vec![Self::language(), Self::as_of()]
    }

    /// What a history takes.
    pub fn of_histories() -> Vec<Self> {
        vec![Self::language(), Self::as_of()]
    }

    /// What a write takes.
    pub fn of_writes() -> Vec<Self> {
        vec![
            Self::language(),
            Self::new("reason", "Why: kept with the revision. The header `Reason` does the same.", Shape::Text(500)),
        ]
    }
}
