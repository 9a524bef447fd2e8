//! Which faults come when. All of it follows from the seed: neither time nor what came of a fault has a say, so a seed
//! that found something finds it with the same faults again.

use std::{fmt, time::Duration};

/// What is done to a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL for a container.
    Kill {
        pod: usize,
        container: &'static str,
    },
    /// SIGSTOP for all that runs in a pod, as a machine that is overloaded does it.
    Pause {
        pod: usize,
        seconds: u64,
    },
    /// No packet goes into a pod or out of it.
    Cut {
        pod: usize,
        seconds: u64,
    },
    /// The pod alone; its claim stays.
    DeletePod {
        pod: usize,
    },
    /// A replica's pod and its claim.
    LoseClaim {
        pod: usize,
    },
    /// The volume of a pod has no room any more.
    FillDisk {
        pod: usize,
        seconds: u64,
    },
    /// Root's password, on the server and in the Secret, so many seconds apart.
    Rotate {
        server_first: bool,
        seconds: u64,
    },
    Scale {
        replicas: usize,
    },
    /// SIGTERM for the server, and for nothing else of its pod.
    Restart {
        pod: usize,
    },
    /// All pods anew, from the last to the first, each when the one before it is Ready.
    Roll,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { pod, container } => write!(f, "kill -9 of {container} of pod {pod}"),
            Self::Pause { pod, seconds } => write!(f, "pod {pod} paused for {seconds} s"),
            Self::Cut { pod, seconds } => write!(f, "network of pod {pod} cut for {seconds} s"),
            Self::DeletePod { pod } => write!(f, "pod {pod} deleted"),
            Self::LoseClaim { pod } => write!(f, "pod {pod} deleted with its claim"),
            Self::FillDisk { pod, seconds } => write!(f, "disk of pod {pod} full for {seconds} s"),
            Self::Rotate { server_first: true, seconds } => write!(f, "ALTER USER, and the Secret {seconds} s later"),
            Self::Rotate { server_first: false, seconds } => write!(f, "the Secret, and ALTER USER {seconds} s later"),
            Self::Scale { replicas } => write!(f, "scaled to {replicas}"),
            Self::Restart { pod } => write!(f, "server of pod {pod} restarted"),
            Self::Roll => f.write_str("all pods rolled"),
        }
    }
}

/// A fault, and how long after the beginning of the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) after: Duration,
    pub(crate) fault: Fault,
}

/// One to three faults, most of which meet; then the cluster is left to mend itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) steps: Vec<Step>,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Step { after, fault }) in self.steps.iter().enumerate() {
            if index > 0 {
                write!(f, ", {:.1} s later ", after.as_secs_f64())?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kill,
    Pause,
    Cut,
    DeletePod,
    LoseClaim,
    FillDisk,
    Rotate,
    Scale,
    Restart,
    Roll,
}

const KINDS: [Kind; 10] = [
    Kind::Kill,
    Kind::Pause,
    Kind::Cut,
    Kind::DeletePod,
    Kind::LoseClaim,
    Kind::FillDisk,
    Kind::Rotate,
    Kind::Scale,
    Kind::Restart,
    Kind::Roll,
];

/// How many pods there are before the first fault.
pub(crate) const FIRST_REPLICAS: usize = 3;
/// The fewest and the most that a fault leaves.
const REPLICAS: std::ops::RangeInclusive<usize> = 2..=4;
pub(crate) const MOST_REPLICAS: usize = *REPLICAS.end();

/// The rounds of a seed, without an end.
#[derive(Debug)]
pub(crate) struct Plan {
    random: fastrand::Rng,
    /// How many pods there are to be by now.
    replicas: usize,
    /// Each kind comes once before any comes by chance: a short run has them all.
    dealt: Vec<Kind>,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut dealt = KINDS.to_vec();
        random.shuffle(&mut dealt);
        Self { random, replicas: FIRST_REPLICAS, dealt }
    }

    fn kind(&mut self) -> Kind {
        self.dealt.pop().unwrap_or_else(|| KINDS[self.random.usize(..KINDS.len())])
    }

    fn pod(&mut self) -> usize {
        self.random.usize(..self.replicas)
    }

    /// Mostly some seconds; now and then long enough for the probes to have done what they do.
    fn seconds(&mut self) -> u64 {
        if self.random.usize(..6) == 0 { self.random.u64(70..90) } else { self.random.u64(3..=20) }
    }

    fn fault(&mut self, kind: Kind) -> Fault {
        match kind {
            Kind::Kill => {
                Fault::Kill { pod: self.pod(), container: if self.random.bool() { "mysql" } else { "xtrabackup" } }
            }
            Kind::Pause => Fault::Pause { pod: self.pod(), seconds: self.seconds() },
            Kind::Cut => Fault::Cut { pod: self.pod(), seconds: self.seconds() },
            Kind::DeletePod => Fault::DeletePod { pod: self.pod() },
            Kind::LoseClaim => Fault::LoseClaim { pod: self.random.usize(1..self.replicas) },
            Kind::FillDisk => Fault::FillDisk { pod: self.pod(), seconds: self.seconds() },
            Kind::Rotate => Fault::Rotate { server_first: true, seconds: self.random.u64(0..=12) },
            Kind::Scale => {
                let others: Vec<usize> = REPLICAS.filter(|replicas| *replicas != self.replicas).collect();
                self.replicas = others[self.random.usize(..others.len())];
                Fault::Scale { replicas: self.replicas }
            }
            Kind::Restart => Fault::Restart { pod: self.pod() },
            Kind::Roll => Fault::Roll,
        }
    }
}

