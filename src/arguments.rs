//! The words of a container's command line that its server gets, those inside a shell's text among them.

use crate::{
    json::{Value, list_at},
    shell::{Program, Variables, program, server_at, split},
};
use std::borrow::Cow;

/// A word of `command` or `args`.
pub(crate) struct Word<'a> {
    /// `command` or `args`.
    pub(crate) list: &'static str,
    /// Its element of the list.
    pub(crate) index: usize,
    /// The word; from a shell's text it comes without quotes, and with the values that the text itself assigns.
    pub(crate) text: Cow<'a, str>,
    /// Is it an element of its own, and not part of a shell's text?
    pub(crate) is_whole: bool,
}

/// Whose a word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Server,
    /// That of a command that nobody knows. It counts where no command could be told to start a server.
    Unknown,
}

/// The words of a container, each with whose it is.
type Words<'v> = Vec<(Whose, Word<'v>)>;

/// The words that the server is started with, in their order: those from the name of a server, or of what starts one, on,
/// and where none is named, all but those of clients and tools. An element that is an option is one word, whatever its
/// value holds.
pub(crate) fn words<'v>(container: &'v Value) -> impl Iterator<Item = Word<'v>> {
    let mut words = Words::new();
    let lists = ["command", "args"].map(|list| (list, list_at(container, &[list])));
    let elements =
        || lists.into_iter().flat_map(|(list, elements)| elements.iter().enumerate().map(move |it| (list, it)));
    let server = server_at(elements().map(|(_, (_, element))| element.as_str().unwrap_or_default()));
    let mut is_behind_c = false;
    let mut is_told = server.is_some();
    for (at, (list, (index, element))) in elements().enumerate() {
        let Some(element) = element.as_str() else { continue };
        let is_text = is_behind_c || (!element.starts_with("--") && element.contains(char::is_whitespace));
        is_behind_c = is_c(element);
        let is_servers = server.is_none_or(|server| at >= server);
        if is_text {
            let before = words.len();
            read(element, 0, &mut |whose, text| words.push((whose, Word { list, index, text, is_whole: false })));
            if words[before..].iter().any(|(whose, _)| *whose == Whose::Server) {
                // what is before a text that starts a server is the shell's
                words[..before].iter_mut().filter(|_| !is_told).for_each(|(whose, _)| *whose = Whose::Unknown);
                is_told = true;
            } else if server.is_some() && is_servers {
                words[before..].iter_mut().for_each(|(whose, _)| *whose = Whose::Server);
            }
        } else {
            let whose = if is_servers { Whose::Server } else { Whose::Unknown };
            words.push((whose, Word { list, index, text: Cow::Borrowed(element), is_whole: true }));
        }
    }
    words.into_iter().filter(move |(whose, _)| !is_told || *whose == Whose::Server).map(|(_, word)| word)
}

/// Is it an option, such as `-c` or `-ec`, that a shell has its text behind?
fn is_c(element: &str) -> bool {
    element.strip_prefix('-').is_some_and(|flags| flags.ends_with('c') && flags.bytes().all(|b| b.is_ascii_lowercase()))
}

/// The words of a shell's text. What is deeper within others than anybody writes it is not looked at.
fn read<'t>(text: &'t str, depth: usize, push: &mut dyn FnMut(Whose, Cow<'t, str>)) {
    const DEPTH: usize = 4;
    let script = split(text);
    if script.is_open {
        // no shell takes it: whoever does splits it otherwise
        let words = || text.split_whitespace().map(|word| word.trim_matches(['"', '\'', ';', '&', '|']));
        let server = server_at(words());
        for word in words().skip(server.unwrap_or_default()) {
            push(if server.is_some() { Whose::Server } else { Whose::Unknown }, Cow::Borrowed(word));
        }
        return;
    }
    let mut variables = Variables::of(&script, &|_| None);
    let mut is_told = false;
    for (index, command) in script.commands.iter().enumerate() {
        if matches!(program(&command.words, command.is_array), Program::Client | Program::Printer) {
            continue;
        }
        let words = variables.expand(index, command);
        let whose = match program(&words, command.is_array) {
            Program::Client | Program::Printer => continue,
            Program::Server(_) if words.iter().any(|word| ends_at_once(word)) => continue,
            Program::Server(at) => (Whose::Server, at),
            Program::Unknown => (Whose::Unknown, 0),
        };
        is_told |= whose.0 == Whose::Server;
        for word in words.into_iter().skip(whose.1) {
            if depth < DEPTH && !word.starts_with('-') && word.contains(char::is_whitespace) {
                let mut inner = Vec::new();
                read(&word, depth + 1, &mut |whose, text| inner.push((whose, text.into_owned())));
                if whose.0 == Whose::Unknown || inner.iter().any(|(whose, _)| *whose == Whose::Server) {
                    inner.into_iter().for_each(|(whose, text)| push(whose, text.into()));
                    continue;
                }
            }
            push(whose.0, word);
        }
    }
    for word in variables.beyond_the_limit().flat_map(str::split_whitespace) {
        push(if is_told { Whose::Server } else { Whose::Unknown }, word.to_owned().into());
    }
}

