//! Which value a plain scalar stands for, as kubectl reads it (YAML 1.1 with the types of JSON).

use serde_json::{Number, Value};

/// The value of a scalar without quotes and without a tag.
///
/// # Errors
/// For `.nan` and `.inf`, which JSON and so Kubernetes cannot hold.
pub(crate) fn resolve_plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => {
            return Err(format!("`{text}` is no number that Kubernetes can hold; quote it if text is meant"));
        }
        _ => {
            if let Some(value) = old_boolean(text) {
                Value::Bool(value)
            } else if let Some(number) = number(text) {
                Value::Number(number)
            } else {
                Value::String(text.to_owned())
            }
        }
    })
}

/// The value of the spellings that only YAML 1.1, and so kubectl, takes for a boolean.
pub(crate) fn old_boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number that a plain scalar stands for, if it is one.
pub(crate) fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    integer(text).or_else(|| float(text))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.bytes().all(|b| (b as char).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(&digits, radix).ok()?;
    if negative { 0_i64.checked_sub_unsigned(magnitude).map(Number::from) } else { Some(Number::from(magnitude)) }
}

fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut seen_digit = false;
    let mut seen_dot = false;
    for (at, byte) in unsigned.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => seen_digit = true,
            b'.' if !seen_dot => seen_dot = true,
            b'e' | b'E' if seen_digit => {
                let exponent = &unsigned[at + 1..];
                let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if exponent.is_empty() || !exponent.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                break;
            }
            _ => return None,
        }
    }
    if !seen_digit {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    // JSON writes a whole float without a fraction, and so the API server gets an integer.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return format!("{value:.0}").parse::<i64>().ok().map(Number::from);
    }
    Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_read_as_kubectl_reads_them() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("true", json!(true)),
            ("no", json!(false)),
            ("On", json!(true)),
            ("0644", json!(420)),
            ("0o644", json!(420)),
            ("0x1F", json!(31)),
            ("-12", json!(-12)),
            ("+7", json!(7)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("1.50", json!(1.5)),
            ("1.0", json!(1)),
            ("089", json!(89)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("mysql:8.0", json!("mysql:8.0")),
            ("8.0.36", json!("8.0.36")),
            ("100m", json!("100m")),
            ("10Gi", json!("10Gi")),
            ("-", json!("-")),
            (".", json!(".")),
            ("2024-01-01", json!("2024-01-01")),
            ("é", json!("é")),
            ("0é", json!("0é")),
        ] {
            assert_eq!(resolve_plain(text).unwrap(), value, "{text:?}");
        }
    }

    #[test]
    fn numbers_that_json_lacks_are_refused() {
        assert!(resolve_plain(".inf").unwrap_err().contains("quote it"));
    }
}
