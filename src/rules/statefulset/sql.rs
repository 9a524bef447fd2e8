//! Statements of SQL, as far as they undo what the policy sets up: a small reader that knows comments, strings and
//! names in quotes (MySQL manual, "Language Structure"; MariaDB's is the same).

use std::borrow::Cow;

/// What a statement undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It opens the server for writes.
    ReadOnly,
    /// It lets the server run events.
    Events,
    /// It changes whom the server follows, or from where.
    Replication,
}

/// Could a text hold a statement that undoes something? Cheap, and never wrongly no.
#[inline(never)]
pub(crate) fn may_undo(text: &str) -> bool {
    let bytes = text.as_bytes();
    // `STOP SLAVE` is the shortest
    bytes.len() >= 10
        && bytes.iter().enumerate().any(|(at, byte)| {
            let words: &[&str] = match byte | 0x20 {
                b's' => &["set", "stop", "start"],
                b'r' => &["reset"],
                b'c' => &["change"],
                _ => return false,
            };
            words
                .iter()
                .any(|word| bytes[at..].get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word.as_bytes())))
        })
}

/// Finds the statements that undo something, each as messages show it: without any value that may be a secret.
pub(super) fn statements(text: &str, found: &mut dyn FnMut(What, Cow<str>)) {
    read(text, found);
    // `PREPARE statement FROM '...'`, `EXECUTE IMMEDIATE '...'`
    let is_dynamic = (Reader { text, at: 0 }).any(|token| token.is("prepare") || token.is("immediate"));
    if is_dynamic {
        (Reader { text, at: 0 })
            .filter(|token| token.kind == TokenKind::Text)
            .for_each(|token| read(token.text, found));
    }
}

#[inline(never)]
fn read(text: &str, found: &mut dyn FnMut(What, Cow<str>)) {
    let mut reader = Reader { text, at: 0 };
    let mut is_start = true;
    while let Some(token) = reader.next() {
        if is_start && token.kind == TokenKind::Word {
            if token.is("set") {
                is_start = set(&mut reader, &token, found);
                continue;
            }
            let mut behind = reader.clone();
            if let Some(end) = follows(&token, &mut behind) {
                let end = if has_comment(&text[token.start..end]) { token.end } else { end };
                found(What::Replication, Cow::Borrowed(&text[token.start..end]));
                reader = behind;
            }
        }
        is_start = token.begins_another();
    }
}

/// Does a statement that begins so concern replication? The place behind the words that say so.
fn follows(first: &Token, reader: &mut Reader) -> Option<usize> {
    let is_any = |token: &Token, words: &[&str]| words.iter().any(|word| token.is(word));
    let mut next = reader.next()?;
    if first.is("change") {
        if next.is("replication") {
            next = reader.next().filter(|next| is_any(next, &["source", "filter"]))?;
        } else if !next.is("master") {
            return None;
        }
    } else if is_any(first, &["stop", "start"]) {
        if next.is("all") {
            next = reader.next()?;
        }
        if !is_any(&next, &["slave", "replica", "slaves", "replicas"]) {
            return None;
        }
    } else if first.is("reset") {
        if next.is("binary") {
            next = reader.next().filter(|next| next.is("logs"))?;
        } else if !is_any(&next, &["slave", "replica", "master"]) {
            return None;
        }
    } else {
        return None;
    }
    Some(next.end)
}

