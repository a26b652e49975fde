//! Where the files of a full copy go: into a folder, or into an archive. Each is summed as it is written.
use crate::error::Error;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Takes files one after another.
pub trait Files {
    /// Begins a file, and ends the one before.
    fn begin(&mut self, name: &str) -> io::Result<()>;
    /// Where the bytes of the file go.
    fn out(&mut self) -> &mut dyn Write;
    /// Ends the last file.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A folder.
pub struct Folder {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    nowhere: io::Sink,
}

impl Folder {
    /// A folder that is made, or has nothing in it.
    pub fn new(path: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&path)?;
        if std::fs::read_dir(&path)?.next().is_some() {
            return Err(io::Error::other("there is something in it already; name an empty folder or a new one"));
        }
        Ok(Self { path, file: None, nowhere: io::sink() })
    }

    fn end(&mut self) -> io::Result<()> {
        // Dropping it would say nothing of a disk that is full.
        self.file.take().map_or(Ok(()), |mut file| file.flush())
    }
}

impl Files for Folder {
    fn begin(&mut self, name: &str) -> io::Result<()> {
        self.end()?;
        self.file = Some(BufWriter::new(File::create_new(self.path.join(name))?));
        Ok(())
    }

    fn out(&mut self) -> &mut dyn Write {
        match &mut self.file {
            Some(file) => file,
            None => &mut self.nowhere,
        }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.end()
    }
}

/// A zip archive, written from its beginning to its end. Times in it are all the same: the same copy has the same bytes.
pub struct Zip<W: Write>(ZipWriter<StreamWriter<W>>);

impl<W: Write> Zip<W> {
    pub fn new(out: W) -> Self {
        Self(ZipWriter::new_stream(out))
    }
}

impl<W: Write> Files for Zip<W> {
    fn begin(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            // How long a table will be is not known when it begins.
            .large_file(name.ends_with(".csv"));
        self.0.start_file(name, options).map_err(io::Error::other)
    }

    fn out(&mut self) -> &mut dyn Write {
        &mut self.0
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.0.finish().map(drop).map_err(io::Error::other)
    }
}

/// What was written of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    pub file: String,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
    pub bytes: u64,
}

/// Writes a file and sums it.
pub fn write(
    files: &mut dyn Files,
    name: &str,
    make: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<Sum, Error> {
    files.begin(name).map_err(Error::internal)?;
    let mut out = Summed { out: files.out(), hash: Sha256::new(), bytes: 0 };
    make(&mut out)?;
    Ok(Sum { file: name.to_owned(), sha256: hex(&out.hash.finalize()), bytes: out.bytes })
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Summed<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    bytes: u64,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
