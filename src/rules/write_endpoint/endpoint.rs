//! Names that say write, and the hosts that values name.
//!
//! Both are narrow on purpose: a false alarm keeps a sound workload out of the cluster. A name with a word of another
//! meaning, or a value whose form is not recognised from its first to its last character, says nothing.

use crate::{
    json::{Value, read},
    pattern::matches,
    write_names::WriteNames,
};

/// A list of words.
struct Words {
    /// As they are written.
    #[cfg(test)]
    list: &'static str,
    /// One after the other, the shorter ones first.
    bytes: &'static [u8],
    /// Where those of each length begin.
    offsets: [u16; 17],
    /// For each length, a bit for every letter that a word of it begins with: most words are in no list, and this tells
    /// so at once.
    starts: [u32; 16],
}

/// The [`Words`] of a literal, in which they are separated by blanks.
macro_rules! words {
    ($list:literal $(,)?) => {{
        const WORDS: ([u8; $list.len()], [u16; 17], [u32; 16]) = Words::read($list.as_bytes());
        Words {
            #[cfg(test)]
            list: $list,
            bytes: &WORDS.0,
            offsets: WORDS.1,
            starts: WORDS.2,
        }
    }};
}

impl Words {
    const fn read<const N: usize>(list: &[u8]) -> ([u8; N], [u16; 17], [u32; 16]) {
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
    fn has(&self, word: &str) -> bool {
        let Some(first) = word.bytes().next() else { return false };
        let len = word.len();
        self.starts.get(len).is_some_and(|starts| starts & Self::bit(first) != 0)
            && self.bytes[usize::from(self.offsets[len])..usize::from(self.offsets[len + 1])]
                .chunks_exact(len)
                .any(|known| known[0] == first && known == word.as_bytes())
    }
}

/// Words that say write by themselves.
static WRITE: Words = words!("write writes writer writers writable writeable writing rw readwrite writeonly");
/// Words for the role of the server that takes writes; they have other meanings too.
static ROLE: Words = words!("primary master masters");
/// Words of what is read from, or of the servers that only serve reads.
static READ: Words = words!(
    "\
    read reads reader readers reading readonly readable ro replica replicas slave slaves secondary secondaries \
    standby standbys follower followers mirror readreplica readreplicas nonprimary",
);
/// Words that turn a name into its opposite, or into something that watches, routes, copies or tests.
static NEVER: Words = words!(
    "\
    no non not never without except exclude excluded skip ignore ignored deny denied forbid forbidden block \
    blocked disable disabled protect protected old former previous prev candidate failover promote expect \
    expected assert verify fail fails reject rejected split splitter splitting metric metrics exporter monitor \
    monitoring probe health healthcheck liveness readiness backup backups dump snapshot binlog replication \
    replicate replicator clone donor lag",
);
/// Words beside which `primary` and `master` mean the first of several stores, or where a reader of binary logs gets
/// its data.
static NOT_A_ROLE: Words = words!(
    "\
    analytics reporting report reports bi olap etl export warehouse canal debezium maxwell cdc upstream repl",
);
/// Words that make something else of `primary` and `master` in front of them (master data), `source` but for a data
/// source's.
static OF_A_ROLE: Words = words!("data source catalog record records lookup");
/// Other systems with writers and masters.
static OTHER_SYSTEMS: Words = words!(
    "\
    redis sentinel valkey mongo mongodb kafka elasticsearch elastic opensearch postgres postgresql pg pgsql \
    pgbouncer pgpool patroni spark etcd consul vault rabbitmq nats kubernetes kube salt jenkins hadoop hdfs \
    hbase yarn flink zookeeper cassandra scylla ldap dns memcached clickhouse influx influxdb prometheus thanos \
    loki mimir cortex graphite minio seaweedfs locust",
);
/// Words of a SQL database.
static DATABASE: Words = words!("db dbs database mysql mariadb percona sql jdbc datasource innodb aurora rdbms");
/// Words of what a name's value is, where that is no host: at the end of a name.
static NO_HOST: Words = words!(
    "\
    user username usr login password passwd pwd pass passphrase key keys secret token timeout timeouts cache \
    buffer concern color colour domain log logs level schema driver dialect engine type class mode role roles \
    policy strategy path dir directory file files filename image tag tags label labels selector namespace region \
    zone id ids group hostgroup queue topic bucket index table tables column stream channel exchange collection \
    version cert ca crt format encoding charset collation lock language lang theme email phone account script \
    query size limit count enabled port ports weight ratio percent interval delay retries retry max min config \
    conf cnf prefix suffix regex pattern message text permission permissions scope scopes access ttl rate \
    consistency",
);
/// Words of [`NO_HOST`] and others that give a write word another meaning right behind it.
static BEHIND: Words = words!(
    "\
    key keys password passwd pwd secret token timeout timeouts cache buffer concern color colour domain log logs \
    level lock ahead back through behind once many permission permissions access scope batch quorum card theme \
    language region zone first preferred election source cert certs certificate san sans",
);
/// The same right in front of it.
static IN_FRONT: Words = words!("remote log cache buffer auto over under re type copy ghost web post quorum scrum");
/// Words of a name whose value is a host, even where it is a single word such as `mysql`.
static HOST: Words = words!(
    "\
    host hosts hostname hostnames server servers addr addrs address addresses endpoint endpoints url urls uri \
    dsn",
);
/// The same for values that are no product's name.
static WEAK_HOST: Words = words!("service services svc node nodes jdbc fqdn uris");
/// Further words of which names are made that are written as one word (`dbwritehost`).
static GLUE: Words = words!("conn connection name my split proxy data source cluster");
/// Words of Services that route, or give pods their names, whatever else they say.
static NO_WRITE_SERVICE: Words = words!("headless hl proxy router all any");
/// Names of products, which stand for drivers, schemas and users as well as for Services.
static PRODUCTS: Words = words!("mysql mariadb percona db database mysqldb sql localhost mysql-connector");

/// No name of a variable or an option is longer.
const NAME_LIMIT: usize = 253;
/// No value that names hosts is longer.
pub(crate) const VALUE_LIMIT: usize = 4096;

/// What the name of a variable or an option says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saying {
    /// A pattern of the settings takes it for a name that says write.
    Told,
    /// It says write.
    Write,
    /// It names the server that takes writes by its role; something beside it may give that another meaning.
    Role,
    /// It says something else.
    Other,
    Nothing,
}

