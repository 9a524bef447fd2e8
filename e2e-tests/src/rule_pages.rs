//! The rules' pages: `docs/rules/ID.md` each, with examples that are goldens. How examples are written is explained in
//! `docs/rules/about-examples.md`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use mysql_replication_policy::rule::{ALL, Rule};
use similar::TextDiff;

use crate::root;

/// The goldens that are the examples.
const EXAMPLES: &str = "e2e-tests/goldens/examples";
/// What can stand beside an example's object: an update's old one, the cluster, the policy's settings.
const BESIDE: [&str; 3] = ["old.yaml", "cluster.yaml", "settings.yaml"];

/// How an example's object reaches the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is created, or changed.
    Admitted,
    /// It is there, and was never admitted.
    Audited,
    /// It was admitted, and is there as the policy made it.
    AuditedAfterwards,
    /// It is created, and the policy was given no access to the cluster.
    WithoutLookUps,
}

/// An example as its page tells it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Does it pass?
    pub passes: bool,
    /// How its object reaches the policy.
    pub way: Way,
    /// Its object's file.
    pub file: PathBuf,
    /// Its item of the list, as it stands on the page.
    item: String,
}

impl Told {
    /// What the page says of it behind its name.
    #[must_use]
    pub fn remark(&self) -> &str {
        self.item.split_once(":**").map(|(_, rest)| rest).unwrap_or_default()
    }

    /// A file beside its object's, if there is one.
    #[must_use]
    pub fn beside(&self, extension: &str) -> Option<PathBuf> {
        let path = self.file.with_extension(extension);
        path.exists().then_some(path)
    }

    /// Where it is, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// A rule's page.
#[derive(Debug)]
pub struct RulePage {
    /// The rule that it explains.
    pub rule: &'static Rule,
    /// Where it is.
    pub path: PathBuf,
    /// All of it behind the title.
    pub text: String,
}

impl RulePage {
    /// The pages of all rules, in the rules' order.
    ///
    /// # Panics
    /// Where there is none of a rule, or its title is not the rule's id.
    #[must_use]
    pub fn all() -> Vec<Self> {
        ALL.iter().map(Self::of).collect()
    }

    fn of(rule: &'static Rule) -> Self {
        let path = root().join(rule.document());
        let text = read(&path);
        let title = format!("# {}\n", rule.id);
        let text = text.strip_prefix(&title).unwrap_or_else(|| panic!("{}: no title {title}", path.display()));
        Self { rule, text: text.to_owned(), path }
    }

    /// The paragraphs behind `**LABEL:**`, up to the next label or heading.
    #[must_use]
    pub fn part(&self, label: &str) -> &str {
        let rest = self.text.split(&format!("\n**{label}:** ")).nth(1).unwrap_or_default();
        let rest = rest.split("\n**").next().unwrap_or_default();
        rest.split("\n## ").next().unwrap_or_default()
    }

    /// What stands in front of the examples, and the examples.
    fn halves(&self) -> (&str, &str) {
        self.text.split_once("\n## Example").unwrap_or_else(|| panic!("{}: no examples", self.rule.id))
    }

    /// The examples: one that fails and one that passes, in turns.
    ///
    /// # Panics
    /// Where one is not written as the others are, or a file of it is not linked.
    #[must_use]
    pub fn examples(&self) -> Vec<[Told; 2]> {
        let mut items: Vec<String> = Vec::new();
        let mut is_open = false;
        for line in self.halves().1.lines() {
            if line.starts_with("- **") {
                items.push(line.to_owned());
                is_open = true;
            } else if line.starts_with("  ") && is_open {
                let item = items.last_mut().expect("an item");
                item.push('\n');
                item.push_str(line);
            } else {
                is_open = false;
            }
        }
        let told: Vec<Told> = items.into_iter().map(|item| self.told(item)).collect();
        let (pairs, rest) = told.as_chunks::<2>();
        assert!(rest.is_empty(), "{}: an example without its counterpart", self.rule.id);
        for [fails, passes] in pairs {
            assert!(!fails.passes && passes.passes, "{}: first what fails, then what passes", fails.name());
            self.all_is_linked(fails, None);
            self.all_is_linked(passes, Some(fails));
        }
        pairs.to_vec()
    }

