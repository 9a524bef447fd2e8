//! Splits a shell's text into commands, in one pass.

use super::{
    Command, Script, Word,
    frame::{Expected, Frame, FrameKind, Open},
};
use std::borrow::Cow;

/// So deep parentheses are read; what is deeper is plain text, as no shell's text that anybody wrote is.
const DEPTH: usize = 64;

/// The commands of a shell's text.
pub(crate) fn split(text: &str) -> Script<'_> {
    let mut splitter = Splitter {
        text,
        at: 0,
        script: Script::default(),
        frame: Frame::default(),
        outer: Vec::new(),
        here_documents: Vec::new(),
    };
    splitter.run();
    splitter.script
}

struct Splitter<'t> {
    text: &'t str,
    at: usize,
    script: Script<'t>,
    frame: Frame<'t>,
    outer: Vec<Frame<'t>>,
    /// Those that begin behind this line: the place in the inputs, the last line, are there tabs before it.
    here_documents: Vec<(usize, Cow<'t, str>, bool)>,
}

impl<'t> Splitter<'t> {
    fn byte(&self, behind: usize) -> u8 {
        self.text.as_bytes().get(self.at + behind).copied().unwrap_or_default()
    }

    fn run(&mut self) {
        while self.at < self.text.len() {
            let byte = self.byte(0);
            match byte {
                b'\\' => self.escaped(),
                b'"' => {
                    self.cut(1).is_quoted = true;
                    self.frame.in_quotes = !self.frame.in_quotes;
                    self.at += 1;
                }
                b'$' => self.dollar(),
                b'`' => self.backquote(),
                b'}' if self.frame.word.as_ref().is_some_and(|word| word.braces > 0) => {
                    self.open().braces -= 1;
                    self.at += 1;
                }
                _ if self.frame.in_quotes => self.at += 1,
                b'\'' => self.single_quotes(false),
                _ if self.frame.word.as_ref().is_some_and(|word| word.braces > 0) => self.at += 1,
                b' ' | b'\t' | b'\r' => {
                    self.end_word();
                    self.at += 1;
                }
                b'#' if self.frame.word.is_none() => {
                    self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
                }
                b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => self.punctuation(byte),
                _ => {
                    self.open();
                    self.at += 1;
                }
            }
        }
        let has_braces = self.frame.word.as_ref().is_some_and(|word| word.braces > 0);
        self.script.is_open |= self.frame.in_quotes || has_braces || !self.outer.is_empty();
        // so no word that is still open takes the rest once more
        while !self.outer.is_empty() {
            self.leave();
        }
        self.end_command(false);
    }

    /// The word that the next letter belongs to.
    #[inline(never)]
    fn open(&mut self) -> &mut Open {
        let at = self.at;
        self.frame.word.get_or_insert_with(|| Open { from: at, ..Open::default() })
    }

    /// Takes the word as far as it goes, and leaves the next `skipped` bytes out of it.
    #[inline(never)]
    fn cut(&mut self, skipped: usize) -> &mut Open {
        let (text, at) = (self.text, self.at);
        let word = self.open();
        word.taken.push_str(text.get(word.from..at).unwrap_or_default());
        word.is_made = true;
        word.from = at + skipped;
        word
    }

    fn escaped(&mut self) {
        let next = self.text[self.at + 1..].chars().next();
        if next == Some('\n') {
            // the line goes on
            if self.frame.word.is_some() {
                self.cut(2);
            }
        } else if !self.frame.in_quotes || next.is_some_and(|next| "$`\"\\".contains(next)) {
            self.cut(1);
        }
        self.at += 1 + next.map_or(0, char::len_utf8);
    }

    fn single_quotes(&mut self, is_escaping: bool) {
        self.cut(1).is_quoted = true;
        let inner = &self.text[self.at + 1..];
        let mut end = inner.find('\'');
        if is_escaping {
            let mut is_escaped = false;
            end = inner.bytes().position(|byte| {
                let is_end = byte == b'\'' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                is_end
            });
        }
        self.script.is_open |= end.is_none();
        self.at += 1 + end.unwrap_or(inner.len());
        if end.is_some() {
            self.cut(1);
            self.at += 1;
        }
    }

    fn dollar(&mut self) {
        match self.byte(1) {
            b'(' => {
                // Kubernetes' own reference to a variable, which no shell sees
                let rest = &self.text[self.at + 2..];
                let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                if name > 0 && rest[name..].starts_with(')') {
                    self.open();
                    self.at += name + 3;
                } else {
                    self.substitution(2);
                }
            }
            b'{' => {
                self.open().braces += 1;
                self.at += 2;
            }
            b'\'' if !self.frame.in_quotes => {
                self.cut(1);
                self.at += 1;
                self.single_quotes(true);
            }
            _ => {
                self.open();
                self.at += 1;
            }
        }
    }

