//! The rules' pages: where they are, and what they say.

use mysql_replication_verdicts::{address, link};

use super::paint::{Paint, printable};

// made by the build script: the pages of `docs/rules`, in the alphabet's order of the ids
include!(concat!(env!("OUT_DIR"), "/rule_pages.rs"));

/// Where they are in the repository.
const FOLDER: &str = "docs/rules";

/// A name is taken for a misspelled one from this likeness on, of 1 at most.
const LIKE: f64 = 0.8;

/// The page of a rule, whose id may stand in brackets.
pub(super) fn explain(rule: &str, paint: Paint) -> Result<String, String> {
    // as it stands in messages
    let rule = rule.trim().trim_start_matches('[').trim_end_matches(']');
    let Some((_, text)) = PAGES.iter().find(|(id, _)| *id == rule) else {
        let ids: Vec<&str> = PAGES.iter().map(|(id, _)| *id).collect();
        let all = format!("rules are {}", ids.join(", "));
        let rule = printable(rule);
        return Err(match nearest(&rule, &ids) {
            Some(id) => format!("there is no rule {rule}; did you mean {id}? The {all}"),
            None => format!("there is no rule {rule}; the {all}"),
        });
    };
    let text = absolute(text.trim_end());
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let rest: String = rest.lines().map(|line| paint.line(line, hang(line))).collect();
    Ok(format!("{}\n{rest}\n{}\n", paint.title(title.trim_start_matches("# ")), link(rule)))
}

/// The id that is most like this name, if one is.
fn nearest<'i>(name: &str, ids: &[&'i str]) -> Option<&'i str> {
    let likeness = |id: &str| strsim::jaro_winkler(&name.to_lowercase(), id);
    let best = ids.iter().copied().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) >= LIKE).then_some(best)
}

/// Where a line that is too long goes on: below its text.
fn hang(line: &str) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    if line.trim_start().starts_with("- ") { indent + 2 } else { indent }
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
        assert!(error.starts_with("there is no rule read-only; did you mean read-only-off? The rules are "), "{error}");
        assert!(error.contains("unmanaged"), "{error}");
        assert!(explain("zzz", plain).unwrap_err().starts_with("there is no rule zzz; the rules are "));
        assert_eq!(explain("[read-only-off]", plain).unwrap(), text);
    }

    #[test]
    fn a_page_fits_the_terminal() {
        let text = explain("read-only-off", Paint::new(ColorChoice::Never, false).with_width(Some(60))).unwrap();
        let fits = |line: &str| line.chars().count() <= 60 || !line.trim().trim_start_matches("- ").contains(' ');
        assert!(text.lines().all(fits), "{text}");
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