    fn told(&self, item: String) -> Told {
        let id = self.rule.id;
        let label = item.strip_prefix("- **").and_then(|rest| rest.split_once(":**")).map(|(label, _)| label);
        let (passes, way) = match label.unwrap_or_default() {
            "Fails" => (false, Way::Admitted),
            "Passes" => (true, Way::Admitted),
            "Fails, audited" => (false, Way::Audited),
            "Passes, audited after it was admitted" => (true, Way::AuditedAfterwards),
            "Fails, where look-ups are forbidden" => (false, Way::WithoutLookUps),
            other => panic!("{id}: unknown label {other:?}"),
        };
        let name = item.split('`').nth(1).unwrap_or_default().to_owned();
        let told = Told { passes, way, file: root().join(EXAMPLES).join(&name), item };
        assert!(told.links().contains(&name) && told.file.is_file(), "{id}: {name} is no file that is linked");
        assert_eq!(told.beside("unreachable.txt").is_some(), way == Way::WithoutLookUps, "{name}");
        told
    }

    /// Every file of an example is linked, unless the counterpart has the same.
    fn all_is_linked(&self, told: &Told, counterpart: Option<&Told>) {
        let links = told.links();
        for extension in BESIDE {
            let Some(path) = told.beside(extension) else { continue };
            let same = counterpart.and_then(|other| other.beside(extension)).is_some_and(|o| read(&o) == read(&path));
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            assert!(same || links.contains(&name), "{}: {name} is not linked", self.rule.id);
        }
    }

    /// The page as it must be: with the messages that the goldens have, and what differs between the examples' files.
    ///
    /// # Panics
    /// Where the page has no place for a message, or nothing differs between two examples.
    #[must_use]
    pub fn made_anew(&self) -> String {
        let (head, tail) = self.halves();
        let examples = self.examples();
        let mut messages: Vec<String> = Vec::new();
        for [fails, _] in &examples {
            for message in self.messages(fails) {
                if !messages.contains(&message) {
                    messages.push(message);
                }
            }
        }
        let (before, rest) = head.split_once("```text\n").expect("a place for the message");
        let (_, after) = rest.split_once("```\n").expect("the end of the message");
        let mut page = format!("# {}\n{before}```text\n{}```\n{after}", self.rule.id, messages.concat());
        let plural = if examples.len() == 1 { "" } else { "s" };
        let _ = writeln!(page, "\n## Example{plural}\n");
        for [fails, passes] in &examples {
            let _ = writeln!(page, "{}\n{}\n", fails.item, passes.item);
            page.push_str(&differences(fails, passes));
        }
        // the last paragraph leads on
        let footer = tail.trim_end().rsplit("\n\n").next().unwrap_or_default();
        let _ = writeln!(page, "{footer}");
        page
    }

    /// What is printed of this rule, when the example is sent.
    fn messages(&self, fails: &Told) -> Vec<String> {
        let mut messages: Vec<String> = Vec::new();
        let answer = fails.beside("rejected.txt").or_else(|| fails.beside("accepted.txt")).expect("a golden");
        let (start, mut is_ours) = (format!("[{}] ", self.rule.id), false);
        for line in read(&answer).lines() {
            // kubectl writes it so
            let line = line.replace("warning: ", "Warning: ");
            if line.trim_start_matches("Warning: ").starts_with(&start) {
                messages.push(line + "\n");
                is_ours = true;
            } else if line.starts_with("  ") && is_ours {
                messages.last_mut().expect("a message").push_str(&(line + "\n"));
            } else {
                is_ours = false;
            }
        }
        assert!(!messages.is_empty(), "{}: nothing of the rule in {}", self.rule.id, answer.display());
        messages
    }
}

impl Told {
    /// The names of the files that it links.
    fn links(&self) -> Vec<String> {
        let targets = self.item.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        let folder = format!("../../{EXAMPLES}/");
        targets.filter_map(|target| target.strip_prefix(&folder)).map(str::to_owned).collect()
    }
}

/// What must be changed so that the example passes, as a block for each file.
fn differences(fails: &Told, passes: &Told) -> String {
    // the policy itself is the difference
    if passes.way == Way::AuditedAfterwards {
        return String::new();
    }
    let files = |told: &Told| -> Vec<Option<PathBuf>> {
        [Some(told.file.clone())].into_iter().chain(BESIDE.map(|extension| told.beside(extension))).collect()
    };
    let mut blocks = String::new();
    for pair in files(fails).into_iter().zip(files(passes)) {
        let (Some(old), Some(new)) = pair else { continue };
        let (old_text, new_text) = (read(&old), read(&new));
        if old_text != new_text {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let diff = TextDiff::from_lines(&old_text, &new_text);
            let diff = diff.unified_diff().context_radius(1).header(&name(&old), &name(&new)).to_string();
            let _ = writeln!(blocks, "```diff\n{diff}```\n");
        }
    }
    assert!(!blocks.is_empty() || fails.way == Way::WithoutLookUps, "{}: nothing differs", fails.name());
    blocks
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
