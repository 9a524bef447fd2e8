//! One run: images, option files, then the scenarios of all clusters on all databases, and the table at the end.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    thread,
    time::{Duration, Instant},
};

use mysql_replication_preview::{Interpreter, Policy};

use crate::{
    admission::{Admission, played},
    arguments::Arguments,
    cluster::{self, Cluster, Place, remove_tree, sweep},
    command,
    context::Context,
    image::{Database, pull},
    object::Objects,
    option_files, option_sources,
    outcome::{Failure, Outcome, Stop},
    report::{Entry, Report},
    scenario::{LANES, Lane, upgrade},
    sql::Login,
    watch::Watch,
    wish::Wish,
};

/// How long a whole run may take; making the images counts.
const DEADLINE: Duration = Duration::from_hours(1);

/// Podman on machines whose limits and control groups are not those of a whole machine.
const SETTINGS: &str = "[containers]\ndefault_ulimits = [\"nofile=20000:20000\", \"nproc=10000:10000\"]\n\
    [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\n[network]\nnetwork_backend = \"netavark\"\n";

/// What all clusters of a run share.
struct Run<'a> {
    arguments: &'a Arguments,
    report: Report,
    watch: Watch,
    stop: Stop,
    policy: Policy,
    /// The repository's root.
    root: PathBuf,
    /// `target/e2e-replication`
    target: PathBuf,
    settings: PathBuf,
}

/// Does what the arguments ask for; says whether all went well.
pub(crate) fn run(arguments: &Arguments) -> Result<bool, String> {
    let text = |error: std::io::Error| error.to_string();
    if command::run(command::command("id").arg("--user"))? != "0" {
        return Err("this needs root, for networks, mounts and other users' files: run it with sudo".to_owned());
    }
    let databases = arguments.databases()?;
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).map_err(text)?;
    let target = root.join("target/e2e-replication");
    fs::create_dir_all(&target).map_err(text)?;
    let lock = fs::File::create(std::env::temp_dir().join(format!("{}.lock", cluster::PREFIX))).map_err(text)?;
    lock.try_lock().map_err(|_| "another run of e2e-replication is under way on this machine".to_owned())?;
    let settings = target.join("containers.conf");
    fs::write(&settings, SETTINGS).map_err(text)?;

    let asked = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&asked)).map_err(text)?;
    }
    let chaos = Duration::from_secs(arguments.chaos_seconds.unwrap_or(0)) * u32::try_from(databases.len()).unwrap_or(1);
    let wasm = root.join("policy.wasm");
    let run = Run {
        arguments,
        report: Report::new(),
        watch: Watch::start(
            databases.iter().flat_map(|database| [database.password.to_owned(), database.root_password()]).collect(),
        ),
        stop: Stop { asked, deadline: Instant::now() + DEADLINE + chaos },
        policy: Policy::from_file::<Interpreter>(&wasm)
            .map_err(|error| format!("{error}; run `make policy.wasm` first"))?,
        root,
        target,
        settings,
    };
    // what a run has left that was killed
    run.clean()?;
    if let Err(error) = run.images(&run.with_successors(&databases)) {
        run.clean()?;
        return Err(error);
    }
    run.option_files(&databases);
    run.scenarios(&databases);
    if arguments.keep {
        run.report.say("", "the pods stay: `podman pod ps` names them; the next run takes them away");
    } else {
        run.report.say("", "cleaning up");
        run.clean()?;
    }
    // the containers' own are root's, and whoever called sudo shall read them
    command::run(command::command("chmod").args(["--recursive", "a+rX"]).arg(&run.target))?;
    let (table, good) = run.report.finish();
    println!("\n{table}");
    Ok(good)
}