/// Is it an option with which a server does something else than serve?
fn ends_at_once(word: &str) -> bool {
    ["--version", "--help", "-V", "-?", "--validate-config", "--bootstrap"].contains(&word)
        || word.starts_with("--initialize")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    /// The words, with a space between them.
    fn of(container: &Value) -> String {
        words(container).map(|word| word.text.into_owned()).collect::<Vec<_>>().join(" ")
    }

    fn of_text(text: &str) -> String {
        of(&json!({"command": ["bash", "-c", text]}))
    }

    #[test]
    fn words_of_a_shells_text_count_too() {
        let container = json!({"command": ["sh", "-c", "exec mysqld '--a=b'; exit"], "args": [5, "--c=d e"]});
        let words: Vec<_> =
            words(&container).map(|word| (word.list, word.index, word.text.into_owned(), word.is_whole)).collect();
        assert_eq!(
            words,
            [
                ("command", 2, "mysqld".to_owned(), false),
                ("command", 2, "--a=b".to_owned(), false),
                ("args", 1, "--c=d e".to_owned(), true),
            ]
        );
    }

    #[test]
    fn only_the_servers_words() {
        for (text, expected) in [
            ("mysqld --a;", "mysqld --a"),
            ("mysqld --a&", "mysqld --a"),
            ("mysqld --a&&b --c", "mysqld --a"),
            ("mysqld --a||exit", "mysqld --a"),
            ("(mysqld --a)", "mysqld --a"),
            ("mysqld --a>/log 2>&1 --b", "mysqld --a --b"),
            ("mysqld \\\n  --a\\\n  --b", "mysqld --a --b"),
            ("x=$(mysqld --a)", "mysqld --a"),
            ("`mysqld --a`", "mysqld --a"),
            ("mysqld --a\"-b\"'-c'", "mysqld --a-b-c"),
            ("mysqld --a=\"b c\" --d", "mysqld --a=b c --d"),
            ("mysqld --a # --b", "mysqld --a"),
            ("# mysqld --b\nmysqld --a", "mysqld --a"),
            ("echo mysqld --b; grep -- --c x; exec gosu mysql mysqld --a", "mysqld --a"),
            ("mysql --b -e x; mysqldump --c; chown --d mysqld; mysqld --a", "mysqld --a"),
            ("(until mysqladmin --b ping; do sleep 1; done) & exec /usr/sbin/mysqld --a", "/usr/sbin/mysqld --a"),
            ("cat >x <<E\nmysqld --b\nE\nmysqld --a", "mysqld --a"),
            ("cat <<-'E' >x\n\tmysqld --b\n\tE\nmysqld --a", "mysqld --a"),
            ("x=$((1<<3))\nmysqld --a", "mysqld --a"),
            ("mysqld --version; mysqld --initialize-insecure --b; mysqld --a", "mysqld --a"),
            ("if pidof mysqld; then exit; fi; command -v mysqld --b; exec mysqld --a", "mysqld --a"),
            ("case $X in a) mysqld --a;; *) mysqld --b;; esac; (true)", "mysqld --a mysqld --b"),
            ("bash -c 'exec mysqld --a'", "mysqld --a"),
            ("eval \"mysqld --a\"", "mysqld --a"),
            ("docker-entrypoint.sh mysqld --a=$(B)", "docker-entrypoint.sh mysqld --a=$(B)"),
            ("mysqld --a=$((100+B)) --c", "mysqld --a=$(...) --c"),
            // what starts the server cannot be told apart
            ("sleep --b; ./start --a", "bash -c ./start --a"),
        ] {
            assert_eq!(of_text(text), expected, "{text}");
        }
        let container = json!({"command": ["numactl", "--b", "docker-entrypoint.sh"], "args": ["mysqld", "--a"]});
        assert_eq!(of(&container), "docker-entrypoint.sh mysqld --a");
        assert_eq!(of(&json!({"args": ["--a", "--b"]})), "--a --b");
        assert_eq!(of(&json!({"command": ["mysqld", "--a", "b --c"]})), "mysqld --a b --c");
    }

    #[test]
    fn what_a_text_assigns() {
        for (text, expected) in [
            ("O=--a; mysqld $O", "mysqld --a"),
            ("export O=\"--a --b\"; mysqld ${O}", "mysqld --a --b"),
            ("O=\"--a --b\"; mysqld \"$O\"", "mysqld --a --b"),
            ("O=; O+=' --a'; mysqld $O", "mysqld --a"),
            ("O=--a; O=\"$O --b\"; mysqld $O", "mysqld --a --b"),
            ("O=--a; if x; then O=--b; fi; mysqld $O", "mysqld --a --b"),
            ("O=--a; O=--b; mysqld $O", "mysqld --b"),
            ("o=(--a 'b c'); o+=(--d); mysqld \"${o[@]}\"", "mysqld --a b c --d"),
            ("set -- mysqld --a; exec docker-entrypoint.sh \"$@\"", "docker-entrypoint.sh mysqld --a"),
            ("V=0; mysqld --a=$V", "mysqld --a=0"),
            ("C='mysqld --a'; exec $C", "mysqld --a"),
            ("m='mysql --b'; $m --c; mysqld --a", "mysqld --a"),
            ("mysqld ${X:---a}", "mysqld ${X} --a"),
            ("mysqld $X --a", "mysqld $X --a"),
            // assigned behind it
            ("mysqld $O; O=--a", "mysqld $O"),
        ] {
            assert_eq!(of_text(text), expected, "{text}");
        }
        // more than anybody writes: all that is assigned counts
        let text = format!("A={}; O=--a; mysqld {} $O", "x".repeat(9_000), "$A ".repeat(40));
        assert!(of_text(&text).ends_with("--a"));
    }
}
