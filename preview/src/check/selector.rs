//! Which namespaces a policy leaves out by their name.

use serde_json::Value;

/// The label that the API server gives every namespace, with its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// Whether a `namespaceSelector` leaves a namespace out by its name. Its other labels are not looked at.
pub(super) fn excludes(selector: &Value, namespace: &str) -> bool {
    let expressions = selector["matchExpressions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by_expression = expressions.iter().filter(|expression| expression["key"] == NAME).any(|expression| {
        let is_named = expression["values"].as_array().is_some_and(|values| values.iter().any(|v| v == namespace));
        match expression["operator"].as_str() {
            Some("In") => !is_named,
            Some("NotIn") => is_named,
            _ => false,
        }
    });
    by_expression || selector["matchLabels"][NAME].as_str().is_some_and(|name| name != namespace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn namespaces_are_left_out_by_name() {
        let expression = |operator: &str, key: &str| json!({"matchExpressions": [{"key": key, "operator": operator, "values": ["shop", "blog"]}]});
        for (selector, expected) in [
            (json!(null), false),
            (json!({}), false),
            (expression("NotIn", NAME), true),
            (expression("In", NAME), false),
            (expression("NotIn", "team"), false),
            (json!({"matchLabels": {NAME: "shop"}}), false),
            (json!({"matchLabels": {NAME: "blog"}}), true),
        ] {
            assert_eq!(excludes(&selector, "shop"), expected, "{selector}");
        }
        assert!(excludes(&expression("In", NAME), "other") && !excludes(&expression("NotIn", NAME), "other"));
    }
}
