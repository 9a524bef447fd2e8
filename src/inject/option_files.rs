//! The server must read the injected option files, and the forced ones last.

use crate::{
    database::{Database, Found},
    findings::{Findings, Violation},
    json::{list_at, str_at},
    mounts::{holds, plain_path},
    names::{CONF_VOLUME, FORCED_OPTIONS_FILE},
    object::name,
    rule,
    text::shown,
};
use mysql_options::ServerOption;
use std::borrow::Cow;

/// The server must read the folder that `conf` is mounted at, and read the forced options last of it.
pub(super) fn check_option_files(found: &Found, database: &Database, findings: &mut Findings) {
    let Found { container, path, .. } = found;
    let conf_dir = database.conf_dir();
    let mut reject = |path: Cow<'static, str>, found: String, fix: String| {
        findings.reject(Violation::new(
            rule::UNREACHABLE_OPTION_FILES,
            path,
            found,
            format!(
                "what keeps a replica closed for writes is in {conf_dir}/{FORCED_OPTIONS_FILE}, and the server \
                must read it last"
            ),
            fix,
        ));
    };
    for given in &found.given().given {
        let Some(option) = ServerOption::from_argument(&given.text) else { continue };
        if ["no-defaults", "defaults-file", "defaults-extra-file"].contains(&option.name) {
            reject(
                given.path(path),
                format!("the option --{}", option.name),
                "remove it, and put the options into the ConfigMap's keys master.cnf and slave.cnf".to_owned(),
            );
        }
    }
    for (index, mount) in list_at(container, &["volumeMounts"]).iter().enumerate() {
        let at = plain_path(str_at(mount, &["mountPath"]));
        let at = at.as_ref();
        let has_sub_path = ["subPath", "subPathExpr"].iter().any(|key| !str_at(mount, &[key]).is_empty());
        if name(mount) == CONF_VOLUME && at == conf_dir && !has_sub_path {
            continue;
        }
        let mounts = path.field("volumeMounts");
        let mount_at = mounts.element(index);
        let path = mount_at.field("mountPath");
        if holds(at, conf_dir) {
            reject(
                path.into(),
                format!("a volume at {}", shown(at)),
                "remove this mount, and put the options into the ConfigMap's keys master.cnf and slave.cnf".to_owned(),
            );
        } else if holds(conf_dir, at) && at[conf_dir.len()..].trim_start_matches('/') >= FORCED_OPTIONS_FILE {
            reject(
                path.into(),
                format!("a file at {}, which is read later", shown(at)),
                format!("give it a name that sorts before {FORCED_OPTIONS_FILE}"),
            );
        }
    }
}
