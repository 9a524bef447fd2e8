//! From bytes to text: what no reader of YAML could make sense of is told in words that help, such as UTF-16 and binary
//! files.

use super::error::YamlError;
use super::positions::line_number;

/// The largest input that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The text of an input, without a byte order mark.
///
/// # Errors
/// Where it is too long, or no UTF-8 text.
pub(crate) fn text_of<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, YamlError> {
    if bytes.len() > MAX_BYTES {
        return Err(YamlError::of_file(
            file,
            format!(
                "is {} bytes long, more than the limit of {} MiB; split it",
                bytes.len(),
                MAX_BYTES / (1024 * 1024)
            ),
        ));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(YamlError::of_file(file, "is UTF-16 text; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line_start = good.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        YamlError::at(
            file,
            line_number(good),
            String::from_utf8_lossy(&good[line_start..]).chars().count() + 1,
            format!("the byte 0x{:02x} is not UTF-8 text; save the file as UTF-8", bytes[error.valid_up_to()]),
        )
    })?;
    if let Some(at) = text.find('\0') {
        return Err(YamlError::at(file, line_number(&text.as_bytes()[..at]), 1, "a NUL byte: this is no text file"));
    }
    Ok(text)
}
