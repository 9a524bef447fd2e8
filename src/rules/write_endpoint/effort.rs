//! How much of an object is looked at. Whoever goes beyond hides something among it, and no honest pod comes near.

/// What is counted of an object. Each limit takes some ten milliseconds at most.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// Names of hosts of the pod's own.
    Aliases,
    /// Variables, and elements of command lines.
    Variables,
    /// Bytes of names and values that are taken to pieces.
    Closely,
    /// Bytes of values that are made of others.
    Expanded,
    /// Bytes of command lines.
    Shell,
}

impl Work {
    /// So much of it is done for one object.
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::Aliases => 4096,
            Self::Variables => 8192,
            Self::Closely => 40 << 10,
            Self::Expanded | Self::Shell => 256 << 10,
        }
    }
}

/// How much of an object was looked at so far.
#[derive(Default)]
pub(super) struct Effort {
    spent: [usize; 5],
    is_too_much: bool,
}

impl Effort {
    /// Counts so much more of a work. Is all that was counted so far within the limits?
    #[inline(never)]
    pub(super) fn spend(&mut self, work: Work, amount: usize) -> bool {
        let spent = &mut self.spent[work as usize];
        *spent += amount;
        self.is_too_much |= *spent > work.limit();
        !self.is_too_much
    }

    /// Is it enough? What is beyond is not looked at, and the object is reported for that.
    pub(super) fn is_too_much(&self) -> bool {
        self.is_too_much
    }
}
