//! Rules on what a cluster was made with and keeps: clone method, GTIDs and the name of the binary log; and on data
//! that a clone would not bring along.

use std::{borrow::Cow, cell::OnceCell};

use mysql_options::{ServerOption, effective};

use crate::{
    annotations::Annotations,
    cluster::{Cluster, Kind, Lookup},
    config_maps::ConfigMaps,
    data_dir::Kept,
    database::Found,
    findings::{Findings, Violation},
    flavor::{CloneMethod, Flavor},
    given::{Given, given_options, told},
    halves::Halves,
    json::{NULL, Value, at, list_at, str_at},
    name_index::NameIndex,
    names::{CONFIG_MAP_VOLUME, DATA_DIR, annotation},
    object::by_name,
    planned::Planned,
    record::{Gtid, Replication, told_injected},
    rule,
    rules::{
        config_map::told_by_files,
        must_hold::{Of, Origin, Placed, check},
        option_files::{self, Reading},
        statefulset::{ARGUMENTS_WIN, written, wrong},
    },
    settings::Settings,
    text::{label, shown},
};

/// Why a roll-out cannot change how replicas follow.
const ONE_BY_ONE: &str = "pods restart one by one: a replica with GTIDs does not follow a primary without, nor the \
    other way round, and the roll-out stops";
/// What a renamed binary log does.
const LOG_ANEW: &str = "under another name the binary log begins anew, and replicas miss what they have not read";
/// One that is told to switch the log on must not take that for any name.
const SAME_NAME: &str = "leave the log its old name: log-bin=NAME";
/// The way to change what a cluster was made with.
const BY_ONE_POD: &str =
    "leave it; or scale to 1 first, and see 'Change the clone method or GTIDs' in docs/operating.md";

/// What the servers are told of their binary log and of GTIDs, by arguments or by option files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The name of the primary's binary log; empty for an option without one.
    pub(super) log_bin: Option<String>,
    /// Are GTIDs on? Of option files, in those of both roles.
    pub(super) gtid: Option<bool>,
}

impl Told {
    /// What servers without option files are told.
    fn nothing() -> Self {
        Self { log_bin: None, gtid: Some(false) }
    }

    fn by_arguments(given: &[Given]) -> Self {
        let options = told(given);
        let gtid = effective(&options, "gtid-mode");
        Self {
            log_bin: effective(&options, "log-bin").and_then(|(_, option)| log_name(option)),
            gtid: gtid.map(|(place, option)| option.is_gtid_on(given[*place].next.as_deref())),
        }
    }
}

/// The name that `log-bin` gives, empty for one without a value. One that is off is another rule's business.
pub(super) fn log_name(option: &ServerOption) -> Option<String> {
    option.switch().then(|| option.value.unwrap_or_default().to_owned())
}

/// Do the options of a file switch GTIDs on?
pub(super) fn switches_gtids_on(options: &[(usize, ServerOption)]) -> bool {
    effective(options, "gtid-mode").is_some_and(|(_, option)| option.is_gtid_on(None))
}

/// A StatefulSet under admission, with what is stored of it.
pub(crate) struct Subject<'s, 'a> {
    pub(crate) plan: Planned<'s>,
    pub(crate) object: &'s Value<'a>,
    pub(crate) old: Option<&'s Value<'a>>,
    /// What the cluster was made with.
    pub(crate) kept: Option<Replication>,
    /// The clone method of the user's annotation.
    pub(crate) asked: Option<CloneMethod>,
    /// Is there another number of pods than one, before or after? Where there is none, their claims may be there.
    pub(crate) is_live: bool,
}