impl Saying {
    pub(crate) fn is_write(self) -> bool {
        matches!(self, Self::Told | Self::Write | Self::Role)
    }
}

/// What does the name of a variable or an option say?
#[cfg(test)]
fn saying(name: &str, names: &WriteNames) -> Saying {
    saying_of(name, may_say_write(name), names)
}

/// What does the name of a variable or an option say, of which [`may_say_write`] says `may_write`?
pub(crate) fn saying_of(name: &str, may_write: bool, names: &WriteNames) -> Saying {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, name));
    if name.len() > NAME_LIMIT || any(&names.ignore) {
        Saying::Other
    } else if any(&names.variables) {
        Saying::Told
    } else {
        // most names are soon done with
        if may_write { built_in(&words(&name.to_ascii_lowercase(), name)) } else { Saying::Nothing }
    }
}

/// Does the name of a Service, or a value of one of its labels, say that writes go to it?
pub(crate) fn service_says_write(name: &str, names: &WriteNames) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, name));
    if name.len() > NAME_LIMIT || any(&names.ignore) {
        return false;
    }
    any(&names.services) || {
        let small = name.to_ascii_lowercase();
        let words = words(&small, name);
        let is = |word: &&str| NO_WRITE_SERVICE.has(word);
        matches!(built_in(&words), Saying::Write | Saying::Role) && !words.iter().any(is)
    }
}

/// Is the name about replication between servers? Beside it, `master` and `primary` say whom a replica follows.
pub(crate) fn is_about_replication(name: &str) -> bool {
    name.len() <= NAME_LIMIT
        && contains(name, "repl")
        && words(&name.to_ascii_lowercase(), name)
            .iter()
            .any(|word| ["replication", "replicate", "replicator", "repl"].contains(word))
}

/// The second letter, a small one, behind each byte that what [`may_say_write`] looks for begins with.
const SECOND: [u8; 256] = {
    let mut second = [0; 256];
    let starts = [(b'r', b'w'), (b'w', b'r'), (b'p', b'r'), (b'm', b'a'), (b'c', b'o')];
    let mut at = 0;
    while at < starts.len() {
        let (first, letter) = starts[at];
        second[first as usize] = letter;
        second[first.to_ascii_uppercase() as usize] = letter;
        at += 1;
    }
    second[b'\\' as usize] = b'u';
    second
};

/// Could a text hold a name that says write, or take names from a `ConfigMap`? One scan without any allocation, for it
/// runs on every Pod of the cluster.
pub(crate) fn may_say_write(text: &str) -> bool {
    let text = text.as_bytes();
    let has_start = |pair: &[u8]| SECOND[usize::from(pair[0])] == pair[1] | 0x20;
    let mut from = 0;
    while let Some(offset) = text[from..].windows(2).position(has_start) {
        let at = from + offset;
        if says_write_at(text, at) {
            return true;
        }
        from = at + 1;
    }
    false
}

/// Does what [`may_say_write`] looks for begin at a place of a text?
fn says_write_at(text: &[u8], at: usize) -> bool {
    let rest = &text[at..];
    let is_core = |core: &str| rest.get(..core.len()).is_some_and(|start| start.eq_ignore_ascii_case(core.as_bytes()));
    match text[at] {
        // the word has no neighbours in a name, or `otherwise` and `forward` would say write
        b'r' | b'R' => is_core("rw") && may_be_word(text, at),
        // the access modes of claims, and the label of a control plane's nodes, are in many objects
        b'w' | b'W' => {
            is_core("writ")
                && !(text[..at].ends_with(b"Read")
                    && [&b"WriteOnce"[..], b"WriteMany"].contains(&&rest[..rest.len().min(9)]))
        }
        b'p' | b'P' => is_core("primary"),
        b'm' | b'M' => is_core("master") && !text[..at].ends_with(b"node-role.kubernetes.io/"),
        b'c' | b'C' => is_core("configmapref"),
        // a letter may be written as `\u0077`; the API server writes none so
        b'\\' => matches!(rest, [_, b'u', b'0', b'0', b'4'..=b'7', ..]),
        _ => false,
    }
}

/// Is what stands at a place of a JSON text, and is two letters long, not clearly within a word of small or of capital
/// letters?
fn may_be_word(text: &[u8], at: usize) -> bool {
    let is_escaped = text[at.saturating_sub(6)..at].contains(&b'\\');
    let (Some(before), Some(after)) = (at.checked_sub(1).and_then(|at| text.get(at)), text.get(at + 2)) else {
        return true;
    };
    let around = [*before, text[at], text[at + 1], *after];
    let small = around.iter().all(u8::is_ascii_lowercase);
    // `DBRWHost` is three words
    let capital = around.iter().all(u8::is_ascii_uppercase) && !text.get(at + 3).is_some_and(u8::is_ascii_lowercase);
    is_escaped || !(small || capital)
}

/// Is `core` somewhere in a text, without regard to case?
pub(crate) fn contains(text: &str, core: &str) -> bool {
    text.as_bytes().windows(core.len()).any(|window| window.eq_ignore_ascii_case(core.as_bytes()))
}

fn built_in(words: &[&str]) -> Saying {
    let has = |list: &Words| words.iter().any(|word| list.has(word));
    let is_write = |word: &str| WRITE.has(word) || ROLE.has(word);
    if !has(&WRITE) && !has(&ROLE) {
        return Saying::Nothing;
    }
    if has(&READ) || has(&NEVER) {
        return Saying::Other;
    }
    let neighbours = words.windows(2).any(|pair| {
        let [first, second] = [pair[0], pair[1]];
        (is_write(first) && BEHIND.has(second)) || (is_write(second) && IN_FRONT.has(first))
    });
    if neighbours || ends_in_no_host(words) || (has(&OTHER_SYSTEMS) && !has(&DATABASE)) {
        return Saying::Other;
    }
    if has(&WRITE) {
        return Saying::Write;
    }
    let another = has(&NOT_A_ROLE)
        || words.windows(2).enumerate().any(|(index, pair)| {
            ROLE.has(pair[0])
                && OF_A_ROLE.has(pair[1])
                && !(pair[1] == "data" && words.get(index + 2).is_some_and(|next| *next == "source"))
        });
    if another { Saying::Other } else { Saying::Role }
}