/// Reads a `SET` to its end. Is what follows the beginning of a statement?
fn set(reader: &mut Reader, set: &Token, found: &mut dyn FnMut(What, Cow<str>)) -> bool {
    let text = reader.text;
    let mut is_first = true;
    let mut start = set.end;
    loop {
        // the name is the last word before the `=`
        let (mut name, mut owner, mut signs) = ("", "", 0);
        loop {
            let Some(token) = reader.next() else { return false };
            match (token.kind, token.text) {
                (TokenKind::Sign, "=") => break,
                (TokenKind::Sign, ",") => (name, owner, signs, start, is_first) = ("", "", 0, token.end, false),
                (TokenKind::Sign, "@") => signs += 1,
                (TokenKind::Sign, ".") => owner = name,
                (TokenKind::Word, _) if token.begins_another() => return true,
                (TokenKind::Word | TokenKind::Name, word) => name = word,
                _ if token.begins_another() => return true,
                _ => {}
            }
        }
        let Some(value) = reader.find(|token| token.kind != TokenKind::Sign || !["(", "+", "-"].contains(&token.text))
        else {
            return false;
        };
        if signs != 1
            && (owner.is_empty() || is_scope(owner))
            && let Some(what) = undone(name, value.text)
        {
            // what stands in lines between may be something else, with a password
            let written = &text[start..value.end];
            let shown = if has_comment(written) || written.contains('\n') {
                Cow::Owned(format!("SET {name} = {}", value.text))
            } else if is_first {
                Cow::Borrowed(&text[set.start..value.end])
            } else {
                Cow::Owned(format!("SET {}", text[start..value.end].trim()))
            };
            found(what, shown);
        }
        let mut depth = 0_usize;
        let mut token = Some(value);
        loop {
            match token.as_ref().map(|token| (token.kind, token.text)) {
                None => return false,
                Some((TokenKind::Sign, "(")) => depth += 1,
                Some((TokenKind::Sign, ")")) => depth = depth.saturating_sub(1),
                Some((TokenKind::Sign, ",")) if depth == 0 => break,
                _ if token.as_ref().is_some_and(Token::begins_another) => return true,
                _ => {}
            }
            token = reader.next();
        }
        is_first = false;
        start = token.map_or(reader.at, |token| token.end);
    }
}

/// May there be a comment within a statement? What that says is nobody's business.
fn has_comment(statement: &str) -> bool {
    statement.contains(['#', '*']) || statement.contains("--")
}

fn is_scope(owner: &str) -> bool {
    ["global", "persist", "persist_only", "session", "local"].iter().any(|scope| owner.eq_ignore_ascii_case(scope))
}

/// What a variable undoes by a value. `DEFAULT` is what MySQL has for events from 8.0 on.
fn undone(name: &str, value: &str) -> Option<What> {
    let is_any = |text: &str, words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    // a delimiter of the client's may be behind it
    let value = value.trim_end_matches('$');
    let is_zero = !value.is_empty() && value.bytes().all(|byte| byte == b'0');
    if is_any(name, &["read_only", "super_read_only"]) {
        // what a variable or an expression comes to is not known
        (!is_any(value, &["1", "on", "true"])).then_some(What::ReadOnly)
    } else if is_any(name, &["event_scheduler"]) {
        is_any(value, &["1", "on", "true", "default"]).then_some(What::Events)
    } else if is_any(name, &["sql_slave_skip_counter", "sql_replica_skip_counter"]) {
        (!is_zero).then_some(What::Replication)
    } else if is_any(name, &["slave_exec_mode", "replica_exec_mode"]) {
        is_any(value, &["idempotent"]).then_some(What::Replication)
    } else {
        is_any(name, &["gtid_purged", "gtid_slave_pos"]).then_some(What::Replication)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    /// A keyword, a name or a number.
    Word,
    /// A name in backquotes.
    Name,
    /// What is in quotes.
    Text,
    Sign,
}

#[derive(Debug)]
struct Token<'t> {
    kind: TokenKind,
    text: &'t str,
    start: usize,
    end: usize,
}

impl Token<'_> {
    #[inline(never)]
    fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Can a statement begin behind it? `;`, what the command line client takes for it, and the words of compound
    /// statements.
    #[inline(never)]
    fn begins_another(&self) -> bool {
        const WORDS: [&str; 8] = ["begin", "then", "else", "do", "loop", "repeat", "atomic", "for"];
        match self.kind {
            TokenKind::Sign => [";", "\\", "/", "|", "%"].contains(&self.text),
            TokenKind::Word => WORDS.iter().any(|word| self.is(word)) || self.text.bytes().all(|byte| byte == b'$'),
            _ => false,
        }
    }
}