/// Checks a StatefulSet.
pub(crate) fn replication(
    subject: &Subject,
    found: &Found,
    namespace: &str,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    let Subject { plan, object, old, kept, asked, is_live } = *subject;
    let containers = |object| list_at(object, &["spec", "template", "spec", "containers"]);
    let path = &found.path;
    let given = &found.given().given;
    let stored = old.and_then(|old| by_name(containers(old), plan.container));
    let stored = stored.map(|stored| given_options(stored, &found.config_maps)).unwrap_or_default().given;
    check_arguments(found, &stored, object, &plan, findings);

    let (Some(old), Some(kept), true) = (old, kept, is_live) else { return };
    if let Some(asked) = asked.filter(|asked| *asked != kept.clone_method) {
        findings.reject(Violation::new(
            rule::REPLICATION_CHANGED,
            Annotations::path(annotation::CLONE_METHOD),
            format!("\"{}\" for a cluster that was made with {}", asked.name(), kept.clone_method.name()),
            "while pods with both methods run, one that must clone may find no donor that speaks its method",
            BY_ONE_POD,
        ));
    }
    let was_in = told_injected(old, "REPLICATION_DATA_DIR").unwrap_or_default();
    if !was_in.is_empty() && was_in != plan.data_dir {
        findings.reject(Violation::new(
            rule::REPLICATION_CHANGED,
            *path,
            format!("the data directory {}, not {}", shown(plan.data_dir), shown(was_in)),
            "another folder of the volume may be there, and the data is not in it",
            "leave it where it is",
        ));
    }
    changed(&Told::by_arguments(&stored), &Told::by_arguments(given), kept, findings, &|what, why, fix| {
        Violation::new(rule::REPLICATION_CHANGED, *path, format!("arguments that {what}"), why, fix)
    });

    if kept.gtid == Gtid::OptionFiles && settings.is_on(rule::REPLICATION_CHANGED) {
        mounted_files(subject, found, &ConfigMaps::new(cluster, namespace), kept, findings);
    }

    let volumes = list_at(old, &["spec", "template", "spec", "volumes"]);
    let old_map = by_name(volumes, CONFIG_MAP_VOLUME).map_or("", |volume| str_at(volume, &["configMap", "name"]));
    if old_map.is_empty() || old_map == plan.config_map || !settings.is_on(rule::REPLICATION_CHANGED) {
        return;
    }
    let told = |name: &str, absent: Option<Told>| match cluster.get(Kind::ConfigMap, namespace, name) {
        Lookup::Found(map) => Some(told_by_files(&map, plan.database.flavor == Flavor::Mariadb)),
        Lookup::Absent => absent,
        Lookup::Failed(_) => None,
    };
    // of one that is no more, nothing is known; pods that start before one is there have no option files
    if let (Some(before), Some(after)) = (told(old_map, None), told(plan.config_map, Some(Told::nothing()))) {
        let maps = format!("{} instead of {}", label("ConfigMap", namespace, plan.config_map), shown(old_map));
        changed(&before, &after, kept, findings, &|what, why, fix| {
            let path = Annotations::path(annotation::CONFIG_MAP);
            let found = format!("{maps}: option files that {what}");
            Violation::new(rule::REPLICATION_CHANGED, path, found, why, fix)
        });
    }
}

/// Option files that the database container mounts itself have a say on GTIDs where those of the roles have none.
fn mounted_files(
    subject: &Subject,
    found: &Found,
    config_maps: &ConfigMaps,
    kept: Replication,
    findings: &mut Findings,
) {
    let Subject { plan, old: Some(old), .. } = *subject else { return };
    let pod = at(old, &["spec", "template", "spec"]).unwrap_or(NULL);
    let container = by_name(list_at(pod, &["containers"]), plan.container).unwrap_or(NULL);
    let old = Found::new(pod, container, found.path, found.database);
    let [before, after] =
        [option_files::read(&old, &plan.database, config_maps), option_files::read(found, &plan.database, config_maps)];
    // of one that is no more, or was never there, nothing is known
    let told = |reading: &Option<Reading>| {
        let is_on = |reading: &Reading| switches_gtids_on(&[reading.told(false), reading.told(true)].concat());
        Told { log_bin: None, gtid: Some(reading.as_ref().is_some_and(is_on)) }
    };
    changed(&told(&before), &told(&after), kept, findings, &|what, why, fix| {
        let path = "spec.template.spec.containers";
        let maps = after.as_ref().or(before.as_ref()).map(Reading::config_maps).unwrap_or_default();
        let found = format!("another mount of option files ({maps}): they {what}");
        Violation::new(rule::REPLICATION_CHANGED, path, found, why, fix)
    });
}