/// Does the last word say that the value is something else than a host?
fn ends_in_no_host(words: &[&str]) -> bool {
    let [before @ .., last] = words else { return false };
    match *last {
        "name" => !before.last().is_some_and(|word| HOST.has(word) || ["service", "svc", "node"].contains(word)),
        last => NO_HOST.has(last),
    }
}

/// Does a name say something about its value that a name which says write would not?
pub(crate) fn says_else(name: &str) -> bool {
    if name.len() > NAME_LIMIT {
        return true;
    }
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    words.iter().any(|word| READ.has(word) || NEVER.has(word)) || ends_in_no_host(&words)
}

/// May a name's value be a Service of a single word? `PRIMARY_DB: mysql` and `WRITE_DRIVER: mysql` are no hosts.
pub(crate) fn takes_single_word(name: &str, value: &str) -> bool {
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    let has = |list: &Words| words.iter().any(|word| list.has(word));
    let ends_in = |list: &Words| words.last().is_some_and(|last| list.has(last));
    let ends = || ends_in(&WRITE) || ends_in(&ROLE) || ends_in(&DATABASE) || words.last() == Some(&"to");
    has(&HOST) || (!PRODUCTS.has(value) && (has(&WEAK_HOST) || (value.contains('-') && ends())))
}

/// The words of a name without digits, from its copy in small letters; `READ_WRITE` is one word.
fn words<'a>(small: &'a str, name: &str) -> Vec<&'a str> {
    let bytes = name.as_bytes();
    let mut words = Vec::new();
    let mut start = 0;
    // between the bytes of one character there is no word
    let within = |start, end| small.get(start..end).unwrap_or_default();
    for (index, byte) in bytes.iter().enumerate() {
        let before = index.checked_sub(1).map_or(b'_', |before| bytes[before]);
        let after = bytes.get(index + 1).copied().unwrap_or(b'_');
        let starts = byte.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && after.is_ascii_lowercase()));
        if starts || !byte.is_ascii_alphabetic() {
            end_word(within(start, index), &mut words);
            start = if byte.is_ascii_alphabetic() { index } else { index + 1 };
        }
    }
    end_word(within(start, bytes.len()), &mut words);
    joined(words)
}

/// Takes over a word, or the words of which it is made.
fn end_word<'a>(word: &'a str, words: &mut Vec<&'a str>) {
    /// No word of several is longer.
    const LIMIT: usize = 32;
    if word.is_empty() {
        return;
    }
    let known = words.len();
    let is_short = |part: &&str| ["rw", "ro"].contains(part);
    if word.len() <= LIMIT
        && ["writ", "primary", "master", "rw", "read", "replica", "slave", "ro"].iter().any(|core| contains(word, core))
        && segment(word, words, &mut 0)
        // two letters within a word are chance
        && !words[known..].iter().take(words.len() - known - 1).skip(1).any(is_short)
    {
        return;
    }
    words.truncate(known);
    words.push(word);
}

/// Cuts a word of at most 32 letters into known ones, the longest first. What is left where no cut helps is remembered
/// by its length in `dead`.
fn segment<'w>(rest: &'w str, parts: &mut Vec<&'w str>, dead: &mut u64) -> bool {
    /// Of the known words.
    const LONGEST: usize = 12;
    if rest.is_empty() {
        return true;
    }
    let is_known = |word: &str| {
        [&WRITE, &ROLE, &READ, &DATABASE, &HOST, &WEAK_HOST, &GLUE, &NO_HOST].iter().any(|list| list.has(word))
    };
    for end in (2..=rest.len().min(LONGEST)).rev() {
        let (Some(word), Some(after)) = (rest.get(..end), rest.get(end..)) else { continue };
        if *dead & (1 << after.len()) == 0 && is_known(word) {
            parts.push(word);
            if segment(after, parts, dead) {
                return true;
            }
            parts.pop();
        }
    }
    *dead |= 1 << rest.len();
    false
}

/// Makes one word of `read` and `write` side by side.
fn joined(words: Vec<&str>) -> Vec<&str> {
    let is_write = |word: &str| ["write", "writes", "writable"].contains(&word);
    if !words.iter().any(|word| is_write(word)) {
        return words;
    }
    let mut joined = Vec::with_capacity(words.len());
    for word in words {
        if is_write(word) {
            let between = joined.last().is_some_and(|last| ["and", "or", "n", "plus"].contains(last));
            let read = joined.len().checked_sub(1 + usize::from(between));
            if let Some(at) = read.filter(|at| ["read", "reads"].contains(&joined[*at])) {
                joined.truncate(at);
                joined.push("readwrite");
                continue;
            }
        }
        joined.push(word);
    }
    joined
}

/// A host that a value names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Host {
    /// In small letters, without a dot at its end.
    pub(crate) name: String,
    pub(crate) port: Option<u16>,
    /// Is it a value by itself, and no part of an address that only a host can stand in?
    pub(crate) is_plain: bool,
}

/// The hosts that a value sends writes to. None where any of the value is not understood, and where it says that it is
/// for reading.
pub(crate) fn hosts(value: &str) -> Vec<Host> {
    if value.len() > VALUE_LIMIT {
        return Vec::new();
    }
    read_hosts(unquoted(value)).unwrap_or_default()
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text).trim()
}