    /// `$(` and the like: what is printed between them becomes a part of the word.
    #[inline(never)]
    fn substitution(&mut self, len: usize) {
        if self.outer.len() >= DEPTH {
            self.open();
            self.at += len;
            return;
        }
        let is_arithmetic = self.byte(len) == b'(';
        let word = self.cut(len);
        word.taken.push_str("$(...)");
        self.enter(Frame { kind: FrameKind::Substitution, is_arithmetic, ..Frame::default() }, len);
    }

    fn backquote(&mut self) {
        if self.frame.kind == FrameKind::Backquotes {
            self.leave();
        } else if self.outer.len() < DEPTH {
            self.cut(1).taken.push_str("$(...)");
            self.enter(Frame { kind: FrameKind::Backquotes, ..Frame::default() }, 1);
        } else {
            self.open();
            self.at += 1;
        }
    }

    #[inline(never)]
    fn enter(&mut self, frame: Frame<'t>, len: usize) {
        self.outer.push(std::mem::replace(&mut self.frame, frame));
        self.at += len;
    }

    /// Goes on behind the end of what is between two parentheses.
    #[inline(never)]
    fn leave(&mut self) {
        self.end_command(false);
        self.at += 1;
        if let Some(outer) = self.outer.pop() {
            let inner = std::mem::replace(&mut self.frame, outer);
            if let (FrameKind::Substitution | FrameKind::Backquotes, Some(word)) =
                (inner.kind, self.frame.word.as_mut())
            {
                word.from = self.at;
            }
        }
    }

    fn punctuation(&mut self, byte: u8) {
        match byte {
            b'(' => self.parenthesis(),
            b')' => {
                self.end_word();
                let is_first = self.frame.command.words.first().is_some_and(|word| word.text == "case");
                if is_first || self.frame.is_pattern {
                    self.end_command(false);
                    self.frame.is_pattern = false;
                    self.at += 1;
                } else {
                    self.leave();
                }
            }
            b'<' | b'>' => self.redirection(byte),
            b'&' if self.byte(1) == b'>' => {
                self.end_word();
                self.at += 1;
                self.redirection(b'>');
            }
            _ if self.frame.kind == FrameKind::Array => {
                self.end_word();
                self.at += 1;
            }
            _ => {
                let is_twice = byte != b'\n' && self.byte(1) == byte;
                self.end_command(byte == b'|' && !is_twice);
                self.frame.is_pattern |= byte == b';' && is_twice && self.frame.cases > 0;
                self.at += if is_twice { 2 } else { 1 };
                if byte == b'|' && self.byte(0) == b'&' && !is_twice {
                    self.at += 1;
                }
                if byte == b'\n' {
                    self.read_here_documents();
                }
            }
        }
    }

    fn parenthesis(&mut self) {
        let is_full = self.outer.len() >= DEPTH;
        let name = self.frame.word.as_ref().filter(|word| !word.is_made && !is_full);
        if let Some(name) = name.and_then(|word| self.text.get(word.from..self.at)).filter(|name| name.ends_with('=')) {
            self.frame.word = None;
            let words = vec![Word { text: Cow::Borrowed(name), is_quoted: false }];
            let command = Command { words, is_array: true, ..Command::default() };
            self.enter(Frame { kind: FrameKind::Array, command, ..Frame::default() }, 1);
            return;
        }
        let waiting = self.frame.waiting.take();
        self.end_command(false);
        let is_arithmetic = self.frame.is_arithmetic || self.byte(1) == b'(';
        if is_full {
            self.at += 1;
        } else {
            self.enter(Frame { waiting, is_arithmetic, ..Frame::default() }, 1);
        }
    }

    #[inline(never)]
    fn redirection(&mut self, byte: u8) {
        let (text, at) = (self.text, self.at);
        let number = self.frame.word.as_ref().filter(|word| !word.is_made).and_then(|word| text.get(word.from..at));
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if number.is_some() {
            self.frame.word = None;
        }
        if byte == b'<' {
            self.input();
            return;
        }
        self.end_word();
        match self.byte(1) {
            b'(' => self.substitution(2),
            b'&' if self.byte(2).is_ascii_digit() || self.byte(2) == b'-' => {
                self.at += 2;
                while self.byte(0).is_ascii_digit() || self.byte(0) == b'-' {
                    self.at += 1;
                }
            }
            next => {
                self.frame.expected = Expected::Output { is_output: number.is_none_or(|number| number == "1") };
                self.at += if [b'>', b'|', b'&'].contains(&next) { 2 } else { 1 };
            }
        }
    }

