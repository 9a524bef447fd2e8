//! What must not be possible, and pods that may do little.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{
    context::Context,
    image::hex,
    outcome::{Failure, Result},
    scenario::{
        replication::{refuses_writes, scheduler_of},
        scale::forget_claims,
    },
};

/// 9: option files that would open the replicas, or change who they are, do not prevail.
pub(crate) fn config_map_opens_replicas(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let hostile = "[mysqld]\nread-only=OFF\nloose-super-read-only=OFF\nloose-innodb-read-only=OFF\nserver-id=100\n\
                   event-scheduler=ON\nmax-connections=77\n[mariadbd]\nread-only=OFF\n[server]\nread_only=0\n";
    context.cluster.edit_objects(|objects| {
        let keys = objects.config_maps.entry("mysql".to_owned()).or_default();
        keys.insert("slave.cnf".to_owned(), hostile.to_owned());
    });
    let address = context.pod(2)?.order.address.clone();
    context.cluster.delete_pod(2);
    context
        .wait_until("another pod 2", 60, || context.cluster.pod(2).is_some_and(|pod| pod.order.address != address))?;
    context.wait_settled(120)?;
    let found = context.sql(2, "SELECT @@max_connections, @@server_id, @@read_only, @@event_scheduler")?;
    // the first one shows that the file was read
    context.expect("settings of pod 2", &format!("77\t102\t1\t{}", scheduler_of(context)), &found)?;
    refuses_writes(context, 2)?;
    context.mark()?;
    context.cluster.edit_objects(|objects| objects.config_maps.clear());
    context.cluster.delete_pod(2);
    context.wait_until("another pod 2", 60, || !context.cluster.is_settled())?;
    context.wait_settled(120)
}

/// 8: only a peer that proves that it knows the password gets a backup, and nobody sees the password.
pub(crate) fn peer_without_password(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    for ordinal in 0..2 {
        let address = context.pod(ordinal)?.order.address.clone();
        if context.cluster.has_plugin() {
            let refused = TcpStream::connect((address.as_str(), 3307));
            context.expect("whether anything listens on port 3307", &true, &refused.is_err())?;
        } else {
            strangers(context, &address)?;
            let bytes = backup(&address, context.database.password, context.database.stream_start())?;
            context.step(format!("pod {ordinal}: strangers got nothing, who knows the password {} MB", bytes >> 20));
        }
    }
    // a clone from its first to its last step, while the watch looks at all command lines
    forget_claims(context, 3..4)?;
    context.cluster.scale(4);
    context.wait_settled(120)?;
    context.mark()?;
    context.cluster.scale(3);
    context.wait_settled(60)?;
    let logs = context.cluster.log_dir(0);
    let all = logs.parent().unwrap_or(&logs);
    for password in [context.database.password, &context.root.password] {
        let found = files_with(all, password).map_err(|error| error.to_string())?;
        context.expect("logs that show the password", &Vec::<String>::new(), &found)?;
    }
    Ok(())
}

/// What is said to the backup service, and what it must answer: never more than this.
fn strangers(context: &Context<'_>, address: &str) -> Result {
    let zeros = "0".repeat(64);
    for (name, text) in [
        ("a wrong proof", format!("{zeros} {zeros}\n")),
        ("no proof", "\n".to_owned()),
        ("another protocol", "GET / HTTP/1.0\r\n\r\n".to_owned()),
        ("a long line", "x".repeat(100_000) + "\n"),
    ] {
        let answer = ask(address, |_| text.clone()).map_err(|error| format!("{address}: {error}"))?.1;
        let shown: String = String::from_utf8_lossy(&answer).chars().take(80).collect();
        if shown != "refused\n" && !shown.is_empty() {
            return Err(Failure(format!("expected no byte of data after {name}, found '{shown}'")));
        }
    }
    context.stop.check()
}

/// Connects, sends what `reply` makes of the greeting's nonce, and reads all that comes.
fn ask(address: &str, reply: impl Fn(&str) -> String) -> std::io::Result<(String, Vec<u8>)> {
    let stream = TcpStream::connect((address, 3307))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut greeting = String::new();
    reader.read_line(&mut greeting)?;
    let nonce = greeting.trim_end().strip_prefix("mysql-replication/1 ").unwrap_or_default().to_owned();
    let mut answer = Vec::new();
    // the service may hang up before it has read everything
    if (&stream).write_all(reply(&nonce).as_bytes()).is_ok() {
        match reader.read_to_end(&mut answer) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => return Err(error),
            _ => {}
        }
    }
    Ok((nonce, answer))
}

/// The size of the backup that somebody gets who knows the password; its end must be proved.
fn backup(address: &str, password: &str, start: &str) -> Result<usize> {
    let own = "1".repeat(64);
    let (nonce, answer) = ask(address, |nonce| format!("{own} {}\n", proof(password, "client", nonce, &own)))
        .map_err(|error| format!("{address}: {error}"))?;
    let whole = answer
        .strip_prefix(format!("{}\n", proof(password, "server", &nonce, &own)).as_bytes())
        .and_then(|rest| rest.strip_suffix(format!("{}\n", proof(password, "end", &nonce, &own)).as_bytes()))
        .filter(|stream| stream.starts_with(start.as_bytes()));
    whole.map(<[u8]>::len).ok_or_else(|| {
        Failure(format!("expected a whole backup between two proofs, found {} bytes of something else", answer.len()))
    })
}

fn proof(password: &str, step: &str, server: &str, client: &str) -> String {
    let digest = |text: String| hex(&Sha256::digest(text.as_bytes()));
    let inner = digest(format!("{password}\n{step}\n{server}\n{client}"));
    // as the shell hands it on: with the line break of the inner one lost
    digest(format!("{password}\n{inner}"))
}

fn files_with(path: &Path, text: &str) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_with(&path, text)?);
        } else if String::from_utf8_lossy(&fs::read(&path)?).contains(text) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

/// 12: pods without root, capabilities and a writable root file system replicate, and have none of these.
pub(crate) fn hardened(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let uid = format!("Uid:\t{0}\t{0}\t{0}\t{0}", context.database.family.user());
    for ordinal in 0..3 {
        for container in ["mysql", "xtrabackup"] {
            let pid = context.cluster.pid(ordinal, container)?;
            let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(|error| error.to_string())?;
            for expected in [
                uid.as_str(),
                "CapEff:\t0000000000000000",
                "CapBnd:\t0000000000000000",
                "NoNewPrivs:\t1",
                "Seccomp:\t2",
            ] {
                if !status.contains(expected) {
                    return Err(Failure(format!(
                        "{container} of pod {ordinal}: expected {expected:?}, found\n{status}"
                    )));
                }
            }
            let mounts = fs::read_to_string(format!("/proc/{pid}/mounts")).map_err(|error| error.to_string())?;
            let root = mounts.lines().find(|line| line.split(' ').nth(1) == Some("/")).unwrap_or_default();
            if !root.split(' ').nth(3).is_some_and(|options| options.split(',').any(|option| option == "ro")) {
                return Err(Failure(format!(
                    "{container} of pod {ordinal}: expected a read-only root, found '{root}'"
                )));
            }
        }
    }
    context.mark()?;
    for ordinal in 1..3 {
        refuses_writes(context, ordinal)?;
    }
    // what a restarted pod finds, it has written itself
    context.cluster.delete_pod(2);
    context.wait_until("another pod 2", 60, || !context.cluster.is_settled())?;
    context.wait_settled(120)?;
    context.mark()?;
    context.same_everywhere()
}
