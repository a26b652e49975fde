//! A workbook: a sheet `data` with real numbers and a header that stays, and a sheet `about` with the source, the licence,
//! the units and the question.
use super::table::{Table, Writer};
use super::words;
use crate::db::rows::{Cell, Rows};
use crate::error::{Error, Kind, Mistake};
use crate::http::LICENSE_URL;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::io::{self, Seek, SeekFrom, Write};

/// The rows of a sheet below its header.
pub const MOST_ROWS: i64 = 1_048_575;
/// Whole numbers up to here are exact in a cell; larger ones are written as texts.
const EXACT: i64 = 1 << 53;

pub struct Xlsx {
    workbook: Workbook,
    table: Table,
    /// How many rows have been written, the header included.
    row: u32,
}

impl Xlsx {
    pub fn new(table: &Table) -> Result<Self, Error> {
        let mut workbook = Workbook::new();
        // The time of the revision and not of the clock: the same question has the same bytes.
        let time = table.meta.updated_at.as_deref().unwrap_or("2000-01-01T00:00:00.000Z");
        let time = ExcelDateTime::parse_from_str(time.trim_end_matches('Z')).map_err(failed)?;
        let said = DocProperties::new()
            .set_title(words::title(&table.name, table.meta.language))
            .set_comment(&table.meta.cite_as)
            .set_creation_datetime(&time);
        workbook.set_properties(&said);
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name("data").map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (index, column) in (0..).zip(&table.columns) {
            sheet.write_string_with_format(0, index, &column.name, &bold).map_err(failed)?;
        }
        Ok(Self { workbook, table: table.clone(), row: 1 })
    }

    fn about(&mut self) -> Result<(), XlsxError> {
        let Table { name, meta, columns, .. } = &self.table;
        let language = meta.language;
        let bold = Format::new().set_bold();
        let sheet = self.workbook.add_worksheet();
        sheet.set_name("about")?;
        sheet.set_column_width(0, 24)?;
        let said = [
            ("title", words::title(name, language)),
            ("source", meta.attribution),
            ("license", meta.license.as_str()),
            ("license_url", LICENSE_URL),
            ("query", meta.query.as_str()),
            ("cite_as", meta.cite_as.as_str()),
            ("updated_at", meta.updated_at.as_deref().unwrap_or("")),
        ];
        let mut row = 0;
        for (name, value) in said {
            sheet.write_string_with_format(row, 0, words::title(name, language), &bold)?;
            sheet.write_string(row, 1, value)?;
            row += 1;
        }
        sheet.write_string_with_format(row, 0, words::title("revision", language), &bold)?;
        sheet.write_number(row, 1, meta.revision as f64)?;
        row += 2;
        for (index, name) in (0..).zip(["column", "unit", "meaning"]) {
            sheet.write_string_with_format(row, index, words::title(name, language), &bold)?;
        }
        for column in columns {
            row += 1;
            sheet.write_string(row, 0, &column.name)?;
            sheet.write_string(row, 1, column.unit().unwrap_or(""))?;
            sheet.write_string(row, 2, &column.about)?;
        }
        Ok(())
    }
}

fn failed(e: XlsxError) -> Error {
    match e {
        XlsxError::MaxStringLengthExceeded => {
            refused("a text has more than the 32,767 characters that a cell of xlsx holds".into())
        }
        XlsxError::RowColumnLimitError => too_large(),
        other => Error::internal(other),
    }
}

fn refused(why: String) -> Error {
    Error::because(Kind::InvalidParameter, Mistake::query("format", "too_large", why + ": ask for csv or parquet"))
}

/// A table that no sheet holds.
pub fn too_large() -> Error {
    refused(format!("xlsx holds {MOST_ROWS} rows and 16,384 columns, and this is more"))
}

fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Null => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, text)?),
        Cell::Integer(number) if number.abs() > EXACT => drop(sheet.write_string(row, column, number.to_string())?),
        Cell::Integer(number) => drop(sheet.write_number(row, column, number as f64)?),
        Cell::Number(number) => drop(sheet.write_number(row, column, number)?),
        Cell::Boolean(truth) => drop(sheet.write_boolean(row, column, truth)?),
    }
    Ok(())
}

impl Writer for Xlsx {
    fn rows(&mut self, rows: &Rows, _: &mut dyn Write) -> Result<(), Error> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        for row in rows.iter() {
            for (column, cell) in (0..).zip(row.iter()) {
                write(sheet, self.row, column, cell).map_err(failed)?;
            }
            self.row += 1;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        self.about().map_err(failed)?;
        // The library wants a file to go back and forth in.
        let mut file = tempfile::tempfile().map_err(Error::internal)?;
        self.workbook.save_to_writer(&mut file).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
        io::copy(&mut file, out).map(|_| ()).map_err(Error::internal)
    }
}