    fn input(&mut self) {
        self.end_word();
        let (expected, len) = match (self.byte(1), self.byte(2)) {
            (b'(', _) => return self.substitution(2),
            (b'<', b'<') => (Expected::HereString, 3),
            (b'<', next) if !self.frame.is_arithmetic => {
                let has_tabs = next == b'-';
                (Expected::HereDocument { has_tabs }, 2 + usize::from(has_tabs))
            }
            (b'<' | b'&' | b'>', _) => (Expected::Input, 2),
            _ => (Expected::Input, 1),
        };
        self.frame.expected = expected;
        self.at += len;
    }

    #[inline(never)]
    fn end_word(&mut self) {
        let Some(mut word) = self.frame.word.take() else { return };
        let rest = self.text.get(word.from..self.at).unwrap_or_default();
        let text = if word.is_made {
            word.taken.push_str(rest);
            Cow::Owned(word.taken)
        } else {
            Cow::Borrowed(rest)
        };
        let inputs = &mut self.script.inputs;
        let command = &mut self.frame.command;
        match std::mem::take(&mut self.frame.expected) {
            Expected::Word => {
                if text == "esac" && command.words.is_empty() {
                    self.frame.cases = self.frame.cases.saturating_sub(1);
                    self.frame.is_pattern = false;
                }
                command.words.push(Word { text, is_quoted: word.is_quoted });
            }
            Expected::Output { is_output } => {
                let is_shown = ["/dev/", "/proc/"].iter().any(|place| text.starts_with(place));
                command.into_file |= is_output && !is_shown;
            }
            // a word behind the program's own
            Expected::Input if command.words.is_empty() => {}
            Expected::Input => command.words.push(Word { text, is_quoted: word.is_quoted }),
            // with quotes taken off it may be no piece of the text; it is a word too, which may be as well
            Expected::HereString => {
                if let Cow::Borrowed(text) = text {
                    command.inputs.push(inputs.len());
                    inputs.push(text);
                } else {
                    command.words.push(Word { text, is_quoted: true });
                }
            }
            Expected::HereDocument { has_tabs } => {
                command.inputs.push(inputs.len());
                self.here_documents.push((inputs.len(), text, has_tabs));
                inputs.push("");
            }
        }
    }

    #[inline(never)]
    fn end_command(&mut self, is_piped: bool) {
        self.end_word();
        let mut command = std::mem::take(&mut self.frame.command);
        if command.words.is_empty() && command.inputs.is_empty() {
            // behind a group
            self.script.groups_go_on |= is_piped || command.into_file;
            return;
        }
        let index = self.script.commands.len();
        if let Some(waiting) = self.frame.waiting.take() {
            self.script.commands[waiting].piped_to = Some(index);
        }
        let first = command.words.first().map(|word| word.text.as_ref()).unwrap_or_default();
        if first == "case" && command.words.iter().any(|word| word.text == "in") {
            self.frame.cases += 1;
            self.frame.is_pattern = true;
        }
        if ["}", "done", "fi", "esac"].contains(&first) {
            self.script.groups_go_on |= is_piped || command.into_file;
        }
        if is_piped {
            self.frame.waiting = Some(index);
        }
        command.is_substituted = [FrameKind::Substitution, FrameKind::Backquotes].contains(&self.frame.kind);
        self.script.commands.push(command);
    }

    /// The bodies of the here-documents that begin with this line.
    fn read_here_documents(&mut self) {
        for (place, end, has_tabs) in std::mem::take(&mut self.here_documents) {
            let body = &self.text[self.at..];
            let mut len = 0;
            for line in body.split_inclusive('\n') {
                let bare = line.trim_end_matches(['\n', '\r']);
                if (if has_tabs { bare.trim_start_matches('\t') } else { bare }) == end {
                    self.at += line.len();
                    break;
                }
                len += line.len();
            }
            self.script.inputs[place] = &body[..len];
            self.at += len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word that is still open at the end would take the rest once more, and a reader of these texts again.
    #[test]
    fn words_that_nothing_closes_share_the_text() {
        for unit in ["\"$(", "\"$(\"$(set ", "`\"$(x ", "${a:-\"$(", "(\"$("] {
            let text = unit.repeat(1000);
            let script = split(&text);
            let len = |command: &Command| command.words.iter().map(|word| word.text.len()).sum::<usize>();
            let all: usize = script.commands.iter().map(len).sum();
            assert!(script.is_open && all < 2 * text.len() + 64 * 10, "{unit}: {all} of {}", text.len());
        }
    }
}