#[derive(Clone)]
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn token(&mut self, kind: TokenKind, start: usize, end: usize) -> Token<'t> {
        let text = &self.text[start..end];
        let quote = usize::from([TokenKind::Name, TokenKind::Text].contains(&kind));
        self.at = end + quote;
        Token { kind, text, start: start - quote, end: self.at.min(self.text.len()) }
    }

    /// The token that begins at the quote here.
    fn quoted(&mut self, quote: u8, kind: TokenKind) -> Token<'t> {
        let start = self.at + 1;
        let mut is_escaped = false;
        let end = self.text.as_bytes()[start..].iter().position(|byte| {
            let is_end = *byte == quote && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped && quote != b'`';
            is_end
        });
        self.token(kind, start, end.map_or(self.text.len(), |end| start + end))
    }

    /// Goes behind a comment that begins here, or to what it holds where the server reads that (`/*! ... */`).
    fn comment(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let is_line = rest.starts_with('#')
            || rest.strip_prefix("--").is_some_and(|rest| rest.bytes().next().is_none_or(|byte| byte <= b' '));
        if is_line {
            self.at += rest.find('\n').unwrap_or(rest.len());
            return true;
        }
        if let Some(inner) = rest.strip_prefix("/*!").or_else(|| rest.strip_prefix("/*M!")) {
            self.at += rest.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        } else if rest.starts_with("*/") {
            self.at += 2;
        } else if let Some(inner) = rest.strip_prefix("/*") {
            self.at += inner.find("*/").map_or(rest.len(), |end| 2 + end + 2);
        } else {
            return false;
        }
        true
    }
}

impl<'t> Iterator for Reader<'t> {
    type Item = Token<'t>;

