//! Content encodings: which one a client takes, and packing of whole bodies and of streams.
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use std::io::{self, Write};

/// An encoding there is, the first the one that is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Zstd,
    Gzip,
}

/// Packs what is written to it, and writes that on.
pub enum Packer<W: Write> {
    /// Leaves it as it is.
    Plain(W),
    Brotli(Box<brotli::CompressorWriter<W>>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    Gzip(flate2::write::GzEncoder<W>),
}

impl Encoding {
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What the tag of an answer so encoded ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zst",
            Self::Gzip => "gz",
        }
    }

    /// The first of ours that the client takes.
    pub fn choose(req: &HttpRequest) -> Option<Self> {
        Self::of(req.headers())
    }

    /// The first of ours among those that these headers take.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let given = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?.to_ascii_lowercase();
        let taken = |e: &Self| {
            given.split(',').take(32).any(|range| {
                let mut parts = range.split(';').map(str::trim);
                parts.next() == Some(e.name())
                    && !parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f64>().is_ok_and(|q| q <= 0.0)))
            })
        };
        Self::ALL.into_iter().find(taken)
    }

    /// Packs a whole body.
    pub fn pack(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut packer = Packer::of(Some(self), vec![])?;
        packer.write_all(body)?;
        packer.finish()
    }
}

impl<W: Write> Packer<W> {
    /// Levels at which the time to compress stays below the time to send.
    pub fn of(encoding: Option<Encoding>, out: W) -> io::Result<Self> {
        Ok(match encoding {
            None => Self::Plain(out),
            Some(Encoding::Brotli) => Self::Brotli(Box::new(brotli::CompressorWriter::new(out, 16_384, 4, 20))),
            Some(Encoding::Zstd) => Self::Zstd(zstd::stream::write::Encoder::new(out, 3)?),
            Some(Encoding::Gzip) => Self::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::new(5))),
        })
    }

    /// Writes all that is left within.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Brotli(packer) => Ok(packer.into_inner()),
            Self::Zstd(packer) => packer.finish(),
            Self::Gzip(packer) => packer.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Brotli(packer) => packer.write(bytes),
            Self::Zstd(packer) => packer.write(bytes),
            Self::Gzip(packer) => packer.write(bytes),
        }
    }

    /// Has others read what is packed by now. Nothing is packed for it: small blocks are packed badly.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Brotli(packer) => packer.get_mut().flush(),
            Self::Zstd(packer) => packer.get_mut().flush(),
            Self::Gzip(packer) => packer.get_mut().flush(),
        }
    }
}
