//! One run: all steps in their order, on one cluster.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    arguments::Arguments,
    cluster::Cluster,
    kubectl::Kubectl,
    outcome::{Result, Stop},
    report::Report,
    server::Server,
    step::Step,
};

/// The repository, in which kubectl finds the examples.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the steps that are asked for; says whether all is well.
///
/// # Errors
/// Where there is no cluster, or no policy to try on it.
pub(crate) fn run(arguments: &Arguments) -> std::result::Result<bool, String> {
    let steps = arguments.steps()?;
    if arguments.list {
        for step in steps {
            println!("{:<16} {}", step.name, step.reason);
        }
        return Ok(true);
    }
    let root = root();
    let kubectl = Kubectl::new(&root);
    let version = kubectl.json("version")?;
    let version = version["serverVersion"]["gitVersion"].as_str().unwrap_or("of an unknown version").to_owned();
    let server = match (&arguments.policy_server, &arguments.policy_server_ca) {
        (Some(url), Some(ca)) => Server::by_hand(&root, url, ca)?,
        _ => Server::of_kubewarden(&kubectl)?,
    };
    println!("Kubernetes {version}");
    let cluster = Cluster::new(&root, server);
    let good = all(&cluster, &steps, arguments);
    // what was put up for the run goes, however it ended
    if !arguments.keep {
        if let Err(stop) = cluster.clear() {
            eprintln!("the namespaces are left: {stop:?}");
        }
        cluster.server.leave(&cluster.kubectl)?;
    }
    good.map_err(|stop| match stop {
        Stop::Skip(text) | Stop::Fail(text) => text,
    })
}

fn all(cluster: &Cluster<'_>, steps: &[&Step], arguments: &Arguments) -> Result<bool> {
    cluster.clear()?;
    cluster.server.install(&cluster.kubectl)?;
    cluster.until_asked()?;
    let mut report = Report::default();
    for step in steps {
        println!("\n{}: {}", step.name, step.reason);
        let start = Instant::now();
        let mut result = (step.run)(cluster);
        if let (Err(Stop::Skip(missing)), true) = (&result, arguments.no_skips) {
            result = Err(Stop::Fail(format!("nothing is to be skipped: {missing}")));
        }
        println!("{}", report.add(step.name, &result, start.elapsed()));
        if matches!(result, Err(Stop::Fail(_))) {
            println!("what the cluster says is in {}", cluster.diagnose());
        }
    }
    let (line, is_good) = report.finish();
    println!("\n{line}");
    Ok(is_good)
}