impl Iterator for Plan {
    type Item = Round;

    fn next(&mut self) -> Option<Round> {
        let mut steps = Vec::new();
        for _ in 0..self.random.usize(1..=3) {
            let kind = self.kind();
            let after = if steps.is_empty() { 0 } else { self.random.u64(0..8000) };
            let mut fault = self.fault(kind);
            // The Secret first is for pods that nobody restarts meanwhile (docs/operating.md, "Change the root
            // password"): a round of its own.
            if let Fault::Rotate { server_first, .. } = &mut fault
                && steps.is_empty()
            {
                *server_first = self.random.bool();
            }
            let is_alone = matches!(fault, Fault::Rotate { server_first: false, .. });
            steps.push(Step { after: Duration::from_millis(after), fault });
            if is_alone {
                break;
            }
        }
        Some(Round { steps })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, mem::discriminant};

    use super::{super::SEED, *};
    use crate::wish::ROUNDS;

    fn rounds(seed: u64, count: usize) -> Vec<Round> {
        Plan::new(seed).take(count).collect()
    }

    #[test]
    fn a_seed_gives_the_same_faults() {
        assert_eq!(rounds(7, 500), rounds(7, 500));
        let different: BTreeSet<String> = (0..100).map(|seed| format!("{:?}", rounds(seed, 4))).collect();
        assert_eq!(different.len(), 100);
    }

    /// What is drawn is drawn for good: a seed that somebody has written down is worth something tomorrow.
    #[test]
    fn a_seed_gives_these_faults() {
        let shown: Vec<String> = rounds(7, 4).iter().map(ToString::to_string).collect();
        let expected = [
            "ALTER USER, and the Secret 8 s later, 7.9 s later disk of pod 2 full for 11 s",
            "pod 1 paused for 10 s, 7.5 s later scaled to 4, 2.2 s later network of pod 1 cut for 73 s",
            "pod 2 deleted, 2.8 s later kill -9 of mysql of pod 1",
            "pod 2 deleted with its claim, 6.9 s later all pods rolled, 0.4 s later server of pod 0 restarted",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_kind_of_fault_is_in_the_rounds_of_ci() {
        let mut missing: Vec<Fault> = Vec::new();
        let drawn: Vec<Fault> =
            rounds(SEED, ROUNDS).into_iter().flat_map(|round| round.steps).map(|step| step.fault).collect();
        let mut plan = Plan::new(0);
        for kind in KINDS {
            let example = plan.fault(kind);
            if drawn.iter().all(|fault| discriminant(fault) != discriminant(&example)) {
                missing.push(example);
            }
        }
        assert_eq!(missing, [], "of {drawn:?}");
    }

    #[test]
    fn faults_are_for_pods_that_are_to_be_there() {
        for seed in 0..200 {
            let mut replicas = FIRST_REPLICAS;
            for round in rounds(seed, 50) {
                assert!((1..=3).contains(&round.steps.len()));
                for Step { fault, .. } in &round.steps {
                    match fault {
                        Fault::Scale { replicas: next } => {
                            assert!(REPLICAS.contains(next) && *next != replicas);
                            replicas = *next;
                        }
                        Fault::LoseClaim { pod } => assert!((1..replicas).contains(pod), "the primary's claim stays"),
                        Fault::Kill { pod, .. }
                        | Fault::Pause { pod, .. }
                        | Fault::Cut { pod, .. }
                        | Fault::DeletePod { pod }
                        | Fault::FillDisk { pod, .. }
                        | Fault::Restart { pod } => assert!(*pod < replicas),
                        Fault::Rotate { server_first: false, .. } => assert_eq!(round.steps.len(), 1),
                        Fault::Rotate { .. } | Fault::Roll => {}
                    }
                }
            }
        }
    }
}
