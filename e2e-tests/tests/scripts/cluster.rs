//! The machine under the tests: namespaces, pods with their stand-ins, and runs of scripts in them.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use mysql_replication_policy::scripts::all;
use tempfile::TempDir;

/// The root password of the tests: all that a shell, an option file and SQL could take for their own.
pub(crate) const PASSWORD: &str = r#"it's "Geheim\n" #1; $(x) `y` \"#;
/// The part of it that no quoting changes; no log and no argument may ever hold it.
const PASSWORD_CORE: &str = "Geheim";

/// Longer than anything takes on a busy machine: only a test that fails waits for so long.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

/// What the tests need of the machine, and the package that has it.
const NEEDED: [(&str, &str); 8] = [
    ("bash", "bash"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "util-linux"),
    ("ip", "iproute2"),
    ("socat", "socat"),
    ("tar", "tar"),
    ("getent", "libc-bin"),
];
/// The system's tools that a script finds in its container; there are no others.
const SYSTEM_TOOLS: [&str; 27] = [
    "base64",
    "bash",
    "cat",
    "cut",
    "du",
    "getent",
    "gzip",
    "head",
    "mkdir",
    "mkfifo",
    "mktemp",
    "mv",
    "date",
    "od",
    "rm",
    "rmdir",
    "sh",
    "sha256sum",
    "sleep",
    "socat",
    "sync",
    "tail",
    "tar",
    "tee",
    "timeout",
    "tr",
    "yes",
];
/// The database tools and the stand-ins that play them.
const MARIADB_TOOLS: [(&str, &str); 4] =
    [("mariadb", "client"), ("mariadb-admin", "admin"), ("mariadb-backup", "backup"), ("mbstream", "stream")];
const MYSQL_TOOLS: [(&str, &str); 6] = [
    ("mysql", "client"),
    ("mysqladmin", "admin"),
    ("xtrabackup", "backup"),
    ("xbstream", "stream"),
    ("mysqld", "server"),
    // the user mysql, to whom it gives files, is not known here
    ("chown", "no-op"),
];

/// What a peer of the tests needs of the scripts to speak their protocol.
const COMMON_FUNCTIONS: &str = ". \"${0%/*}/common.sh\"\nroot_password\n";

/// The path of a tool of the machine; without it the test fails, and says what to install.
pub(crate) fn tool(name: &str, package: &str) -> PathBuf {
    find_tool(name).unwrap_or_else(|| panic!("`{name}` is missing on this machine: install the package {package}"))
}

fn find_tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').map(|folder| Path::new(folder).join(name)).find(|file| file.is_file())
}

/// Waits until `condition` holds, and fails with `what` if it never does.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "still not: {what}");
        thread::sleep(POLL);
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Namespaces for mounts, network and processes, held by a shell that ends with this test's end of a pipe.
pub(crate) struct Cluster {
    holder: Child,
    pid: u32,
    dir: TempDir,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        for (name, package) in NEEDED {
            tool(name, package);
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("hosts"), "127.0.0.1 localhost\n").unwrap();
        fs::write(dir.path().join("nsswitch.conf"), "hosts: files\n").unwrap();

