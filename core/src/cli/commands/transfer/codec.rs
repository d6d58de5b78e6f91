//! Compression: chosen by the ending of a file's name, known again by its first bytes.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use clap::ValueEnum;
use flate2::{bufread::MultiGzDecoder, write::GzEncoder};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Compression {
    /// Not at all
    None,
    /// As `gzip` does
    Gzip,
    /// As `zstd` does
    Zstd,
}

impl Compression {
    /// What the ending of a name asks for.
    pub(in crate::cli) fn of(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("gz" | "gzip") => Self::Gzip,
            Some("zst" | "zstd") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Compresses what is written.
pub(in crate::cli) enum Encoder<W: Write> {
    None(BufWriter<W>),
    Gzip(GzEncoder<BufWriter<W>>),
    Zstd(zstd::Encoder<'static, BufWriter<W>>),
}

impl<W: Write> Encoder<W> {
    pub(in crate::cli) fn new(compression: Compression, writer: W) -> io::Result<Self> {
        let writer = BufWriter::new(writer);
        Ok(match compression {
            Compression::None => Self::None(writer),
            Compression::Gzip => Self::Gzip(GzEncoder::new(writer, flate2::Compression::default())),
            Compression::Zstd => Self::Zstd(zstd::Encoder::new(writer, 0)?),
        })
    }

    /// Writes what is left, and gives the writer back.
    pub(in crate::cli) fn finish(self) -> io::Result<W> {
        let writer = match self {
            Self::None(writer) => writer,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        writer.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(writer) => writer.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(writer) => writer.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// Reads what was compressed, or was not.
pub(super) fn decoder(reader: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = BufReader::new(reader);
    Ok(match reader.fill_buf()? {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(MultiGzDecoder::new(reader))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Box::new(BufReader::new(zstd::Decoder::with_buffer(reader)?))
        }
        _ => Box::new(reader),
    })
}
