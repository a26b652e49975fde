//! Parquet: typed columns, compressed, with the licence and the question in the metadata of the file.
use super::table::{Table, Writer};
use crate::db::rows::{Cell, Rows};
use crate::db::statement::Type as Holds;
use crate::error::Error;
use crate::http::LICENSE_URL;
use actix_web::web::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows in a group: many enough for the columns to compress well, few enough to be held in memory.
const GROUP: usize = 16_384;

/// What the library has written and we have not yet passed on.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Vec<u8> {
        take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub struct Parquet {
    pipe: Pipe,
    file: SerializedFileWriter<Pipe>,
    holds: Vec<Holds>,
    /// The rows of the group under way.
    group: Vec<Rows>,
}

impl Parquet {
    pub fn new(table: &Table) -> Result<Self, Error> {
        let fields = table.columns.iter().map(|column| {
            let (physical, logical) = match column.holds {
                Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Holds::Integer => (Physical::INT64, None),
                Holds::Number => (Physical::DOUBLE, None),
                Holds::Boolean => (Physical::BOOLEAN, None),
            };
            let field = Type::primitive_type_builder(&column.name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical);
            Ok(Arc::new(field.build()?))
        });
        let fields: Result<Vec<_>, parquet::errors::ParquetError> = fields.collect();
        let schema = Type::group_type_builder("opptrapping").with_fields(fields.map_err(Error::internal)?).build();
        let properties = WriterProperties::builder()
            .set_created_by(concat!("opptrapping ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(metadata(table)))
            .build();
        let pipe = Pipe::default();
        let schema = Arc::new(schema.map_err(Error::internal)?);
        let file = SerializedFileWriter::new(pipe.clone(), schema, Arc::new(properties)).map_err(Error::internal)?;
        Ok(Self { pipe, file, holds: table.columns.iter().map(|c| c.holds).collect(), group: vec![] })
    }

    fn write_group(&mut self) -> Result<(), Error> {
        let group = take(&mut self.group);
        if group.is_empty() {
            return Ok(());
        }
        // Texts are cut out of one buffer and not copied one by one.
        let buffers: Vec<Bytes> = group.iter().map(|rows| Bytes::copy_from_slice(rows.buffer().as_bytes())).collect();
        let mut out = self.file.next_row_group().map_err(Error::internal)?;
        for (column, holds) in self.holds.iter().enumerate() {
            let cells = || group.iter().flat_map(Rows::iter).map(move |row| row.get(column));
            match holds {
                Holds::Text => {
                    let texts = group.iter().zip(&buffers).flat_map(|(rows, buffer)| {
                        rows.texts(column)
                            .map(move |at| at.map(|(start, end)| ByteArray::from(buffer.slice(start..end))))
                    });
                    write_column::<ByteArrayType>(&mut out, texts)?;
                }
                Holds::Integer => write_column::<Int64Type>(
                    &mut out,
                    cells().map(|cell| if let Cell::Integer(number) = cell { Some(number) } else { None }),
                )?,
                Holds::Number => write_column::<DoubleType>(
                    &mut out,
                    cells().map(|cell| if let Cell::Number(number) = cell { Some(number) } else { None }),
                )?,
                Holds::Boolean => write_column::<BoolType>(
                    &mut out,
                    cells().map(|cell| if let Cell::Boolean(truth) = cell { Some(truth) } else { None }),
                )?,
            }
        }
        out.close().map(|_| ()).map_err(Error::internal)
    }

    fn pass_on(&self, out: &mut dyn Write) -> Result<(), Error> {
        out.write_all(&self.pipe.take()).map_err(Error::internal)
    }
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Pipe>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), Error> {
    let (mut values, mut levels) = (vec![], vec![]);
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    let column = group.next_column().map_err(Error::internal)?;
    let mut column = column.ok_or_else(|| Error::internal("a column too many"))?;
    column.typed::<T>().write_batch(&values, Some(&levels), None).map_err(Error::internal)?;
    column.close().map_err(Error::internal)
}

fn metadata(table: &Table) -> Vec<KeyValue> {
    let meta = &table.meta;
    let said = [
        ("title", Some(table.about.clone())),
        ("license", Some(meta.license.clone())),
        ("license_url", Some(LICENSE_URL.to_owned())),
        ("attribution", Some(meta.attribution.to_owned())),
        ("revision", Some(meta.revision.to_string())),
        ("updated_at", meta.updated_at.clone()),
        ("language", Some(meta.language.to_owned())),
        ("query", Some(meta.query.clone())),
        ("cite_as", Some(meta.cite_as.clone())),
    ];
    said.into_iter().filter_map(|(name, value)| Some(KeyValue::new(name.to_owned(), value?))).collect()
}

impl Writer for Parquet {
    fn rows(&mut self, rows: &Rows, out: &mut dyn Write) -> Result<(), Error> {
        self.group.push(rows.clone());
        if self.group.iter().map(Rows::len).sum::<usize>() >= GROUP {
            self.write_group()?;
        }
        self.pass_on(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        self.write_group()?;
        self.file.finish().map_err(Error::internal)?;
        self.pass_on(out)
    }
}
