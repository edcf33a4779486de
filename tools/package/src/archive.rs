//! Writes the zip: sorted entries, a fixed time, one compression, Unix modes. The same files give the same bytes.

use std::io::{Cursor, Write as _};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::app::App;

/// The time of every entry. Zip times start in 1980; a month later is valid in every time zone.
const TIME: (u16, u8, u8, u8, u8, u8) = (1980, 2, 1, 0, 0, 0);

/// Packs the app. Folders have no entries, because unpacking creates them.
///
/// # Errors
/// Only if a limit of the format is exceeded, which does not happen.
pub fn pack(app: &App) -> ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let (year, month, day, hour, minute, second) = TIME;
    let options = SimpleFileOptions::default()
        .system(System::Unix)
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::from_date_and_time(year, month, day, hour, minute, second)?);
    for (name, file) in &app.files {
        zip.start_file(name.as_str(), options.unix_permissions(file.mode))?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
