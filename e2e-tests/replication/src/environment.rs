//! A container's environment, command and arguments, as the kubelet makes them.

use std::collections::BTreeMap;

use crate::object::{Container, Objects, ValueFrom};

/// The variables, in the order in which they are defined.
pub(crate) fn variables(
    container: &Container,
    pod: &str,
    namespace: &str,
    objects: &Objects,
) -> Result<BTreeMap<String, String>, String> {
    let secret = |name: &str| objects.secrets.get(name).ok_or_else(|| format!("there is no Secret {name}"));
    let mut all = BTreeMap::new();
    for source in &container.env_from {
        for (key, value) in secret(&source.secret_ref.name)? {
            all.insert(format!("{}{key}", source.prefix), value.clone());
        }
    }
    for variable in &container.env {
        let value = match &variable.value_from {
            None => expand(&variable.value, &all),
            Some(ValueFrom::FieldRef(field)) => match field.field_path.as_str() {
                "metadata.name" => pod.to_owned(),
                "metadata.namespace" => namespace.to_owned(),
                other => return Err(format!("the field {other} is not played")),
            },
            Some(ValueFrom::SecretKeyRef(reference)) => secret(&reference.name)?
                .get(&reference.key)
                .ok_or_else(|| format!("the Secret {} has no key {}", reference.name, reference.key))?
                .clone(),
        };
        all.insert(variable.name.clone(), value);
    }
    Ok(all)
}

/// `$(NAME)` becomes the variable's value where there is one, and stays otherwise; `$$` is one `$`.
pub(crate) fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            if let Some(value) = variables.get(name) {
                result.push_str(value);
            } else {
                result.extend(["$(", name, ")"]);
            }
            rest = after;
        } else {
            result.push('$');
        }
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn variables_are_expanded_as_kubernetes_does() {
        let known = BTreeMap::from([("A".to_owned(), "value".to_owned())]);
        let expand = |text| super::expand(text, &known);
        assert_eq!(expand("x$(A)y$(B)z"), "xvaluey$(B)z");
        assert_eq!(expand("$$(A) $A $(A"), "$(A) $A $(A");
        assert_eq!(expand("$(id -u) cost $"), "$(id -u) cost $");
    }
}