fn read_hosts(value: &str) -> Option<Vec<Host>> {
    go_dsn(value)
        .or_else(|| value.contains("://").then(|| url(value)).flatten())
        .or_else(|| {
            value.strip_prefix("//").and_then(|rest| Some(authority(before(rest, &['/', '?']))?.of(Writers::All)))
        })
        .or_else(|| value.starts_with('{').then(|| json(value)).flatten())
        .or_else(|| pairs(value))
        .or_else(|| with_user(value))
        .or_else(|| list(value))
}

fn before<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split(ends).next().unwrap_or_default()
}

/// Does a user's name say that it reads?
fn is_reader(user: &str) -> bool {
    let user = &user[..user.len().min(64).min(user.find(|c: char| !c.is_ascii()).unwrap_or(user.len()))];
    words(&user.to_ascii_lowercase(), user).iter().any(|word| READ.has(word))
}

/// Go: `user:password@tcp(host:port)/database?x=y`.
fn go_dsn(value: &str) -> Option<Vec<Host>> {
    let end = value.find(")/").or_else(|| value.ends_with(')').then(|| value.len() - 1))?;
    let (front, host) = value.get(..end)?.rsplit_once('(')?;
    let (user, protocol) = front.rsplit_once('@').unwrap_or(("", front));
    let user = user.rsplit_once("://").map_or(user, |(_, user)| user);
    let protocol = protocol.rsplit_once("://").map_or(protocol, |(_, protocol)| protocol);
    let is_known = ["tcp", "tcp4", "tcp6"].contains(&protocol) || (protocol.is_empty() && front.ends_with('@'));
    if !is_known {
        return None;
    }
    if is_reader(before(user, &[':'])) { Some(Vec::new()) } else { host_port(host) }
}

/// Which of several hosts take the writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writers {
    All,
    First,
}

/// `scheme://user:password@h1:3306,h2:3306/database?x=y`, among them JDBC's and R2DBC's.
fn url(value: &str) -> Option<Vec<Host>> {
    let (scheme, rest) = value.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let parts: Vec<&str> = scheme.split(':').collect();
    let is_mysql = parts.iter().any(|part| {
        let name = part.split('+').next().unwrap_or_default();
        name.starts_with("mysql")
            || name.starts_with("mariadb")
            || ["trilogy", "pdo_mysql", "pdo-mysql"].contains(&name)
    });
    // a name of service records has no pod behind it, and `tc` is a container that the driver starts
    if !(is_mysql || scheme == "tcp") || scheme.contains("+srv") || parts.contains(&"tc") {
        return None;
    }
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let query = || query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    let says = |keys: &[&str], values: &[&str]| {
        query().any(|(key, value)| {
            keys.iter().any(|known| key.eq_ignore_ascii_case(known))
                && values.iter().any(|known| value.eq_ignore_ascii_case(known))
        })
    };
    if says(&["readonly", "read_only", "read-only"], &["true", "1", "yes"])
        || query().any(|(key, value)| key.eq_ignore_ascii_case("user") && is_reader(value))
    {
        return Some(Vec::new());
    }
    let is_any = |list: &[&str]| parts.iter().any(|part| list.contains(part));
    let is_first = if is_any(&["loadbalance", "load-balance"]) {
        false
    } else if is_any(&["replication", "sequential", "aurora", "load-balance-read", "aws-wrapper"]) {
        true
    } else {
        // Connector/J's manual, "Configuring Server Failover": all hosts but the first are read-only unless told
        parts[0] == "jdbc" && is_any(&["mysql"]) && !says(&["failoverreadonly"], &["false"])
    };
    let writers = if is_first { Writers::First } else { Writers::All };
    Some(authority(url_authority(rest)?)?.of(writers))
}

/// The part of a URL in front of its path. A password may hold what would end it.
fn url_authority(rest: &str) -> Option<&str> {
    let plain = before(rest, &['/', '?']);
    if plain.contains('@') || plain.contains(['(', '[']) || !rest.contains('@') {
        return Some(plain);
    }
    // `user:pass/word@host`, unless it is `host:3306/database?contact=a@b`
    match plain.split_once(':') {
        Some((_, port)) if !port.split(',').any(|port| port.parse::<u16>().is_ok()) => {
            let (user, after) = rest.split_once('@')?;
            rest.get(..user.len() + 1 + before(after, &['/', '?']).len())
        }
        _ => Some(plain),
    }
}

/// The hosts of an authority, each with what it says about its role.
struct Authority(Vec<(Vec<Host>, Option<bool>)>);

impl Authority {
    /// The hosts that take the writes.
    fn of(self, writers: Writers) -> Vec<Host> {
        let is_writer = |index, told: Option<bool>| told.unwrap_or(writers == Writers::All || index == 0);
        let hosts = self.0.into_iter().enumerate().filter(|(index, (_, told))| is_writer(*index, *told));
        hosts.flat_map(|(_, (hosts, _))| hosts).map(|host| Host { is_plain: false, ..host }).collect()
    }
}

fn authority(text: &str) -> Option<Authority> {
    let (user, hosts) = match text.rsplit_once('@') {
        Some((user, hosts)) if !user.contains('@') => (user, hosts),
        _ => ("", text),
    };
    if is_reader(before(user, &[':'])) {
        return Some(Authority(Vec::new()));
    }
    let hosts = match hosts.strip_prefix('[').and_then(|hosts| hosts.strip_suffix(']')) {
        Some(inner) if !is_ip6(inner) => inner,
        _ => hosts,
    };
    let mut all = Vec::new();
    for item in top_level(hosts) {
        all.push(item_of_authority(item.rsplit_once('@').map_or(item, |(_, item)| item).trim())?);
    }
    Some(Authority(all))
}

