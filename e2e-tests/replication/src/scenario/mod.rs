//! The scenarios, in the order in which they run on a cluster. Each begins with `ensure`, so each can run alone.

mod adopt;
mod attack;
pub(crate) mod chaos;
mod clone;
mod failure;
mod identity;
mod locks;
mod network;
mod own_files;
mod replication;
mod rules;
mod scale;
mod tls;
pub(crate) mod upgrade;

use serde_json::Value;

use crate::{admission::Admission, context::Context, image::Database, object::Objects, outcome::Result, stored};

/// One row of the table at the end.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) number: u32,
    pub(crate) title: &'static str,
    pub(crate) run: fn(&mut Context<'_>) -> Result,
    /// Why it cannot be tried on a database, where it cannot: the report says so.
    pub(crate) not_on: fn(&Database) -> Option<&'static str>,
}

/// A cluster, and what is done with it.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Unique among them, in the names of networks and claims.
    pub(crate) name: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) has_password: bool,
    /// As which version of XtraBackup a stand-in for it speaks.
    pub(crate) speaks_as: &'static str,
    /// The size in MiB of claims that are file systems of their own.
    pub(crate) claim: Option<u32>,
    /// A network without IPv4.
    pub(crate) is_ipv6: bool,
    /// The `ConfigMap`s, which the policy sees too, and the Secrets beside the root password's.
    pub(crate) objects: fn(&Database) -> Result<Objects, String>,
    /// Parameters of the scripts that injected containers get after admission: waits that are too long for a test.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// The StatefulSet as it is stored when the scenarios begin.
    pub(crate) begin: fn(&Admission<'_>, &Database) -> Result<Value, String>,
    pub(crate) scenarios: &'static [Scenario],
}

const fn lane(name: &'static str, manifest: &'static str, scenarios: &'static [Scenario]) -> Lane {
    Lane {
        name,
        manifest,
        has_password: true,
        speaks_as: "8.4",
        claim: None,
        is_ipv6: false,
        objects: |_| Ok(Objects::default()),
        parameters: &[],
        begin: |admission, _| admission.create(),
        scenarios,
    }
}

const fn scenario(number: u32, title: &'static str, run: fn(&mut Context<'_>) -> Result) -> Scenario {
    Scenario { number, title, run, not_on: |_| None }
}

/// One for which it does not matter how replicas get their data.
const fn of_server(number: u32, title: &'static str, run: fn(&mut Context<'_>) -> Result) -> Scenario {
    Scenario { not_on: not_on_the_same_server, ..scenario(number, title, run) }
}

fn not_on_the_same_server(database: &Database) -> Option<&'static str> {
    database.has_stand_in().then_some("it has nothing to do with the backup tool, and is tried without the stand-in")
}

/// Once with the words of XtraBackup 8.0, and once with those of 8.4.
const BY_POSITION: Scenario = Scenario {
    not_on: scale::not_without_xtrabackup,
    ..scenario(2, "scale out by file and position", scale::out_by_file_and_position)
};

/// The highest number of a scenario.
pub(crate) const LAST: i64 = 30;

