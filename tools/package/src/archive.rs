//! The zip: sorted entries, one time for all, one compression, Unix modes. The same files give the same bytes.

use std::io::{Cursor, Write as _};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::app::App;

/// The time of every entry. Zip begins with 1980; a month later no time zone leads below that.
const TIME: (u16, u8, u8, u8, u8, u8) = (1980, 2, 1, 0, 0, 0);

/// Packs the app. There are no entries for folders: whoever unpacks makes them.
///
/// # Errors
/// None that the contents could cause; the format's limits are far away.
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