/// Splits at commas that stand in no brackets.
fn top_level(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// `host:port`, `address=(host=h)(port=p)(type=replica)`, `(host=h,port=p)`, `(address=h:p,priority=1)`.
fn item_of_authority(item: &str) -> Option<(Vec<Host>, Option<bool>)> {
    let item = item.strip_prefix("address=").unwrap_or(item);
    let Some(inner) = item.strip_prefix('(').and_then(|item| item.strip_suffix(')')) else {
        return Some((host_port(item)?, None));
    };
    let (mut hosts, mut port, mut takes_writes) = (Vec::new(), None, None);
    for pair in inner.split(&[',', '(', ')']).filter(|pair| !pair.trim().is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        match key.as_str() {
            "host" | "address" => hosts = host_port(value)?,
            "port" => port = Some(value.parse().ok()?),
            "type" => {
                takes_writes =
                    Some(["source", "master", "primary"].iter().any(|role| value.eq_ignore_ascii_case(role)));
            }
            _ => {}
        }
    }
    for host in &mut hosts {
        host.port = port.or(host.port);
    }
    Some((hosts, takes_writes))
}

/// `Server=h1,h2;Port=3306;Uid=u`, `mysql:host=h;dbname=d`, `DBI:mysql:database=d;host=h`, `host=h port=3306`.
fn pairs(value: &str) -> Option<Vec<Host>> {
    let mut value = value;
    if let Some((front, rest)) = value.get(..value.find('=')?)?.rsplit_once(':') {
        let is_known =
            |part: &str| ["mysql", "mariadb", "dbi", "pdo"].iter().any(|known| part.eq_ignore_ascii_case(known));
        if !front.split(':').all(is_known) {
            return None;
        }
        value = value.get(value.find('=')? - rest.len()..)?;
    }
    let separator: fn(char) -> bool = if value.contains(';') {
        |c| c == ';'
    } else if value.contains(',') && value.split(',').all(|part| part.contains('=')) {
        |c| c == ','
    } else {
        char::is_whitespace
    };
    let (mut hosts, mut port, mut is_first) = (Vec::new(), None, false);
    for pair in value.split(separator).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || key.len() > 64 {
            return None;
        }
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let value = unquoted(value);
        match key.as_str() {
            "host" | "hosts" | "hostname" | "server" | "servers" | "servername" | "addr" | "address"
            | "networkaddress" | "datasource" => hosts.extend(list(value)?),
            "port" => port = Some(value.parse().ok()?),
            // MySqlConnector's manual, "Load Balancing": in the order of the list
            "loadbalance" => is_first = value.eq_ignore_ascii_case("failover"),
            "user" | "uid" | "userid" | "username" if is_reader(value) => return Some(Vec::new()),
            _ => {}
        }
    }
    hosts.truncate(if is_first { 1 } else { hosts.len() });
    Some(hosts.into_iter().map(|host| Host { port: host.port.or(port), is_plain: false, ..host }).collect())
}

/// A JSON object with a host, and no user that reads.
fn json(value: &str) -> Option<Vec<Host>> {
    let object = read(value).ok().filter(Value::is_object)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if ["user", "username"].into_iter().filter_map(text).any(is_reader) {
        return Some(Vec::new());
    }
    let port = object.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let found = ["host", "hostname", "server", "address", "url", "uri", "dsn"].into_iter().filter_map(text);
    let hosts = found.filter_map(|value| if value.starts_with('{') { None } else { read_hosts(value) }).flatten();
    Some(hosts.map(|host| Host { port: host.port.or(port), is_plain: false, ..host }).collect())
}

/// `user:password@host:3306/database`, and `host:3306/database`.
fn with_user(value: &str) -> Option<Vec<Host>> {
    if value.contains("://") {
        return None;
    }
    let (user, rest) = match value.rsplit_once('@') {
        Some((user, rest)) if user.contains(':') && !user.contains(char::is_whitespace) => (user, rest),
        Some(_) => return None,
        None => ("", value),
    };
    let (host, database) = rest.split_once('/').unwrap_or((rest, ""));
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if is_reader(before(user, &[':'])) || !before(database, &['?']).chars().all(is_word) {
        return None;
    }
    let host = host_port(host)?;
    let has_port = host.iter().any(|host| host.port.is_some());
    // `registry/image` and folders are no addresses, nor is a word alone
    let is_address = !user.is_empty() || (has_port && rest.contains('/'));
    is_address.then(|| host.into_iter().map(|host| Host { is_plain: false, ..host }).collect())
}

/// A host, or several separated by commas, semicolons or blanks, or as a JSON list.
fn list(value: &str) -> Option<Vec<Host>> {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).filter(|inner| !is_ip6(inner));
    let value = inner.unwrap_or(value);
    let by_blanks = value.split([',', ';']).any(|part| part.trim().contains(char::is_whitespace));
    let mut hosts = Vec::new();
    let mut count = 0_usize;
    let mut is_prose = false;
    for item in value.split(|c: char| ",;".contains(c) || c.is_whitespace()).filter(|item| !item.is_empty()) {
        let host = host_port(unquoted(item))?;
        is_prose |= host.iter().any(|host| !host.name.contains('.') && host.port.is_none());
        count += 1;
        hosts.extend(host);
    }
    (count < 2 || !by_blanks || !is_prose).then_some(hosts)
}

fn is_ip6(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b':').count() > 1
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.%".contains(&byte))
}

/// `host` or `host:port`; an address of numbers is understood, but names no host.
fn host_port(text: &str) -> Option<Vec<Host>> {
    if let Some((inner, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return (is_ip6(inner) && is_port).then(Vec::new);
    }
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if name.len() > 253 || !name.split('.').all(is_label) {
        return None;
    }
    Some(if is_number { Vec::new() } else { vec![Host { name, port, is_plain: port.is_none() }] })
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What a host may name in the cluster.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// A pod of a StatefulSet, by its governing Service.
    Pod {
        set: &'a str,
        ordinal: u32,
        service: &'a str,
        namespace: &'a str,
    },
    Service {
        name: &'a str,
        namespace: &'a str,
    },
}

/// What a host may name for a pod of a namespace, the likelier first; nothing where it is outside of the cluster, or
/// the name of a pod 0.
pub(crate) fn targets<'a>(host: &'a str, own: &'a str) -> Vec<Target<'a>> {
    let labels: Vec<&str> = host.splitn(5, '.').collect();
    let pod = |name: &'a str, service: &'a str, namespace: &'a str| {
        let (set, ordinal) = pod_name(name)?;
        Some(Target::Pod { set, ordinal, service, namespace })
    };
    // a Service's name begins with a letter
    let service = |name: &'a str, namespace: &'a str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(Target::Service { name, namespace })
    };
    let targets: [Option<Target>; 2] = match labels[..] {
        // no Service is worth a look-up there
        ["localhost"] | [_, "com" | "net" | "org"] => [None, None],
        [name] => [None, service(name, own)],
        [first, second] => [pod(first, second, own), service(first, second)],
        // another domain may be another cluster's
        [name, namespace, "svc"] | [name, namespace, "svc", "cluster", "local"] => [None, service(name, namespace)],
        [first, second, third] | [first, second, third, "svc"] | [first, second, third, "svc", "cluster.local"] => {
            [pod(first, second, third), None]
        }
        _ => [None, None],
    };
    let targets: Vec<Target> = targets.into_iter().flatten().collect();
    if matches!(targets.first(), Some(Target::Pod { ordinal: 0, .. })) { Vec::new() } else { targets }
}