/// Finds what changes for a cluster between two states of one source, each told by `violation`.
pub(super) fn changed(
    before: &Told,
    after: &Told,
    kept: Replication,
    findings: &mut Findings,
    violation: &dyn Fn(&str, &'static str, &'static str) -> Violation,
) {
    let name = |told: &Told| told.log_bin.as_deref().map_or_else(|| kept.binary_log.name().to_owned(), stem);
    let (old_name, new_name) = (name(before), name(after));
    if old_name != new_name {
        let shown_name = |name: &str| if name.is_empty() { "after the host".to_owned() } else { shown(name) };
        let what = format!("name the binary log {}, not {}", shown_name(&new_name), shown_name(&old_name));
        findings.reject(violation(&what, LOG_ANEW, SAME_NAME));
    }
    let is_on = |told: &Told| told.gtid.unwrap_or_default();
    if kept.gtid == Gtid::OptionFiles && is_on(before) != is_on(after) {
        let what = if is_on(after) { "switch GTIDs on" } else { "switch GTIDs off" };
        findings.reject(violation(what, ONE_BY_ONE, BY_ONE_POD));
    }
}

/// The name of a log's files: the server takes an extension off, and looks in the data directory.
fn stem(name: &str) -> String {
    let name = name.strip_prefix("./").or_else(|| name.strip_prefix(DATA_DIR)?.strip_prefix('/')).unwrap_or(name);
    let (directory, file) = name.last_halves('/').map_or(("", name), |(directory, file)| (directory, file));
    let file = file.last_halves('.').map_or(file, |(file, _)| file);
    if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") }
}

/// What is asked of arguments once it is known what is planned.
pub(super) fn check_arguments(
    found: &Found,
    stored: &[Given],
    object: &Value,
    plan: &Planned,
    findings: &mut Findings,
) {
    let given = &found.given().given;
    let options = told(given);
    let words = |given: &Given| format!("{} {}", given.text, given.next.as_deref().unwrap_or_default());
    let before: OnceCell<NameIndex> = OnceCell::new();
    let origin = Origin {
        of: Of::Both,
        wins: Some(ARGUMENTS_WIN),
        database: Some(&plan.database),
        planned: Some(Placed {
            data_dir: plan.data_dir,
            by_gtids: plan.replication.gtid == Gtid::On,
            is_own: &|directory| Kept::of(object, found.container, plan.data_dir).holds(directory),
        }),
        next: &|place| given[place].next.as_deref(),
        violation: &|place, rule, why, fix| wrong(found, place, rule, why, fix),
        was_so: &|place, _| {
            let before = before.get_or_init(|| NameIndex::new(stored.iter().map(words).map(Cow::Owned).collect()));
            before.has(&words(&given[place]))
        },
        is_settled: &|_| false,
    };
    check(&options, &origin, findings);

    if plan.replication.gtid == Gtid::On || plan.database.flavor == Flavor::Mariadb {
        return;
    }
    for name in ["slave-parallel-workers", "replica-parallel-workers"] {
        if let Some((place, option)) = effective(&options, name)
            && plan.database.clone_method == CloneMethod::Xtrabackup
            && option.value.or(given[*place].next.as_deref()).is_some_and(|value| value != "0")
        {
            findings.warn(format!(
                "{}: with it and without GTIDs the third pod never clones (rule gtid-mode)",
                written(&given[*place])
            ));
        }
    }
}
