//! The table: what must hold of which option.

use crate::{
    rule::{self, Rule},
    rules::must_hold::{
        Of,
        kinds::{Holds, Servers},
    },
};

/// A row of the table.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The option, with its older name if it has one.
    pub(super) names: &'static [&'static str],
    pub(super) holds: Holds,
    pub(super) of: Of,
    pub(super) servers: Servers,
    /// Does it matter only where the source wins over the file that the policy writes last?
    pub(super) is_last: bool,
    pub(super) rule: &'static Rule,
    pub(super) why: &'static str,
    pub(super) fix: &'static str,
}

const OPEN: &str = "remove it; the primary is open for writes without it";
const CLOSED: &str = "remove it; the policy sets it on replicas only";
const FORCED: &str = "remove it; the policy sets it";
const REMOVE: &str = "remove it";
const ONE_NAME: &str = "clones, replicas and probes come by the port 3306 of the pod's address and of 127.0.0.1";
const KEPT: &str = "a replica that is cut off in a transaction would skip it or run it twice";
const IN_DATA: &str = "remove it: InnoDB keeps its files in the data directory";
const PARTS: &str = "a clone holds the data directory alone: on replicas these files would be missing";
const LOG: &str = "in a new pod the log begins again, and replicas go on without what they have missed";

const fn row(
    names: &'static [&'static str],
    holds: Holds,
    of: Of,
    servers: Servers,
    rule: &'static Rule,
    why: &'static str,
    fix: &'static str,
) -> Row {
    Row { names, holds, of, servers, is_last: false, rule, why, fix }
}

/// One that the policy's own file says otherwise, which is read behind those of the roles.
const fn last(row: Row) -> Row {
    Row { is_last: true, ..row }
}

