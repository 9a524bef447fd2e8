//! A container's environment, command and arguments, as the kubelet makes them.

use std::collections::BTreeMap;

use crate::object::{Container, Objects, ResourceRef, ValueFrom};

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
            Some(ValueFrom::Field(field)) => match field.field_path.as_str() {
                "metadata.name" => pod.to_owned(),
                "metadata.namespace" => namespace.to_owned(),
                other => return Err(format!("the field {other} is not played")),
            },
            Some(ValueFrom::SecretKey(reference)) => secret(&reference.name)?
                .get(&reference.key)
                .ok_or_else(|| format!("the Secret {} has no key {}", reference.name, reference.key))?
                .clone(),
            Some(ValueFrom::Resource(reference)) => resource(container, reference)?,
        };
        all.insert(variable.name.clone(), value);
    }
    Ok(all)
}

/// What the container requests of a resource, in units of the divisor, rounded up; 0 where it requests none.
fn resource(container: &Container, reference: &ResourceRef) -> Result<String, String> {
    let ResourceRef { resource, divisor } = reference;
    let name = resource.strip_prefix("requests.").ok_or_else(|| format!("the resource {resource} is not played"))?;
    let Some(requested) = container.resources.requests.get(name) else { return Ok("0".to_owned()) };
    match quantity(divisor)? {
        0 => Err(format!("the divisor {divisor} of {resource} is nothing")),
        unit => Ok(quantity(requested)?.div_ceil(unit).to_string()),
    }
}

/// A quantity of bytes, as Kubernetes writes them; parts of a byte, and of a processor, are not played.
fn quantity(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
    ];
    let (number, unit) =
        UNITS.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit))).unwrap_or((text, 1));
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or_else(|| format!("the quantity {text} is not played"))
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

    use serde_json::json;

    use crate::object::Container;

    #[test]
    fn resources_are_in_units_of_the_divisor() {
        let container: Container = serde_json::from_value(json!({
            "name": "c",
            "image": "i",
            "resources": {"requests": {"memory": "1Gi", "cpu": "100m"}},
            "env": [
                {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1Mi"}}},
                {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1G"}}},
                {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "requests.ephemeral-storage"}}},
            ],
        }))
        .expect("a container");
        let all = super::variables(&container, "p-0", "default", &super::Objects::default()).expect("variables");
        let values: Vec<&str> = all.values().map(String::as_str).collect();
        assert_eq!(values, ["1024", "2", "0"]);
        assert_eq!(super::quantity("7"), Ok(7));
        for text in ["", "Mi", "-1Ki", "100m", "1.5Gi", "99999999999Ti"] {
            assert!(super::quantity(text).is_err(), "{text}");
        }
    }

    #[test]
    fn variables_are_expanded_as_kubernetes_does() {
        let known = BTreeMap::from([("A".to_owned(), "value".to_owned())]);
        let expand = |text| super::expand(text, &known);
        assert_eq!(expand("x$(A)y$(B)z"), "xvaluey$(B)z");
        assert_eq!(expand("$$(A) $A $(A"), "$(A) $A $(A");
        assert_eq!(expand("$(id -u) cost $"), "$(id -u) cost $");
    }
}
