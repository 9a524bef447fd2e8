//! Lists of words that are searched fast: every part of every name is looked up in a dozen of them.

/// A list of words.
pub(super) struct WordList {
    /// As they are written.
    #[cfg(test)]
    pub(super) list: &'static str,
    /// One after the other, the shorter ones first.
    pub(super) bytes: &'static [u8],
    /// Where those of each length begin.
    pub(super) offsets: [u16; 17],
    /// For each length, a bit for every letter that a word of it begins with: most words are in no list, and this tells
    /// so at once.
    pub(super) starts: [u32; 16],
}

/// The [`WordList`] of a literal, in which they are separated by blanks.
macro_rules! word_list {
    ($list:literal $(,)?) => {{
        const WORDS: ([u8; $list.len()], [u16; 17], [u32; 16]) = WordList::read($list.as_bytes());
        WordList {
            #[cfg(test)]
            list: $list,
            bytes: &WORDS.0,
            offsets: WORDS.1,
            starts: WORDS.2,
        }
    }};
}
pub(super) use word_list;

impl WordList {
    pub(super) const fn read<const N: usize>(list: &[u8]) -> ([u8; N], [u16; 17], [u32; 16]) {
        let (mut words, mut offsets, mut starts) = ([0; N], [0; 17], [0; 16]);
        let (mut len, mut end) = (1, 0_u16);
        // no word is longer than the table
        while len < 16 {
            offsets[len] = end;
            let (mut start, mut at) = (0, 0);
            while at <= list.len() {
                if at == list.len() || list[at] == b' ' {
                    if at - start == len {
                        starts[len] |= Self::bit(list[start]);
                        while start < at {
                            words[end as usize] = list[start];
                            (start, end) = (start + 1, end + 1);
                        }
                    }
                    start = at + 1;
                }
                at += 1;
            }
            len += 1;
        }
        offsets[16] = end;
        (words, offsets, starts)
    }

    const fn bit(first: u8) -> u32 {
        1 << (first % 32)
    }

    #[inline(never)]
    pub(super) fn has(&self, word: &str) -> bool {
        let Some(first) = word.bytes().next() else { return false };
        let len = word.len();
        self.starts.get(len).is_some_and(|starts| starts & Self::bit(first) != 0)
            && self.bytes[usize::from(self.offsets[len])..usize::from(self.offsets[len + 1])]
                .chunks_exact(len)
                .any(|known| known[0] == first && known == word.as_bytes())
    }
}
