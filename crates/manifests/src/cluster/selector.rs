//! Label and field selectors, in the API server's syntax.

use serde_json::Value;

/// Whether an object's labels fit a selector such as `app=mysql,tier in (a, b),!old`.
///
/// # Errors
/// What in the selector cannot be read.
pub(crate) fn labels_fit(selector: &str, object: &Value) -> Result<bool, String> {
    let labels = &object["metadata"]["labels"];
    let mut fit = true;
    for requirement in split(selector) {
        fit &= label_fits(requirement, labels)?;
    }
    Ok(fit)
}

/// Whether an object's fields fit a selector such as `metadata.name=mysql`.
///
/// # Errors
/// What in the selector cannot be read.
pub(crate) fn fields_fit(selector: &str, object: &Value) -> Result<bool, String> {
    let mut fit = true;
    for requirement in selector.split(',').map(str::trim).filter(|r| !r.is_empty()) {
        let (path, equal, wanted) =
            equality(requirement).ok_or_else(|| format!("invalid field selector: {requirement}"))?;
        let field = path.split('.').fold(object, |value, step| &value[step]);
        let found = match field {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        fit &= (found == wanted) == equal;
    }
    Ok(fit)
}

/// At the commas that are outside parentheses.
fn split(selector: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0_i32;
    let mut start = 0;
    for (at, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&selector[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn equality(requirement: &str) -> Option<(&str, bool, &str)> {
    let parts = |operator: &str| requirement.split_once(operator).map(|(key, value)| (key.trim(), value.trim()));
    if let Some((key, value)) = parts("!=") {
        return Some((key, false, value));
    }
    parts("==").or_else(|| parts("=")).map(|(key, value)| (key, true, value))
}

fn label_fits(requirement: &str, labels: &Value) -> Result<bool, String> {
    let requirement = requirement.trim();
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    if let Some((key, set)) = requirement.split_once('(') {
        let set = set.strip_suffix(')').ok_or_else(|| format!("invalid label selector: {requirement}"))?;
        let mut words = key.split_whitespace();
        let found = words.next().and_then(label);
        let listed = found.is_some_and(|found| set.split(',').any(|v| v.trim() == found));
        return match (words.next(), words.next()) {
            (Some("in"), None) => Ok(listed),
            (Some("notin"), None) => Ok(!listed),
            _ => Err(format!("invalid label selector: {requirement}")),
        };
    }
    if let Some((key, equal, value)) = equality(requirement) {
        return Ok((label(key) == Some(value)) == equal);
    }
    if requirement.contains(char::is_whitespace) {
        return Err(format!("invalid label selector: {requirement}"));
    }
    Ok(match requirement.strip_prefix('!') {
        Some(key) => label(key).is_none(),
        None => label(requirement).is_some(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn label_selectors() {
        let object = json!({"metadata": {"labels": {"app": "mysql", "tier": "db"}}});
        for (selector, fits) in [
            ("", true),
            ("app=mysql", true),
            ("app==mysql,tier!=web", true),
            ("app!=mysql", false),
            ("app", true),
            ("!app", false),
            ("!other", true),
            ("tier in (db, web)", true),
            ("tier notin (db,web),app", false),
            ("other notin (x)", true),
            ("other!=x", true),
        ] {
            assert_eq!(labels_fit(selector, &object), Ok(fits), "{selector}");
        }
        assert!(labels_fit("a b", &object).is_err());
        assert!(labels_fit("a in (b", &object).is_err());
    }

    #[test]
    fn field_selectors() {
        let object = json!({"metadata": {"name": "a"}, "spec": {"replicas": 2}});
        assert_eq!(fields_fit("metadata.name=a,spec.replicas!=3", &object), Ok(true));
        assert_eq!(fields_fit("metadata.name=b", &object), Ok(false));
        assert!(fields_fit("metadata.name", &object).is_err());
    }
}