/// The StatefulSet's name and the ordinal in a pod's name.
pub(crate) fn pod_name(name: &str) -> Option<(&str, u32)> {
    let (set, ordinal) = name.rsplit_once('-')?;
    let is_number = ordinal == "0" || (!ordinal.starts_with('0') && ordinal.bytes().all(|byte| byte.is_ascii_digit()));
    (is_number && !set.is_empty()).then_some((set, ordinal.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITES: &[&str] = &[
        "DB_WRITE_HOST",
        "WRITE_DB_URL",
        "WRITER_ENDPOINT",
        "DATABASE_URL_RW",
        "DB_RW_HOST",
        "db.write.host",
        "db-write-host",
        "dbWriteHost",
        "DBWriteURL",
        "dbRwUrl",
        "RWHost",
        "DBRWHost",
        "dbwritehost",
        "writehost",
        "mysqlmaster",
        "masterhost",
        "MYSQL_MASTER_HOST",
        "MYSQL_PRIMARY_SERVICE_HOST",
        "SPRING_DATASOURCE_PRIMARY_URL",
        "spring.datasource.master.jdbc-url",
        "MASTER_DATA_SOURCE_URL",
        "DB_READ_WRITE_HOST",
        "READWRITE_DSN",
        "READ_AND_WRITE_HOST",
        "DB_WRITE_HOST_NAME",
        "DB_WRITE_HOST_1",
        "WRITE1_HOST",
        "AUDIT_LOG_DB_WRITE_URL",
        "USER_WRITE_DB_HOST",
        "CATALOG_DB_MASTER_HOST",
        "KAFKA_CONNECT_DB_WRITE_HOST",
        "WRITABLE_DB",
        "WRITES_TO",
        "master",
    ];

    #[test]
    fn names_that_say_write() {
        let names = WriteNames::default();
        for name in WRITES {
            assert!(saying(name, &names).is_write(), "{name} {:?}", words(&name.to_ascii_lowercase(), name));
        }
        for name in [
            "",
            "DB_HOST",
            "DATABASE_URL",
            "DB_READ_HOST",
            "DB_WRITE_REPLICA_HOST",
            "MASTER_REPLICAS",
            "SLAVE_OF_MASTER",
            "REPLICATION_MASTER_HOST",
            "PRIMARY_READ_HOST",
            "PRIMARY_READONLY_URL",
            "DB_MASTER_RO_HOST",
            "masterslavehost",
            "WRITE_READ_HOST",
            "READ_WRITE_SPLIT_HOST",
            "WRITE_TIMEOUT",
            "PRIMARY_KEY",
            "SEGMENT_WRITE_KEY",
            "MASTER_PASSWORD",
            "WRITE_CONCERN",
            "PRIMARY_COLOR",
            "PRIMARY_DOMAIN",
            "WRITE_CACHE_HOST",
            "CACHE_MASTER_HOST",
            "LOG_WRITER_HOST",
            "WRITE_BUFFER_SIZE",
            "MASTER_LOG_FILE",
            "REMOTE_WRITE_URL",
            "REWRITE_HOST",
            "OVERWRITE_HOST",
            "TYPEWRITER",
            "MASTERCARD_URL",
            "WEBMASTER_HOST",
            "FORWARD_HOST",
            "OTHERWISE",
            "PRIMARY_DB_NAME",
            "DB_WRITE_USER",
            "DB_WRITE_DRIVER",
            "DB_WRITE_PORT",
            "DB_WRITE_URL_FILE",
            "REDIS_MASTER_HOST",
            "KAFKA_WRITER_HOST",
            "PG_PRIMARY_HOST",
            "SPARK_MASTER_URL",
            "canal.instance.master.address",
            "MASTER_DATA_HOST",
            "PRIMARY_SOURCE_HOST",
            "OLD_MASTER_HOST",
            "NON_PRIMARY_HOST",
            "NO_WRITE_HOSTS",
            "BLOCK_WRITES_TO",
            "EXPECT_WRITE_FAILS_HOST",
            "MASTER_EXPORTER_HOST",
            "BACKUP_PRIMARY_HOST",
        ] {
            assert!(!saying(name, &names).is_write(), "{name} {:?}", words(&name.to_ascii_lowercase(), name));
        }
    }

    #[test]
    fn settings_have_the_last_word() {
        let list = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let names = WriteNames {
            variables: list(&["LEDGER_*", "db-read-main"]),
            services: list(&["*-main"]),
            ignore: list(&["*legacy*"]),
        };
        for (name, expected) in [
            ("LEDGER_HOST", Saying::Told),
            ("DB-READ-MAIN", Saying::Told),
            ("LEDGER_LEGACY_HOST", Saying::Other),
            ("LEGACY_WRITE_HOST", Saying::Other),
            ("WRITE_HOST", Saying::Write),
            ("PRIMARY_HOST", Saying::Role),
        ] {
            assert_eq!(saying(name, &names), expected, "{name}");
        }
        assert!(service_says_write("mysql-main", &names));
        assert!(!service_says_write("mysql-legacy-write", &names));
    }

    #[test]
    fn services_that_say_write() {
        let names = WriteNames::default();
        for name in [
            "mysql-write",
            "db-rw",
            "mysql-primary",
            "orders-db-master",
            "writer",
            "mysql-readwrite",
            "mysql-read-write",
            "primary",
        ] {
            assert!(service_says_write(name, &names), "{name}");
        }
        for name in [
            "mysql",
            "mysql-read",
            "mysql-read-write-split-proxy",
            "mysql-primary-headless",
            "mysql-primary-replicas",
            "redis-master",
            "remote-write",
            "mysql-master-metrics",
            "mastercard-api",
            "forwarder",
        ] {
            assert!(!service_says_write(name, &names), "{name}");
        }
    }

    #[test]
    fn words_of_a_name() {
        for (name, expected) in [
            ("DB_WRITE_HOST", &["db", "write", "host"][..]),
            ("dbWriteHost2", &["db", "write", "host"]),
            ("DBRWHost", &["db", "rw", "host"]),
            ("dbwritehost", &["db", "write", "host"]),
            ("READ_AND_WRITE", &["readwrite"]),
            ("ä_writeÄ-Hö\u{1f600}st", &["write", "h", "st"]),
            ("", &[]),
            ("__", &[]),
        ] {
            assert_eq!(words(&name.to_ascii_lowercase(), name), expected, "{name}");
        }
    }

    #[test]
    fn the_scan_misses_no_name() {
        for word in [&WRITE, &ROLE].iter().flat_map(|words| words.list.split(' ')) {
            // one of these is in every name that says write
            let cores = ["writ", "primary", "master", "rw"].iter().filter(|core| word.contains(*core)).count();
            assert!(cores > 0, "{word}");
            for text in [word.to_owned(), word.to_uppercase(), format!("X_{word}9"), format!("a\\n{word}=")] {
                assert!(may_say_write(&text), "{text}");
                assert!(may_say_write(&format!("{{\"{text}\": 1}}")), "{text}");
            }
        }
        // whatever stands around: names of two letters more than the others
        let parts = ["", "db", "Db", "DB", "_", "host", "Host", "HOST", "x", "X", "7", "-", "my"];
        let names = WriteNames::default();
        for core in ["rw", "Rw", "RW", "rW", "write", "Master", "PRIMARY", "Writable"] {
            for before in parts {
                for after in parts {
                    for end in ["", "_A", "Url", "s"] {
                        let name = format!("{before}{core}{after}{end}");
                        for text in [name.clone(), format!("[\"a\\t{name}\"]"), format!("\\u000a{name}")] {
                            assert!(may_say_write(&text) || !saying(&name, &names).is_write(), "{text}");
                        }
                    }
                }
            }
        }
        for name in WRITES {
            assert!(may_say_write(name), "{name}");
        }
        assert!(may_say_write(r#"{"\u0057RITE_HOST": 1}"#));
        assert!(may_say_write(r#"{"envFrom": [{"configMapRef": {"name": "a"}}]}"#));
        for text in ["", "r", "\\", "{\"a\": \"otherwise forwarded\"}", "FORWARD", "secretRef", r#""a \u0026\u0026 b""#]
        {
            assert!(!may_say_write(text), "{text}");
        }
    }

    #[test]
    fn hosts_of_values() {
        for (value, expected) in [
            ("mysql-1.mysql", "mysql-1.mysql"),
            ("MySQL-1.mysql.", "mysql-1.mysql"),
            (" \"mysql-1.mysql:3306\" ", "mysql-1.mysql:3306"),
            ("a-0.a, a-1.a:3307;b", "a-0.a a-1.a:3307 b"),
            ("a-0.a a-1.a", "a-0.a a-1.a"),
            ("[\"a-0.a\", \"a-1.a\"]", "a-0.a a-1.a"),
            ("app:p@ss/w:rd@tcp(a-1.a:3306)/shop?parseTime=true", "a-1.a:3306"),
            ("app@tcp(a-1.a)/", "a-1.a"),
            ("mysql://app:x@tcp(a-1.a:3306)/shop", "a-1.a:3306"),
            ("mysql://app:p%40ss@h1:3306,h2:3306/db?x=y", "h1:3306 h2:3306"),
            ("mysql://app:p@ss@h1/db?mail=a@b", "h1"),
            ("mysql://app:p/ss?#@h1/db", "h1"),
            ("mysql://h1:3306/db?mail=a@b", "h1:3306"),
            ("mysql://app:$(DB_PASSWORD)@h1/db", "h1"),
            ("mysql+pymysql://app:x@h1/db", "h1"),
            ("mysqlx://app:x@[h1:33060,h2]/db", "h1:33060 h2"),
            ("mysqlx://app@[(address=h1:33060,priority=100),(address=h2,priority=50)]", "h1:33060 h2"),
            ("tcp://h1:3306", "h1:3306"),
            ("r2dbc:pool:mysql://h1:3306/db", "h1:3306"),
            ("jdbc:mysql://h1:3306/db?useSSL=false&x=a@b", "h1:3306"),
            ("jdbc:mysql://h1,h2/db", "h1"),
            ("jdbc:mysql://h1,h2/db?failOverReadOnly=false", "h1 h2"),
            ("jdbc:mariadb://h1,h2/db", "h1 h2"),
            ("jdbc:mariadb:sequential://h1,h2/db", "h1"),
            ("jdbc:mysql:loadbalance://h1:3306,h2:3306/db", "h1:3306 h2:3306"),
            ("jdbc:mysql:replication://source,replica1,replica2/db", "source"),
            ("jdbc:mariadb:replication://h1:3306,h2:3306/db", "h1:3306"),
            ("jdbc:mysql://address=(host=h1)(port=3306)/db", "h1:3306"),
            ("jdbc:mysql:replication://address=(type=source)(host=h1),address=(type=replica)(host=h2)/db", "h1"),
            ("jdbc:mysql:replication://address=(type=replica)(host=h2),address=(type=source)(host=h1)/db", "h1"),
            ("jdbc:mysql://(host=h1,port=3307,user=u)/db", "h1:3307"),
            ("jdbc:mysql:loadbalance://u:p@h1,u:p@h2/db", "h1 h2"),
            ("jdbc:aws-wrapper:mysql://h1/db", "h1"),
            ("//h1:3306/db", "h1:3306"),
            ("Server=h1,h2;Port=3306;Uid=app;Pwd=x y=z;", "h1:3306 h2:3306"),
            ("mysql:host=h1;port=3306;dbname=shop", "h1:3306"),
            ("DBI:mysql:database=shop;host=h1", "h1"),
            ("host=h1 port=3306 user=app", "h1:3306"),
            ("Data Source=h1;Initial Catalog=shop", "h1"),
            ("app:x@h1:3306/shop", "h1:3306"),
            ("app:x@h1", "h1"),
            ("h1:3306/shop", "h1:3306"),
            // nothing is named, or nothing that writes
            ("", ""),
            ("10.0.0.7:3306", ""),
            ("[::1]:3306", ""),
            ("mysql://[2001:db8::1]:3306/db", ""),
            ("postgres://app:x@h1/db?host=h2", ""),
            ("http://h1:3306/", ""),
            ("redis://h1", ""),
            ("mysqlx+srv://h1", ""),
            ("jdbc:tc:mysql:8.0://h1/db", ""),
            ("jdbc:mysql://${DB_HOST}:3306/db", ""),
            ("jdbc:mysql://h1/db?readOnly=true", ""),
            ("mysql://reader:x@h1/db", ""),
            ("app_ro:x@tcp(h1:3306)/db", ""),
            ("Server=h1;Uid=report-reader", ""),
            ("/etc/mysql/write.cnf", ""),
            ("registry/mysql", ""),
            ("see the docs", ""),
            ("mysql-1.mysql is a replica", ""),
            ("writes go to a-0.a, not a-1.a", ""),
            ("ops@a-1.a", ""),
            ("$(DB_HOST)", ""),
            ("a_b.c", ""),
            ("-h a-1.a", ""),
            ("host=a-1.a;password", ""),
            ("a-1.a:port", ""),
            ("{\"host\": \"a-1.a\", \"port\": 3307}", "a-1.a:3307"),
            ("{\"host\": \"a-1.a\", \"user\": \"app_ro\"}", ""),
            ("{\"host\": ", ""),
            ("f(a-1.a)", ""),
            ("://", ""),
            ("jdbc:mysql://", ""),
            ("=", ""),
            (":=", ""),
            ("[", ""),
            (")(", ""),
            ("()/", ""),
            ("@()/", ""),
            ("ä@ö:ü=€", ""),
        ] {
            let show = |host: &Host| host.port.map_or(host.name.clone(), |port| format!("{}:{port}", host.name));
            assert_eq!(hosts(value).iter().map(show).collect::<Vec<_>>().join(" "), expected, "{value}");
        }
    }

    #[test]
    fn targets_of_hosts() {
        let pod = |namespace| Target::Pod { set: "my-db", ordinal: 1, service: "v", namespace };
        let service = |name, namespace| Target::Service { name, namespace };
        for (host, expected) in [
            ("mysql", vec![service("mysql", "own")]),
            ("my-db-1", vec![service("my-db-1", "own")]),
            ("my-db-1.v", vec![pod("own"), service("my-db-1", "v")]),
            ("my-db-1.v.ns", vec![pod("ns")]),
            ("my-db-1.v.ns.svc", vec![pod("ns")]),
            ("my-db-1.v.ns.svc.cluster.local", vec![pod("ns")]),
            ("my-db-1.v.ns.svc.corp.example", vec![]),
            ("my-db-1.v.svc", vec![service("my-db-1", "v")]),
            ("my-db-1.v.svc.svc.cluster.local", vec![pod("svc")]),
            ("db.ns", vec![service("db", "ns")]),
            ("db.ns.svc.cluster.local", vec![service("db", "ns")]),
            ("my-db-0.v", vec![]),
            ("my-db-0.v.ns.svc", vec![]),
            ("my-db-01.v", vec![service("my-db-01", "v")]),
            ("localhost", vec![]),
            ("db.example.com", vec![]),
            ("example.com", vec![]),
            ("db-1.abc.eu-west-1.rds.amazonaws.com", vec![]),
        ] {
            assert_eq!(targets(host, "own"), expected, "{host}");
        }
        assert_eq!(pod_name("a-99999999999"), None);
        assert_eq!(pod_name("-1"), None);
    }

    #[test]
    fn single_words() {
        for (name, value, expected) in [
            ("DB_WRITE_HOST", "mysql", true),
            ("WRITE_SERVER", "mysql", true),
            ("PRIMARY_SERVICE", "mysql", false),
            ("PRIMARY_SERVICE", "mysql-read", true),
            ("PRIMARY_DB", "mysql", false),
            ("DB_WRITE", "mysql-read", true),
            ("MYSQL_MASTER", "mysql-read", true),
            ("WRITE_CONNECTION", "mysql-read", false),
            ("PRIMARY_CLUSTER", "orders-db", false),
            ("DB_WRITE_ENABLED", "true", false),
        ] {
            assert_eq!(takes_single_word(name, value), expected, "{name}");
        }
    }

    #[test]
    fn words_are_small_and_short_enough_to_be_found() {
        let lists = [&WRITE, &ROLE, &READ, &DATABASE, &HOST, &WEAK_HOST, &GLUE, &NO_HOST, &NEVER, &BEHIND, &IN_FRONT];
        for words in lists {
            for word in words.list.split(' ') {
                assert!((2..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
                for other in lists {
                    assert_eq!(other.has(word), other.list.split(' ').any(|known| known == word), "{word}");
                }
            }
            for other in ["", "x", "hos", "hosts2", "an-endless-word-of-letters"] {
                assert!(!words.has(other), "{other}");
            }
        }
        // words that stand side by side in no name of ours
        let long = "writ".repeat(8) + "_HOST";
        assert_eq!(saying(&long, &WriteNames::default()), Saying::Nothing);
    }
}
