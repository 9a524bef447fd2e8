//! Texts of a shell, as far as they tell what is set: no shell is run here, and what is not plain says nothing.

use super::names::contains;

/// The words of one command.
pub(super) struct Command(pub(super) Vec<String>);

impl Command {
    /// May it set something? What is printed or compared is not set; what is printed into a file may be.
    pub(super) fn may_set(&self) -> bool {
        let Self(words) = self;
        let is_in_any = |list: &[&str], word: &String| list.contains(&word.as_str());
        let program = words.iter().find(|word| !is_in_any(&["if", "then", "else", "while", "until", "do", "!"], word));
        let is_said =
            program.is_some_and(|word| is_in_any(&["echo", "printf", "test", "[", "[[", "grep", "sed", "awk"], word));
        // `>&2` ends a command here
        let is_into_file = words.iter().enumerate().any(|(index, word)| {
            word.starts_with('>') && (index + 1 < words.len() || !word.trim_start_matches('>').is_empty())
        });
        !is_said || is_into_file
    }
}

/// The commands of a shell's text, each as its words without quotes. Comments are left out, and so are the statements
/// that tell a replica whom to follow.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    if says_whom_to_follow(text) {
        return commands;
    }
    let mut command = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if let Some(open) = quote {
            if letter == open {
                quote = None;
            } else if letter == '\\' && open == '"' {
                word.get_or_insert_default().extend(letters.next());
            } else {
                word.get_or_insert_default().push(letter);
            }
            continue;
        }
        match letter {
            '"' | '\'' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            '\\' => {
                // a line goes on
                if let Some(next) = letters.next().filter(|next| *next != '\n') {
                    word.get_or_insert_default().push(next);
                }
            }
            '#' if word.is_none() => while letters.next_if(|letter| *letter != '\n').is_some() {},
            '\n' | ';' | '&' | '|' | '{' | '}' if letter != '{' && letter != '}' || word.is_none() => {
                command.extend(word.take());
                if !command.is_empty() {
                    commands.push(Command(std::mem::take(&mut command)));
                }
            }
            letter if letter.is_whitespace() => command.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    // what a quote is never closed of is no shell's text
    if quote.is_none() {
        command.extend(word.take());
        if !command.is_empty() {
            commands.push(Command(command));
        }
    }
    commands
}

/// `CHANGE MASTER TO MASTER_HOST='...'`
fn says_whom_to_follow(text: &str) -> bool {
    ["change master", "change replication"].iter().any(|start| contains(text, start))
}