impl Run<'_> {
    /// Where claims, volumes and small files are while a run lasts.
    fn place(&self) -> PathBuf {
        self.target.join("run")
    }

    fn clean(&self) -> Result<(), String> {
        sweep(&self.settings)?;
        remove_tree(&self.place())
    }

    /// The databases under test, and those to which they are upgraded.
    fn with_successors(&self, databases: &[&'static Database]) -> Vec<&'static Database> {
        let wanted = &self.arguments.scenario;
        let upgraded = wanted.is_empty() || wanted.iter().any(|number| upgrade::NUMBERS.contains(number));
        let mut all = databases.to_vec();
        for next in databases.iter().filter_map(|database| upgrade::successor(database)).filter(|_| upgraded) {
            if !all.iter().any(|database| database.name == next.name) {
                all.push(next);
            }
        }
        all
    }

    /// Sees to it that podman has all images.
    fn images(&self, databases: &[&'static Database]) -> Result<(), String> {
        fs::create_dir_all(self.place()).map_err(|error| error.to_string())?;
        for database in databases.iter().filter(|database| database.is_official()) {
            for image in self.images_of(database) {
                self.stop.check().map_err(|failure| failure.0)?;
                let started = Instant::now();
                let text = if pull(&image, &self.settings)? { "pulled" } else { "is there already" };
                self.report.say(database.name, &format!("image {image} {text} ({} s)", started.elapsed().as_secs()));
            }
        }
        let folder = self.root.join("e2e-tests/replication/images");
        // of each database first what the others may be made from; side by side
        let recipes: Vec<_> = databases.iter().map(|database| (database, database.recipes())).collect();
        let mut done = BTreeSet::new();
        for round in 0.. {
            let of_round = recipes.iter().filter_map(|(database, recipes)| Some((*database, recipes.get(round)?)));
            let due: Vec<_> = of_round.filter(|(_, recipe)| done.insert(recipe.image.clone())).collect();
            if recipes.iter().all(|(_, recipes)| recipes.len() <= round) {
                break;
            }
            thread::scope(|scope| {
                let makers: Vec<_> = due
                    .into_iter()
                    .map(|(database, recipe)| {
                        let (folder, place) = (&folder, self.place());
                        let log = self.target.join(format!("image-{}-{round}.log", database.name));
                        scope.spawn(move || {
                            let started = Instant::now();
                            let made = recipe.make(folder, &self.settings, &log, &place, &self.stop)?;
                            let text = if made { "made" } else { "is there already" };
                            let seconds = started.elapsed().as_secs();
                            self.report.say(database.name, &format!("image {} {text} ({seconds} s)", recipe.image));
                            Ok::<(), String>(())
                        })
                    })
                    .collect();
                makers
                    .into_iter()
                    .try_for_each(|maker| maker.join().map_err(|_| "making an image failed".to_owned())?)
            })?;
        }
        Ok(())
    }

    /// All images of the pods of a database, as they come out of the policy. What does not come out is told by its
    /// scenario.
    fn images_of(&self, database: &'static Database) -> BTreeSet<String> {
        let sets = LANES.iter().filter_map(|lane| played(self.admission(lane, database).ok()?.0.create().ok()?).ok());
        let containers = sets.flat_map(|set| {
            let spec = set.spec.template.spec;
            spec.init_containers.into_iter().chain(spec.containers)
        });
        containers.map(|container| container.image).collect()
    }

    /// What the policy is asked about, and what the pods refer to but the root password.
    fn admission(&self, lane: &Lane, database: &Database) -> Result<(Admission<'_>, Objects), String> {
        let manifest = self.root.join("e2e-tests/replication/manifests").join(lane.manifest);
        let mut objects = (lane.objects)(database)?;
        let admission = Admission::new(&self.policy, &manifest, database, lane.speaks_as, &mut objects)?;
        Ok((admission, objects))
    }

    /// Are option files read as the servers read them?
    fn option_files(&self, databases: &[&'static Database]) {
        let (wanted, number) = (&self.arguments.scenario, 0);
        if !wanted.is_empty() && !wanted.contains(&number) {
            return;
        }
        for database in databases.iter().filter(|database| !database.has_stand_in()) {
            if self.stop.check().is_err() {
                return;
            }
            let started = Instant::now();
            let scenario = format!("{number:>2} option files are read as the server reads them");
            // not where the run is cleaned up: a failure names files
            let place = self.target.join("option-files").join(database.name);
            let files = option_files::compare(database, &self.settings, &place);
            let sets = || {
                let place = self.target.join("option-sources").join(database.name);
                option_sources::compare(database, &self.policy, &self.settings, &place, self.arguments.seed)
            };
            let (text, outcome) = match files.and_then(|files| Ok(format!("{files}; {}", sets()?))) {
                Ok(compared) => (format!("ok, {compared}"), Outcome::Passed),
                Err(failure) => ("FAILED".to_owned(), Outcome::Failed(failure.to_string())),
            };
            let seconds = started.elapsed().as_secs();
            self.report.say(database.name, &format!("{scenario}: {text}, {seconds} s"));
            self.report.add(Entry { number, scenario, database: database.name, outcome, seconds });
        }
    }

    fn scenarios(&self, databases: &[&'static Database]) {
        let work: VecDeque<(&Lane, &'static Database)> =
            LANES.iter().flat_map(|lane| databases.iter().map(move |database| (lane, *database))).collect();
        for database in databases {
            // logs of an earlier run would be taken for this one's
            let _ = fs::remove_dir_all(self.target.join(database.name));
        }
        let work = Mutex::new(work);
        thread::scope(|scope| {
            for _ in 0..self.arguments.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let next = work.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                        let Some((lane, database)) = next else { break };
                        self.lane(lane, database);
                    }
                });
            }
        });
    }

    /// Runs the scenarios of a cluster. After a failure the next one begins with a cluster of its own.
    fn lane(&self, lane: &Lane, database: &'static Database) {
        let mut context: Option<Context<'_>> = None;
        let wanted = &self.arguments.scenario;
        for scenario in lane.scenarios.iter().filter(|it| wanted.is_empty() || wanted.contains(&it.number)) {
            if self.stop.check().is_err() && context.is_none() {
                return;
            }
            let started = Instant::now();
            let note = if database.has_stand_in() { " (stand-in for XtraBackup)" } else { "" };
            let name = format!("{:>2} {}{note}", scenario.number, scenario.title);
            if let Some(reason) = (scenario.not_on)(database) {
                self.report.say(database.name, &format!("{name}: skipped: {reason}"));
                let outcome = Outcome::Skipped(reason.to_owned());
                let number = scenario.number;
                self.report.add(Entry { number, scenario: name, database: database.name, outcome, seconds: 0 });
                continue;
            }
            self.report.say(database.name, &name);
            let result = match context.take() {
                Some(open) => Ok(open),
                None => self.start(lane, database),
            }
            .map_err(Failure)
            .and_then(|open| {
                let context = context.insert(open);
                catch_unwind(AssertUnwindSafe(|| (scenario.run)(context)))
                    .unwrap_or_else(|_| Err(Failure("the scenario itself panicked".to_owned())))?;
                context.expect("command lines that show a password", &Vec::<String>::new(), &self.watch.found())
            });
            let seconds = started.elapsed().as_secs();
            let failed = result.is_err();
            let outcome = result.err().map_or(Outcome::Passed, |failure| {
                let logs = self.target.join(database.name).join(lane.name);
                Outcome::Failed(format!("{failure}\nlogs: {}", logs.display()))
            });
            self.report.say(database.name, &format!("{name}: {}, {seconds} s", outcome.word()));
            self.report.add(Entry {
                number: scenario.number,
                scenario: name,
                database: database.name,
                outcome,
                seconds,
            });
            if failed {
                if self.arguments.keep {
                    break;
                }
                if let Some(context) = context.take() {
                    context.cluster.stop();
                    self.end(lane, database);
                }
            }
        }
        if let Some(context) = context
            && !self.arguments.keep
        {
            context.cluster.stop();
            self.end(lane, database);
        }
    }

    fn end(&self, lane: &Lane, database: &Database) {
        let name = format!("{}-{}", database.name, lane.name);
        let network = format!("{}-{name}", cluster::PREFIX);
        // what stays behind is taken away at the end of the run, which says so where it cannot be
        let _ = command::run(command::podman(&self.settings).args(["network", "rm", "--force", &network]));
        let _ = remove_tree(&self.place().join(name));
    }

    fn start(&self, lane: &Lane, database: &'static Database) -> Result<Context<'_>, String> {
        let (admission, mut objects) = self.admission(lane, database)?;
        let stored = (lane.begin)(&admission, database)?;
        let mut set = played(stored.clone())?;
        set.spec.template.spec.add_parameters(lane.parameters);
        let (secret, password) =
            if lane.has_password { (database.password, database.root_password()) } else { ("", String::new()) };
        objects
            .secrets
            .insert(set.metadata.name.clone(), BTreeMap::from([("root-password".to_owned(), secret.to_owned())]));
        let name = format!("{}-{}", database.name, lane.name);
        let place = Place {
            run: self.place().join(&name),
            logs: self.target.join(database.name).join(lane.name),
            settings: self.settings.clone(),
        };
        Ok(Context {
            database,
            cluster: Cluster::start(set, objects, &name, place, lane.claim, lane.is_ipv6)?,
            admission,
            stored,
            root: Login { user: "root", password },
            report: &self.report,
            who: database.name.to_owned(),
            stop: self.stop.clone(),
            marks: 0,
            wish: Wish { seed: self.arguments.chaos_seed, seconds: self.arguments.chaos_seconds },
            version: None,
        })
    }
}
