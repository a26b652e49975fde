//! Input read record by record, with a bound on each: a file without an end of line, or with a quotation mark that is
//! never closed, must not fill the memory.
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// The longest a record may be, in bytes: many times the longest text a field may hold.
pub const LONGEST: usize = 1_048_576;

/// Counts the bytes of the record being read.
#[derive(Clone, Default)]
pub struct Count(Rc<Cell<usize>>);

impl Count {
    /// A record has been read whole.
    pub fn whole(&self) {
        self.0.set(0);
    }
}

/// Passes bytes on, and fails where a record has too many.
pub struct Bounded<R> {
    inner: R,
    count: Count,
}

impl<R> Bounded<R> {
    pub fn new(inner: R, count: Count) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let count = self.count.0.get() + read;
        self.count.0.set(count);
        match count > LONGEST {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, format!("a record is longer than {LONGEST} bytes"))),
            false => Ok(read),
        }
    }
}
