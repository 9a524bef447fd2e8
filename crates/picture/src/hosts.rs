//! Names of Services and pods in what a container is told.

/// Words of a name whose value is a host.
const HOST: [&str; 17] = [
    "host",
    "hosts",
    "hostname",
    "server",
    "servers",
    "addr",
    "address",
    "endpoint",
    "endpoints",
    "url",
    "uri",
    "dsn",
    "service",
    "svc",
    "node",
    "jdbc",
    "datasource",
];
/// Flags of the databases' programs that a host follows.
const FLAGS: [&str; 2] = ["-h", "--host"];
/// The domain of a cluster, which may stand behind each name.
const DOMAINS: [&str; 2] = [".svc.cluster.local", ".svc"];

/// What may be a name in the DNS of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// Its parts, without the cluster's domain.
    pub(crate) parts: Vec<String>,
    /// Whether a single part is a host for certain, and not a user or a schema of that name.
    pub(crate) is_certain: bool,
}

impl Host {
    /// A name that is whole, with the cluster's domain; `None` for one of another domain.
    pub(crate) fn whole(name: &str) -> Option<Self> {
        let inner = name.strip_suffix('.').unwrap_or(name).strip_suffix(DOMAINS[0])?;
        Some(Self { parts: inner.split('.').map(str::to_owned).collect(), is_certain: true })
    }

    /// Its parts, to be matched.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }
}

/// What may be hosts in a value, such as a name by itself, a list, or an address with a scheme.
pub(crate) fn in_value(name: &str, value: &str) -> Vec<Host> {
    let lower = name.to_ascii_lowercase();
    let is_host = lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| HOST.contains(&word))
        || HOST.iter().any(|word| word.len() > 3 && lower.ends_with(word));
    scan(value, is_host)
}

/// What may be hosts in the words of a command.
pub(crate) fn in_word(before: Option<&str>, word: &str) -> Vec<Host> {
    if let Some((flag, value)) = word.split_once('=').filter(|(flag, _)| flag.starts_with('-')) {
        return in_value(flag.trim_start_matches('-'), value);
    }
    if let Some(rest) = word.strip_prefix("-h").filter(|rest| !rest.is_empty() && !rest.starts_with('-')) {
        return scan(rest, true);
    }
    scan(word, before.is_some_and(|flag| FLAGS.contains(&flag)))
}

fn scan(text: &str, is_host: bool) -> Vec<Host> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let mut hosts = Vec::new();
    let mut rest = text;
    let mut at = 0;
    while let Some(begin) = rest.find(is_of_name) {
        let end = rest[begin..].find(|c: char| !is_of_name(c)).map_or(rest.len(), |length| begin + length);
        let (before, behind) = (&text[..at + begin], &rest[end..]);
        let is_marked = before.ends_with("//")
            || before.ends_with('@')
            || before.ends_with("tcp(")
            || (behind.starts_with(':') && behind[1..].starts_with(|c: char| c.is_ascii_digit()));
        // who logs in, and by which protocol, stands before the host
        let authority = behind.split(['/', ' ', ',', ';', '?']).next().unwrap_or_default();
        let is_user = authority.contains('@') || behind.starts_with('(');
        let is_whole = before.is_empty() && behind.is_empty();
        let mut name = rest[begin..end].trim_matches(['.', '-']);
        for domain in DOMAINS {
            name = name.strip_suffix(domain).unwrap_or(name);
        }
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        if (1..=3).contains(&parts.len()) && parts.iter().all(|part| !part.is_empty()) && !is_user {
            let is_certain = is_marked
                || (is_host && (is_whole || before.ends_with([',', ' ', '=']) || behind.starts_with([',', ' '])));
            hosts.push(Host { parts, is_certain });
        }
        at += end;
        rest = &rest[end..];
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(hosts: Vec<Host>) -> Vec<String> {
        hosts.into_iter().filter(|host| host.is_certain).map(|host| host.parts.join(".")).collect()
    }

    #[test]
    fn single_words_are_hosts_where_something_says_so() {
        for (name, value, expected) in [
            ("DB_WRITE_HOST", "mysql-write", vec!["mysql-write"]),
            ("DBHOST", "mysql", vec!["mysql"]),
            ("DB_USER", "mysql", vec![]),
            ("URL", "mysql://shop:secret@mysql-write:3306/shop", vec!["mysql-write"]),
            ("DATABASE", "jdbc:mysql://mysql-read.shop.svc.cluster.local:3306/x", vec!["mysql-read.shop"]),
            ("DB_HOSTS", "mysql-0.mysql,mysql-1.mysql", vec!["mysql-0.mysql", "mysql-1.mysql"]),
            ("DSN", "shop:x@tcp(mysql-write:3306)/shop", vec!["mysql-write"]),
        ] {
            assert_eq!(certain(in_value(name, value)), expected, "{name}={value}");
        }
    }

    #[test]
    fn whole_names_have_the_domain() {
        let whole = |name: &str| Host::whole(name).map(|host| host.parts.join("."));
        assert_eq!(whole("mysql-write.shop.svc.cluster.local").as_deref(), Some("mysql-write.shop"));
        assert_eq!(whole("mysql-write.shop.svc.cluster.local.").as_deref(), Some("mysql-write.shop"));
        assert_eq!(whole("mysql-write.shop"), None);
    }

    #[test]
    fn words_of_commands() {
        for (before, word, expected) in [
            (None, "--host=mysql", vec!["mysql"]),
            (None, "-hmysql", vec!["mysql"]),
            (Some("-h"), "mysql", vec!["mysql"]),
            (Some("-u"), "mysql", vec![]),
            (None, "--user=mysql", vec![]),
        ] {
            assert_eq!(certain(in_word(before, word)), expected, "{before:?} {word}");
        }
        let hosts = in_word(None, "mariadb-dump -h mariadb-2.mariadb shop");
        assert!(hosts.iter().any(|host| host.parts == ["mariadb-2", "mariadb"]), "{hosts:?}");
    }
}