    #[inline(never)]
    fn next(&mut self) -> Option<Token<'t>> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            match byte {
                0..=b' ' => self.at += 1,
                b'#' | b'-' | b'/' | b'*' if self.comment() => {}
                b'\'' | b'"' => return Some(self.quoted(byte, TokenKind::Text)),
                b'`' => return Some(self.quoted(byte, TokenKind::Name)),
                b'\\' => {
                    // the client's own, such as `\G`
                    let start = self.at;
                    let token = self.token(TokenKind::Sign, start, start + 1);
                    self.at += self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
                    return Some(token);
                }
                _ => {
                    let is_of_word =
                        |byte: &u8| byte.is_ascii_alphanumeric() || b"_$".contains(byte) || !byte.is_ascii();
                    let start = self.at;
                    let len = bytes[start..].iter().position(|byte| !is_of_word(byte)).unwrap_or(bytes.len() - start);
                    let kind = if len > 0 { TokenKind::Word } else { TokenKind::Sign };
                    return Some(self.token(kind, start, start + len.max(1)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(What, String)> {
        let mut all = Vec::new();
        statements(text, &mut |what, shown| all.push((what, shown.into_owned())));
        all
    }

    #[test]
    fn statements_that_undo_something() {
        use What::{Events, ReadOnly, Replication};
        for (text, what, shown) in [
            ("SET GLOBAL super_read_only = 0", ReadOnly, "SET GLOBAL super_read_only = 0"),
            ("set @@global.read_only:=OFF;", ReadOnly, "set @@global.read_only:=OFF"),
            ("SET PERSIST_ONLY read_only='off'", ReadOnly, "SET PERSIST_ONLY read_only='off'"),
            ("SET GLOBAL `super_read_only`=DEFAULT", ReadOnly, "SET GLOBAL `super_read_only`=DEFAULT"),
            ("SET\tGLOBAL\n read_only=False", ReadOnly, "SET read_only = False"),
            ("SET GLOBAL a='b;c', GLOBAL read_only=0", ReadOnly, "SET GLOBAL read_only=0"),
            ("SET GLOBAL a=f(1, 2), read_only=0", ReadOnly, "SET read_only=0"),
            ("SET PASSWORD = 'x', read_only=0", ReadOnly, "SET read_only=0"),
            ("SELECT 1;SET/**/GLOBAL read_only=(0)", ReadOnly, "SET read_only = 0"),
            ("SET GLOBAL read_only -- secret\n = 0", ReadOnly, "SET read_only = 0"),
            ("SET GLOBAL read_only = @a", ReadOnly, "SET GLOBAL read_only = @"),
            ("SET GLOBAL read_only = NOT 1", ReadOnly, "SET GLOBAL read_only = NOT"),
            ("STOP /* secret */ SLAVE", Replication, "STOP"),
            ("STOP -- secret\n SLAVE", Replication, "STOP"),
            ("/*!80000 SET GLOBAL read_only=0 */", ReadOnly, "SET GLOBAL read_only=0"),
            ("SELECT 1\\G SET GLOBAL read_only=0", ReadOnly, "SET GLOBAL read_only=0"),
            ("CREATE EVENT e DO SET GLOBAL read_only=0", ReadOnly, "SET GLOBAL read_only=0"),
            ("DELIMITER $$\nSET GLOBAL read_only=0$$", ReadOnly, "SET GLOBAL read_only=0$$"),
            ("DELIMITER //\nSET GLOBAL read_only=0//", ReadOnly, "SET GLOBAL read_only=0"),
            ("SET @s='SET GLOBAL read_only=0'; PREPARE p FROM @s", ReadOnly, "SET GLOBAL read_only=0"),
            ("EXECUTE IMMEDIATE 'SET GLOBAL read_only=0'", ReadOnly, "SET GLOBAL read_only=0"),
            ("SELECT 'it''s'; SET GLOBAL read_only=0", ReadOnly, "SET GLOBAL read_only=0"),
            ("set global event_scheduler = 'on'", Events, "set global event_scheduler = 'on'"),
            ("SET GLOBAL event_scheduler=1", Events, "SET GLOBAL event_scheduler=1"),
            ("CHANGE MASTER TO MASTER_PASSWORD='x'", Replication, "CHANGE MASTER"),
            ("change master 'c' to master_host='x'", Replication, "change master"),
            ("CHANGE REPLICATION SOURCE TO x", Replication, "CHANGE REPLICATION SOURCE"),
            ("STOP\n REPLICA IO_THREAD", Replication, "STOP\n REPLICA"),
            ("START ALL SLAVES", Replication, "START ALL SLAVES"),
            ("RESET SLAVE ALL", Replication, "RESET SLAVE"),
            ("RESET BINARY LOGS AND GTIDS", Replication, "RESET BINARY LOGS"),
            ("RESET MASTER", Replication, "RESET MASTER"),
            ("SET GLOBAL sql_slave_skip_counter=1", Replication, "SET GLOBAL sql_slave_skip_counter=1"),
            ("SET @@GLOBAL.gtid_purged='a:1'", Replication, "SET @@GLOBAL.gtid_purged='a:1'"),
            ("SET GLOBAL slave_exec_mode='IDEMPOTENT'", Replication, "SET GLOBAL slave_exec_mode='IDEMPOTENT'"),
        ] {
            assert!(may_undo(text), "{text}");
            assert_eq!(found(text), [(what, shown.to_owned())], "{text}");
        }
        let all = found("STOP SLAVE; SET GLOBAL a=1; RESET SLAVE ALL; SET GLOBAL read_only=1, super_read_only=0");
        assert_eq!(all.len(), 3, "{all:?}");
    }

    #[test]
    fn statements_that_undo_nothing() {
        for text in [
            "",
            "SET",
            "SET GLOBAL",
            "SET GLOBAL read_only",
            "SET GLOBAL read_only=",
            "SET GLOBAL read_only = 1",
            "SET GLOBAL event_scheduler=OFF",
            "SET SESSION transaction_read_only = 0",
            "SET @read_only=0, @old_super_read_only=0",
            "SET NEW.read_only = 0",
            "UPDATE t SET read_only = 0",
            "SELECT @@global.read_only = 0",
            "SELECT 'SET GLOBAL read_only=0'",
            "-- SET GLOBAL read_only=0",
            "# SET GLOBAL read_only=0",
            "/* SET GLOBAL read_only=0 */ SELECT 1",
            "never SET GLOBAL read_only=0",
            "SHOW REPLICA STATUS",
            "SHOW SLAVE STATUS; SHOW MASTER STATUS",
            "START TRANSACTION; RESET QUERY CACHE; RESET PERSIST read_only",
            "CHANGE REPLICATION",
            "SET GLOBAL sql_slave_skip_counter=0",
            "\\",
            "'",
            "`",
            "/*",
            "/*!",
            "@",
            "SET @",
            "SET é=0",
            "\\é",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