        let mut command = Command::new(tool("unshare", "util-linux"));
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        let mut holder = command
            .args(["--mount", "--net", "--pid", "--fork"])
            .arg(tool("bash", "bash"))
            .arg("-c")
            .arg(
                r#"set -e
                PATH=$PATH:/usr/sbin:/sbin
                mount --bind "$0/hosts" /etc/hosts
                [[ ! -e /etc/nsswitch.conf ]] || mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf
                # as in a container whose root file system is read-only: what is written goes to the pod's volumes
                mount --bind "$0" "$0"
                for place in / "$(stat --format %m "${0%/*}")"; do
                    mount -o remount,bind,ro "$place"
                done
                if : 2>/dev/null >"$0.writable"; then exit 1; fi
                ip link set lo up
                read -r pid _ </proc/self/stat # /proc is still that of the outer namespace
                printf '%s\n' "$pid"
                while read -r _; do :; done"#,
            )
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = line.trim().parse().expect("namespaces could not be made: are they allowed to this user?");
        Self { holder, pid, dir }
    }

    /// A new pod, which its peers find by name.
    pub(crate) fn pod(&self, ordinal: u8) -> Pod<'_> {
        self.name_host(ordinal);
        Pod::new(self, ordinal)
    }

    /// Makes the name of a pod known without the pod.
    pub(crate) fn name_host(&self, ordinal: u8) {
        let hosts = self.dir.path().join("hosts");
        let known = fs::read_to_string(&hosts).unwrap();
        // written in place: the mount is of this very file
        fs::write(hosts, format!("{known}{} mysql-{ordinal}.mysql\n", address(ordinal))).unwrap();
    }

    /// Waits until something listens on a port.
    pub(crate) fn wait_for_port(&self, port: u16) {
        let wanted = format!(":{port:04X}");
        wait_until(&format!("listening on port {port}"), || {
            ["tcp", "tcp6"].iter().any(|family| {
                fs::read_to_string(format!("/proc/{}/net/{family}", self.pid)).unwrap_or_default().lines().any(|line| {
                    let mut fields = line.split_whitespace().skip(1);
                    // 0A: listening
                    fields.next().is_some_and(|local| local.ends_with(&wanted)) && fields.nth(1) == Some("0A")
                })
            })
        });
    }

    /// The command lines of what runs here outside of containers.
    pub(crate) fn processes(&self) -> Vec<String> {
        let own = fs::read_link(format!("/proc/{}/ns/pid", self.pid)).unwrap();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_own = fs::read_link(entry.path().join("ns/pid")).is_ok_and(|namespace| namespace == own);
            if is_own && name != self.pid.to_string() {
                let command = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default().replace('\0', " ");
                // a process that has ended has none, and two are the ways into namespaces
                if !command.is_empty() && !command.contains("/unshare ") && !command.contains("/nsenter ") {
                    found.push(command);
                }
            }
        }
        found
    }

    /// Starts a command in the namespaces; in a container it is the first process of its own, as under Kubernetes.
    fn start(&self, log: &Path, in_container: bool, command: &[&str], environment: &BTreeMap<String, String>) -> Run {
        let pid_file = log.with_extension("pid");
        let bash = tool("bash", "bash");
        let output = fs::File::create(log).unwrap();
        let mut entered = Command::new(tool("nsenter", "util-linux"));
        entered.arg(format!("--target={}", self.pid)).args(["--mount", "--net", "--pid"]);
        if !is_root() {
            entered.args(["--user", "--preserve-credentials"]);
        }
        entered.arg("--");
        if in_container {
            entered.arg(tool("unshare", "util-linux")).args(["--pid", "--fork", "--"]);
        }
        entered
            .arg(bash)
            .args([
                "-c",
                r#"read -r pid _ </proc/self/stat; printf '%s\n' "$pid" >"$0.new"; mv "$0.new" "$0"; exec "$@""#,
            ])
            .arg(&pid_file)
            .args(command)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        Run { child: entered.spawn().unwrap(), log: log.to_owned(), pid_file }
    }

    /// The password is in no log and in no argument of any call, whatever the test was about.
    fn assert_no_password(&self) {
        for entry in fs::read_dir(self.dir.path()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
            assert_no_password(&entry.path());
        }
    }
}

fn assert_no_password(pod: &Path) {
    for file in fs::read_dir(pod).unwrap().map(|entry| entry.unwrap().path()) {
        if file.ends_with("calls") || file.extension().is_some_and(|extension| extension == "log") {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains(PASSWORD_CORE), "the password is in {}:\n{text}", file.display());
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // the end of the pipe ends the first process of the namespace, and with it all the others
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
        if !thread::panicking() {
            self.assert_no_password();
        }
    }
}

fn address(ordinal: u8) -> String {
    format!("127.0.0.{}", 10 + ordinal)
}

/// A pod's volumes, tools and environment.
pub(crate) struct Pod<'a> {
    pub(crate) cluster: &'a Cluster,
    ordinal: u8,
    dir: PathBuf,
    environment: BTreeMap<String, String>,
}

impl<'a> Pod<'a> {
    fn new(cluster: &'a Cluster, ordinal: u8) -> Self {
        let name = format!("mysql-{ordinal}");
        let dir = cluster.dir.path().join(&name);
        for folder in ["bin", "tools", "real", "data", "conf", "config-map", "control", "backup", "scripts", "peer"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        for (name, text) in all() {
            for folder in ["scripts", "peer"] {
                fs::write(dir.join(format!("{folder}/{name}.sh")), text).unwrap();
            }
        }
        for file in ["calls", "options", "sql", "there"] {
            fs::write(dir.join(file), "").unwrap();
        }
        symlink(stand_in("lib.sh"), dir.join("lib.sh")).unwrap();
        for name in SYSTEM_TOOLS {
            if let Some(real) = find_tool(name) {
                symlink(real, dir.join("real").join(name)).unwrap();
                symlink(stand_in("system-tool"), dir.join("tools").join(name)).unwrap();
            }
        }
        let mut environment = BTreeMap::new();
        let in_pod = |folder: &str| dir.join(folder).to_str().unwrap().to_owned();
        for (key, value) in [
            ("PATH", format!("{}:{}", in_pod("bin"), in_pod("tools"))),
            ("POD_NAME", name),
            ("REPLICATION_SERVICE", "mysql".to_owned()),
            ("REPLICATION_FLAVOR", "mariadb".to_owned()),
            ("REPLICATION_CLONE_METHOD", "xtrabackup".to_owned()),
            ("REPLICATION_DATA_DIR", in_pod("data")),
            ("REPLICATION_CONF_DIR", in_pod("conf")),
            ("REPLICATION_CONFIG_MAP_DIR", in_pod("config-map")),
            ("REPLICATION_GTID", "option-files".to_owned()),
            ("REPLICATION_BINARY_LOG", "mysql-bin".to_owned()),
            ("REPLICATION_CLONE_ATTEMPTS", "1".to_owned()),
            ("REPLICATION_RETRY_SECONDS", "0".to_owned()),
            ("REPLICATION_LOOK_SECONDS", "0.2".to_owned()),
            ("MYSQL_ROOT_PASSWORD", PASSWORD.to_owned()),
        ] {
            environment.insert(key.to_owned(), value);
        }
        let pod = Self { cluster, ordinal, dir, environment };
        pod.install(&MARIADB_TOOLS);
        pod
    }

    /// The same pod with a flavor of `MySQL`, and its tools, instead of `MariaDB`.
    pub(crate) fn mysql(self, flavor: &str, version: &str) -> Self {
        for (name, _) in MARIADB_TOOLS {
            self.without_tool(name);
        }
        self.install(&MYSQL_TOOLS);
        self.control("version", version);
        let (gtid, log) = if flavor == "mysql-5.7" { ("option-files", "mysql-bin") } else { ("always", "binlog") };
        self.with("REPLICATION_FLAVOR", flavor).with("REPLICATION_GTID", gtid).with("REPLICATION_BINARY_LOG", log)
    }

    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.set(key, value);
        self
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.environment.insert(key.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, key: &str) {
        self.environment.remove(key);
    }

    pub(crate) fn install(&self, tools: &[(&str, &str)]) {
        for (name, player) in tools {
            symlink(stand_in(player), self.dir.join("bin").join(name)).unwrap();
        }
    }

    pub(crate) fn without_tool(&self, name: &str) {
        for folder in ["bin", "tools"] {
            let _ = fs::remove_file(self.dir.join(folder).join(name));
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let file = self.path(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.path(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names in a folder, sorted.
    pub(crate) fn list(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Tells the stand-ins what to do; see their files.
    pub(crate) fn control(&self, name: &str, value: &str) {
        self.write(&format!("control/{name}"), format!("{value}\n"));
    }

    pub(crate) fn release(&self, name: &str) {
        fs::remove_file(self.path(&format!("control/{name}"))).unwrap();
    }

    /// Waits until a stand-in hangs as it was told.
    pub(crate) fn wait_until_blocked(&self) {
        wait_until("a call hangs as the test asked", || self.exists("control/blocked"));
    }

    /// The recorded calls of a tool, arguments only.
    pub(crate) fn calls(&self, tool: &str) -> Vec<String> {
        let start = format!("{tool} ");
        self.read("calls").lines().filter_map(|line| line.strip_prefix(&start).map(str::to_owned)).collect()
    }

    /// The recorded statements that hold a text.
    pub(crate) fn statements(&self, text: &str) -> Vec<String> {
        self.read("sql").lines().filter(|line| line.contains(text)).map(|line| line.trim().to_owned()).collect()
    }

    /// The recorded statements that change something, without what only asks.
    pub(crate) fn changes(&self) -> Vec<String> {
        let asks = |statement: &String| statement.starts_with("SELECT ") || statement.starts_with("SHOW ");
        self.statements("").into_iter().filter(|statement| !asks(statement)).collect()
    }

    /// What the primary's server was asked, each behind the user who asked.
    pub(crate) fn asked_there(&self) -> Vec<String> {
        self.read("there").lines().map(|line| line.trim().to_owned()).collect()
    }

    /// The password that an account has, by the scripts and root's.
    pub(crate) fn account_password(&self, root: &str, account: &str) -> String {
        self.write("root", root);
        let file = self.path("root");
        self.shell(&format!("account_password \"$(<'{}')\" '{account}'", file.display()))
    }

    /// The server starts anew: on a replica nothing follows.
    pub(crate) fn restart_server(&self) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.control("io", "No");
        self.control("applier", "No");
        self.control("started", &now.to_string());
    }

    /// Waits until a statement was given to the own server, and gives all of them that hold the text.
    pub(crate) fn wait_for_statement(&self, text: &str) -> Vec<String> {
        wait_until(text, || !self.statements(text).is_empty());
        self.statements(text)
    }

    /// Waits until the sidecar has looked at its server a few times more.
    pub(crate) fn wait_for_looks(&self) {
        let looks = || self.statements("SHOW GLOBAL STATUS LIKE 'Uptime'").len();
        let before = looks();
        wait_until("the sidecar looks", || looks() >= before + 3);
    }

    /// The group of the recorded option file that every client reads.
    pub(crate) fn client_section(&self) -> String {
        let options = self.read("options");
        let end = options[1..].find("\n[").map_or(options.len(), |position| position + 2);
        options[..end].to_owned()
    }

    /// Deletes the pod and its volumes.
    pub(crate) fn delete(self) {
        assert_no_password(&self.dir);
        fs::remove_dir_all(&self.dir).unwrap();
    }

    /// Deletes the records of what was called so far.
    pub(crate) fn forget(&self) {
        assert_no_password(&self.dir);
        for file in ["calls", "options", "sql", "there"] {
            self.write(file, "");
        }
    }

    /// What a shell of the pod writes that has the scripts' common functions.
    pub(crate) fn shell(&self, text: &str) -> String {
        let log = self.new_log("shell");
        let script = self.write_script(&log, text);
        let bash = tool("bash", "bash");
        let command = [bash.to_str().unwrap(), script.to_str().unwrap()];
        self.cluster.start(&log, true, &command, &self.environment).wait().log
    }

    /// Plays a server at this pod's name: for each connection a shell with the scripts' common functions runs `text`.
    pub(crate) fn play_server(&self, port: u16, text: &str) -> Run {
        let bash = tool("bash", "bash");
        let log = self.new_log("server");
        let file = self.write_script(&log, text);
        let listen = format!("TCP-LISTEN:{port},bind={},reuseaddr,fork", address(self.ordinal));
        let answer = format!("EXEC:{} {}", bash.display(), file.display());
        let run = self.cluster.start(&log, true, &["socat", &listen, &answer], &self.environment);
        self.cluster.wait_for_port(port);
        run
    }

    pub(crate) fn start(&self, name: &str) -> Run {
        self.start_script(name, true)
    }

    /// Starts a script whose process is not the first one of a container, so that what it leaves behind stays.
    pub(crate) fn start_outside_container(&self, name: &str) -> Run {
        self.start_script(name, false)
    }

    pub(crate) fn run(&self, name: &str) -> Outcome {
        self.start(name).wait()
    }

    fn start_script(&self, name: &str, in_container: bool) -> Run {
        let (parameters, environment) = self.parameters();
        let environment = if name == "init-mysql" {
            self.environment.clone()
        } else {
            self.write("scripts/parameters.sh", parameters);
            environment
        };
        // by its path: what the tests record begins inside the script
        let bash = tool("bash", "bash");
        let script = self.path(&format!("scripts/{name}.sh"));
        let command = [bash.to_str().unwrap(), script.to_str().unwrap()];
        self.cluster.start(&self.new_log(name), in_container, &command, &environment)
    }

    /// What `init-mysql` leaves for the other containers, and what is in their own environment.
    fn parameters(&self) -> (String, BTreeMap<String, String>) {
        let is_parameter = |key: &String| key == "POD_NAME" || key.starts_with("REPLICATION_");
        let (parameters, environment): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.environment.clone().into_iter().partition(|(key, _)| is_parameter(key));
        let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        let lines: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}={}\n", quoted(value))).collect();
        (lines.concat(), environment)
    }

    /// Writes a script of the tests that has the common functions of the others.
    fn write_script(&self, log: &Path, text: &str) -> PathBuf {
        let name = log.with_extension("sh").file_name().unwrap().to_str().unwrap().to_owned();
        let (parameters, _) = self.parameters();
        self.write("peer/parameters.sh", parameters);
        let file = self.path(&format!("peer/{name}"));
        fs::write(&file, format!("{COMMON_FUNCTIONS}{text}")).unwrap();
        file
    }

    /// Runs bash with these arguments, as a container with all that scripts are told in its environment.
    pub(crate) fn run_command(&self, arguments: &[&str]) -> Outcome {
        let bash = tool("bash", "bash");
        let command = [&[bash.to_str().unwrap()], arguments].concat();
        self.cluster.start(&self.new_log("command"), true, &command, &self.environment).wait()
    }

    fn new_log(&self, name: &str) -> PathBuf {
        let number = self.list("").iter().filter(|file| file.starts_with(name)).count();
        self.path(&format!("{name}-{number}.log"))
    }
}

fn stand_in(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stand-ins").join(name)
}

/// A command that runs in the namespaces.
pub(crate) struct Run {
    child: Child,
    log: PathBuf,
    pid_file: PathBuf,
}

/// How a run has ended.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

impl Run {
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    pub(crate) fn wait_for_log(&self, text: &str) {
        wait_until(text, || self.log().contains(text));
    }

    pub(crate) fn wait(mut self) -> Outcome {
        let mut status = None;
        wait_until(&format!("the end of {}:\n{}", self.log.display(), self.log()), || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        Outcome { status: status.unwrap(), log: self.log() }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal to the script itself, as the kubelet does to a container.
    pub(crate) fn signal(&self, signal: &str) {
        let mut pid = String::new();
        wait_until("the script has started", || {
            pid = fs::read_to_string(&self.pid_file).unwrap_or_default();
            !pid.is_empty()
        });
        Command::new(tool("bash", "bash")).args(["-c", r#"kill -s "$0" "$1""#, signal, pid.trim()]).status().unwrap();
    }

    /// Ends a container at once, with everything in it.
    pub(crate) fn kill(self) -> Outcome {
        self.signal("KILL");
        self.wait()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.has_ended() {
            self.signal("KILL");
            let _ = self.child.wait();
        }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert!(self.status.success(), "{}:\n{}", self.status, self.log);
        self
    }

    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        assert!(!self.status.success(), "succeeded, but was to fail:\n{}", self.log);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.log.contains(text), "`{text}` is not in the log:\n{}", self.log);
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        assert!(!self.log.contains(text), "`{text}` is in the log:\n{}", self.log);
        self
    }
}