pub(super) static TABLE: [Row; 35] = [
    row(
        &["super-read-only"],
        Holds::Loose,
        Of::Both,
        Servers::WithoutSuperReadOnly,
        rule::UNKNOWN_SUPER_READ_ONLY,
        "MariaDB does not know this option, and its server does not start",
        "remove it; read-only is what MariaDB has, and the policy sets it on replicas",
    ),
    row(
        &["super-read-only"],
        Holds::Off,
        Of::Primary,
        Servers::WithSuperReadOnly,
        rule::PRIMARY_READ_ONLY,
        "the primary would take no writes, and there is no other pod that does",
        CLOSED,
    ),
    last(row(
        &["super-read-only"],
        Holds::On,
        Of::Replica,
        Servers::WithSuperReadOnly,
        rule::READ_ONLY_OFF,
        "each start of a replica's server opens it for writes",
        OPEN,
    )),
    row(
        &["read-only"],
        Holds::Off,
        Of::Primary,
        Servers::All,
        rule::PRIMARY_READ_ONLY,
        "the primary would take no writes, and there is no other pod that does",
        CLOSED,
    ),
    last(row(
        &["read-only"],
        Holds::On,
        Of::Replica,
        Servers::Mysql,
        rule::READ_ONLY_OFF,
        "only super-read-only, which the policy sets, still closes replicas",
        OPEN,
    )),
    last(row(
        &["read-only"],
        Holds::On,
        Of::Replica,
        Servers::Mariadb,
        rule::READ_ONLY_OFF,
        "each start of a replica's server opens it for writes",
        OPEN,
    )),
    last(row(
        &["persisted-globals-load"],
        Holds::Off,
        Of::Replica,
        Servers::Mysql,
        rule::READ_ONLY_OFF,
        "what SET PERSIST has left in a replica's data, read_only=OFF included, is loaded",
        "remove it; the option files of each role say what is right for it",
    )),
    row(
        &["log-bin"],
        Holds::On,
        Of::Primary,
        Servers::All,
        rule::BINARY_LOG_OFF,
        "without its binary log the primary has nothing that replicas could follow",
        "remove it; where a server logs only if told to, write log-bin=mysql-bin, or the log's old name",
    ),
    row(
        &["log-bin", "log-bin-index"],
        Holds::OwnVolume,
        Of::Primary,
        Servers::All,
        rule::BINARY_LOG_OFF,
        LOG,
        "give it a name without a directory, or a directory on a claim template",
    ),
    last(row(
        &["server-id"],
        Holds::Absent,
        Of::Both,
        Servers::All,
        rule::FIXED_SERVER_ID,
        "all pods would have this id, and a primary does not serve a replica with its own",
        "remove it; the policy gives every pod an id of its own",
    )),
    row(
        &["skip-replica-start", "skip-slave-start"],
        Holds::Off,
        Of::Replica,
        Servers::All,
        rule::REPLICATION_STOPPED,
        "a replica that restarts would follow no longer, and serve ever older data",
        REMOVE,
    ),
    last(row(
        &["skip-replica-start", "skip-slave-start"],
        Holds::On,
        Of::Replica,
        Servers::All,
        rule::REPLICATION_STOPPED,
        "a server that restarts would follow whatever answers, before it is seen whose data that has",
        REMOVE,
    )),
    row(
        &["init-file", "init-replica", "init-slave"],
        Holds::Absent,
        Of::Both,
        Servers::All,
        rule::INIT_FILE,
        "its statements run at every start, and one of them may open replicas for writes",
        "make sure that none does, or run them once on the primary",
    ),
    last(row(
        &["event-scheduler"],
        Holds::Off,
        Of::Replica,
        Servers::All,
        rule::FORCED_OPTION,
        "each replica would run the primary's events too, and write where it may",
        "remove it; for the primary write it into master.cnf, where it is not the default",
    )),
    last(row(
        &["relay-log-recovery"],
        Holds::On,
        Of::Replica,
        Servers::All,
        rule::FORCED_OPTION,
        "after a crash a replica would go on with a relay log that is half written",
        FORCED,
    )),
    last(row(
        &["relay-log-info-repository"],
        Holds::Table,
        Of::Replica,
        Servers::UntilMysql80,
        rule::FORCED_OPTION,
        KEPT,
        FORCED,
    )),
    last(row(
        &["master-info-repository"],
        Holds::Table,
        Of::Replica,
        Servers::UntilMysql80,
        rule::FORCED_OPTION,
        KEPT,
        FORCED,
    )),
    last(row(
        &["innodb-undo-log-truncate"],
        Holds::Off,
        Of::Replica,
        Servers::UntilMysql80,
        rule::FORCED_OPTION,
        "super-read-only stops a truncation half-way, and the next start loses what was open then",
        FORCED,
    )),
    last(row(
        &["plugin-load"],
        Holds::ClonePlugin,
        Of::Both,
        Servers::WithClonePlugin,
        rule::FORCED_OPTION,
        "it replaces all plugins before it: without the clone plugin nothing can be cloned",
        "write plugin-load-add instead",
    )),
    row(
        &["innodb-read-only"],
        Holds::Off,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        "neither could the primary write, nor could a replica follow it",
        REMOVE,
    ),
    row(
        &["offline-mode"],
        Holds::Off,
        Of::Both,
        Servers::Mysql,
        rule::FORCED_OPTION,
        "the server would take no clients",
        REMOVE,
    ),
    row(
        &["skip-grant-tables"],
        Holds::Off,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        "everybody may write everywhere, and MySQL from 8.0 on listens on no port: no replica can follow",
        REMOVE,
    ),
    row(&["skip-networking"], Holds::Off, Of::Both, Servers::All, rule::FORCED_OPTION, ONE_NAME, REMOVE),
    row(
        &["port"],
        Holds::Port,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        ONE_NAME,
        "remove it; a Service may give clients another port",
    ),
    row(
        &["bind-address"],
        Holds::AllAddresses,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        ONE_NAME,
        "remove it, or write bind-address=0.0.0.0 or *",
    ),
    row(
        &["replica-skip-errors", "slave-skip-errors"],
        Holds::NoErrors,
        Of::Replica,
        Servers::All,
        rule::SKIPPED_ERRORS,
        "a replica goes on while its data differs, and is Ready; one that does must be cloned anew",
        REMOVE,
    ),
    row(
        &["replica-exec-mode", "slave-exec-mode"],
        Holds::Strict,
        Of::Replica,
        Servers::All,
        rule::SKIPPED_ERRORS,
        "a replica goes on while its data differs, and is Ready; one that does must be cloned anew",
        REMOVE,
    ),
    last(row(
        &["gtid-mode"],
        Holds::Gtids,
        Of::Both,
        Servers::WithGtids,
        rule::GTID_MODE,
        "this cluster replicates by GTIDs",
        "remove it; the policy switches GTIDs on",
    )),
    last(row(
        &["enforce-gtid-consistency"],
        Holds::Consistent,
        Of::Both,
        Servers::WithGtids,
        rule::GTID_MODE,
        "with gtid-mode=ON, which the policy sets, no server starts unless it is ON",
        "remove it; the policy sets both",
    )),
    last(row(
        &["datadir"],
        Holds::DataDir,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        "the server would start an empty database beside the data",
        "remove it, or give the data directory as an argument",
    )),
    row(&["innodb-data-home-dir"], Holds::DataDir, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(&["innodb-undo-directory"], Holds::DataDir, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(&["innodb-log-group-home-dir"], Holds::DataDir, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(&["innodb-data-file-path"], Holds::PlainNames, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(
        &["early-plugin-load", "plugin-load", "plugin-load-add"],
        Holds::NoKeys,
        Of::Both,
        Servers::All,
        rule::DATA_ELSEWHERE,
        "the containers that clone do not have the key of encrypted tables",
        "remove it, and encrypt the volumes instead",
    ),
];
