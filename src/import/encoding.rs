//! Bytes of other people's files: unpacked, bounded, and made text.
use super::wrong;
use crate::error::{Error, Kind, Place};
use encoding_rs::WINDOWS_1252;
use flate2::read::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read};

/// The largest file of statistics or codes, unpacked: such a file is held in memory. The largest download Statistics
/// Norway allows has 800,000 values, which is a third of it.
pub const MOST_BYTES: u64 = 67_108_864;

/// Unpacks gzip, whatever the file is called.
pub fn unpacked<'r>(input: Box<dyn Read + 'r>) -> Result<Box<dyn Read + 'r>, Error> {
    let mut input = BufReader::new(input);
    let packed = input.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
    Ok(if packed { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}

/// The whole file as text: UTF-8, or windows-1252 where it is not that.
pub fn text(input: impl Read) -> Result<String, Error> {
    let bytes = bounded(input)?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        // UTF-16 is what a spreadsheet calls Unicode; read as windows-1252 it would be full of NUL.
        Err(_) if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) => {
            return Err(wrong("", "the file is UTF-16; save it as UTF-8", None));
        }
        Err(_) => WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned(),
    };
    match text.lines().zip(1..).find(|(line, _)| line.contains('\0')) {
        Some((_, line)) => Err(wrong("", "contains the NUL character", Some(Place { line, column: None }))),
        None => Ok(text),
    }
}

/// The whole file as UTF-8, which is what JSON is in.
pub fn utf8(input: impl Read) -> Result<String, Error> {
    let text = String::from_utf8(bounded(input)?).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].split(|b| *b == b'\n').count();
        wrong("", "is not UTF-8", Some(Place { line, column: None }))
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

fn bounded(input: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![];
    input.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(wrong("", format!("the file is larger than {MOST_BYTES} bytes, unpacked"), None));
    }
    Ok(bytes)
}

fn unreadable(e: std::io::Error) -> Error {
    Error::new(Kind::InvalidContent).detail(format!("the file cannot be read: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norwegian_letters_survive_either_encoding() {
        for bytes in [&b"R\xf8ros"[..], "Røros".as_bytes(), "\u{feff}Røros".as_bytes()] {
            assert_eq!(text(bytes).unwrap(), "Røros");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(text(&b"a\0b"[..]).is_err() && text(&b"\xff\xfea\0"[..]).is_err() && utf8(&b"R\xf8ros"[..]).is_err());
        assert!(text(std::io::repeat(b'x')).unwrap_err().to_string().contains("larger than"));
    }

    #[test]
    fn gzip_is_unpacked_and_a_bomb_is_bounded() {
        use flate2::{Compression, write::GzEncoder};
        use std::io::Write;
        let pack = |size: usize| {
            let mut packer = GzEncoder::new(vec![], Compression::fast());
            packer.write_all(&vec![b'x'; size]).unwrap();
            packer.finish().unwrap()
        };
        let read = |bytes: Vec<u8>| text(unpacked(Box::new(std::io::Cursor::new(bytes))).unwrap());
        assert_eq!(read(pack(3)).unwrap(), "xxx");
        assert!(read(pack(MOST_BYTES as usize + 1)).is_err());
    }
}
