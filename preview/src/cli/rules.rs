//! The rules' pages: where they are, and what they say.

use mysql_replication_verdicts::{address, link};

use super::paint::Paint;

// made by the build script: the pages of `docs/rules`, in the alphabet's order of the ids
include!(concat!(env!("OUT_DIR"), "/rule_pages.rs"));

/// Where they are in the repository.
const FOLDER: &str = "docs/rules";

/// The page of a rule.
pub(super) fn explain(rule: &str, paint: Paint) -> Result<String, String> {
    let Some((_, text)) = PAGES.iter().find(|(id, _)| *id == rule) else {
        let ids: Vec<&str> = PAGES.iter().map(|(id, _)| *id).collect();
        return Err(format!("there is no rule {rule}; the rules are {}", ids.join(", ")));
    };
    let text = absolute(text.trim_end());
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(format!("{}\n{rest}\n\n{}\n", paint.title(title.trim_start_matches("# ")), link(rule)))
}

/// Links within the repository become addresses.
fn absolute(text: &str) -> String {
    let mut pieces = text.split("](");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        whole.push_str("](");
        let (target, rest) = piece.split_at(piece.find(')').unwrap_or(piece.len()));
        whole.push_str(&if target.contains("://") { target.to_owned() } else { address(&within(target)) });
        whole.push_str(rest);
    }
    whole
}

/// A path of the repository, as a page names it from its folder.
fn within(target: &str) -> String {
    let mut folders: Vec<&str> = FOLDER.split('/').collect();
    let mut target = target;
    while let Some(rest) = target.strip_prefix("../") {
        folders.pop();
        target = rest;
    }
    folders.push(target);
    folders.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::ColorChoice;
    use super::*;

    #[test]
    fn pages_begin_with_their_rule() {
        assert!(PAGES.len() > 30, "{}", PAGES.len());
        for (id, text) in PAGES {
            assert!(text.starts_with(&format!("# {id}\n\n")) && text.contains("\n**Why:** "), "{id}: {text}");
        }
    }

    #[test]
    fn a_rule_is_explained_and_an_unknown_one_is_told() {
        let plain = Paint::new(ColorChoice::Never, false);
        let text = explain("read-only-off", plain).unwrap();
        assert!(text.starts_with("read-only-off\n") && text.ends_with("docs/rules/read-only-off.md\n"), "{text}");
        let error = explain("read-only", plain).unwrap_err();
        assert!(error.contains("no rule read-only;") && error.contains("unmanaged"), "{error}");
    }

    #[test]
    fn links_are_addresses() {
        for (target, path) in [
            ("look-up.md", "docs/rules/look-up.md"),
            ("../reference.md#flavors", "docs/reference.md#flavors"),
            ("../../e2e-tests/a.yaml", "e2e-tests/a.yaml"),
        ] {
            assert_eq!(absolute(&format!("[a]({target}), b")), format!("[a]({}), b", address(path)));
        }
        assert_eq!(absolute("[a](https://b.example/c) d"), "[a](https://b.example/c) d");
        for (id, text) in PAGES {
            let text = absolute(text);
            let mut links = text.split("](").skip(1);
            assert!(links.all(|link| link.starts_with("https://")), "{id}: {text}");
        }
    }
}