/// The clusters of each database. Those that take longest are the first.
pub(crate) static LANES: [Lane; 16] = [
    lane(
        "mysql",
        "password.yaml",
        &[
            scenario(1, "one primary, two replicas", replication::from_nothing),
            of_server(10, "an event runs once", replication::event_runs_once),
            scenario(9, "a ConfigMap cannot open replicas", attack::config_map_opens_replicas),
            scenario(8, "backups only for who knows the password", attack::peer_without_password),
            scenario(2, "scale out under load", scale::out_under_load),
            scenario(3, "scale in and out with old claims", scale::in_and_out),
            scenario(4, "clone cut in the middle", clone::cut_in_the_middle),
            scenario(6, "kill between joining and marking", clone::kill_before_the_mark),
            scenario(5, "kill -9 of each container", failure::kill_containers),
            scenario(7, "primary restarted, and emptied", failure::primary_comes_back),
            of_server(13, "what rules prevent happens without them", rules::claims),
        ],
    ),
    Lane {
        has_password: false,
        speaks_as: "8.0",
        ..lane(
            "open",
            "empty-password.yaml",
            &[
                scenario(1, "one primary, two replicas (empty password)", replication::from_nothing),
                scenario(7, "primary restarted, and emptied (lag limit)", failure::primary_comes_back),
                of_server(11, "lag takes out of readiness", replication::lag),
                BY_POSITION,
            ],
        )
    },
    Lane {
        parameters: &identity::SHORT_TIMES,
        ..lane(
            "identity",
            "password.yaml",
            &[
                scenario(21, "restored from replicas", identity::restored_from_replicas),
                scenario(22, "all down, and the primary's volume lost", identity::all_down_and_volume_lost),
                of_server(24, "the root password changed under load", identity::password_rotated),
                of_server(25, "writes to a replica that restarts", identity::hammered_while_it_restarts),
                scenario(23, "the primary's log lost", identity::log_lost),
            ],
        )
    },
    Lane {
        begin: |admission, _| Ok(admission.before(1)),
        ..lane("adopt", "own-claim.yaml", &[scenario(27, "a database of one pod is adopted", adopt::one_pod)])
    },
    Lane {
        begin: |admission, _| Ok(admission.before(3)),
        ..lane(
            "adopt-several",
            "own-claim.yaml",
            &[of_server(28, "a database of several pods is adopted", adopt::several_pods)],
        )
    },
    Lane {
        begin: |_, database| stored::injected_before(database),
        ..lane(
            "policy",
            "password.yaml",
            &[Scenario {
                not_on: stored::not_without_record,
                ..scenario(29, "a cluster of the version before is upgraded", upgrade::of_the_policy)
            }],
        )
    },
    Lane {
        claim: Some(chaos::CLAIM),
        parameters: &chaos::SHORT_TIMES,
        ..lane("chaos", "password.yaml", &[scenario(chaos::NUMBER, "random faults", chaos::random_faults)])
    },
    lane("lost", "password.yaml", &[of_server(30, "what is lost where a rule is off", rules::losses)]),
    lane("hardened", "hardened.yaml", &[scenario(12, "hardened pods", attack::hardened), BY_POSITION]),
    Lane {
        is_ipv6: true,
        ..lane(
            "ipv6",
            "password.yaml",
            &[Scenario { not_on: network::not_without_ipv6, ..scenario(14, "IPv6 alone", network::ipv6_alone) }],
        )
    },
    Lane {
        parameters: &locks::SHORT_TIMES,
        ..lane("locks", "password.yaml", &[scenario(18, "a backup that must wait", locks::backup_must_wait)])
    },
    Lane {
        objects: tls::demanded_by,
        ..lane("tls", "tls.yaml", &[scenario(15, "TLS demanded of everyone", tls::demanded)])
    },
    Lane {
        objects: tls::without,
        ..lane("plain", "password.yaml", &[scenario(16, "TLS switched off", tls::switched_off)])
    },
    Lane {
        objects: own_files::lower_case,
        ..lane(
            "lower",
            "own-option-file.yaml",
            &[scenario(17, "data that depends on a mounted option file", own_files::data_depends_on_it)],
        )
    },
    lane(
        "upgrade",
        "upgrade.yaml",
        &[Scenario {
            not_on: upgrade::not_without_successor,
            ..scenario(19, "a new major version, rolled out under load", upgrade::rolled_out)
        }],
    ),
    lane(
        "upgrade-lost",
        "upgrade.yaml",
        &[Scenario {
            not_on: upgrade::not_without_successor,
            ..scenario(20, "a volume lost in the middle of that", upgrade::volume_lost_in_the_middle)
        }],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LANES, LAST};

    #[test]
    fn no_number_of_a_scenario_is_left_out() {
        let numbers: BTreeSet<u32> = LANES.iter().flat_map(|lane| lane.scenarios).map(|it| it.number).collect();
        assert_eq!(numbers, (1..=u32::try_from(LAST).expect("a number")).collect());
    }
}
