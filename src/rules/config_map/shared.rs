//! Options that both roles must have alike: they say how the data is written, and a replica's data is the primary's.

use crate::{
    config_maps::ConfigMaps,
    findings::Findings,
    given::given_options,
    json::{Value, at},
    rule,
    rules::config_map::{
        file::{Checked, FILE},
        keys::ROLES,
        server::Server,
    },
};
use mysql_options::{OptionFile, ServerOption, effective};

/// The options, each with the value that servers on Linux have without it (MySQL manual, "`lower_case_table_names`",
/// "`innodb_page_size`"), and the one that they have where none is written.
pub(crate) const SHARED: [(&str, u64, u64); 2] =
    [("lower-case-table-names", 0, 1), ("innodb-page-size", 16 << 10, 16 << 10)];

/// Those that arguments give, which win over the files of either role.
fn shared_by_arguments(container: &Value) -> Vec<&'static str> {
    let given = given_options(container, &ConfigMaps::default()).given;
    let options = given.iter().filter_map(|given| ServerOption::from_argument(&given.text));
    options.filter_map(|option| SHARED.iter().find(|(name, ..)| option.is(name)).map(|(name, ..)| *name)).collect()
}

pub(super) fn check_shared(config_map: &Value, server: &Server, findings: &mut Findings) {
    let texts: Vec<_> = ROLES
        .iter()
        .map(|(_, known)| known.iter().find_map(|key| Some((*key, at(config_map, &["data", key])?.as_str()?))))
        .collect();
    let [primary, replica] = texts.as_slice() else { return };
    // most files name none of them; a longer one is refused for that
    let says = |text: &str| text.len() <= FILE && has_sign(text);
    if ![primary, replica].iter().any(|file| file.is_some_and(|(_, text)| says(text))) {
        return;
    }
    let by_arguments = shared_by_arguments(server.container);
    for (name, default, bare) in SHARED {
        if by_arguments.contains(&name) {
            continue;
        }
        let value = |file: &Option<(&str, &str)>| {
            let text = file.map_or("", |(_, text)| text);
            let file = OptionFile::parse(if text.len() > FILE { "" } else { text });
            let options: Vec<(usize, ServerOption)> =
                file.options_of(&server.groups).filter(|(_, option)| option.is(name)).collect();
            let told = effective(&options, name)?;
            Some((told.0, told.1.value.map(ToOwned::to_owned)))
        };
        let told = [value(primary), value(replica)];
        let [one, other] = [&told[0], &told[1]]
            .map(|told| told.as_ref().map_or(Some(default), |(_, value)| value.as_deref().map_or(Some(bare), number)));
        if one == other {
            continue;
        }
        let at = usize::from(told[0].is_none());
        let (Some((key, text)), Some((line, _))) = ([primary, replica][at], &told[at]) else { continue };
        let checked = Checked { key, lines: text.split('\n').collect(), server };
        let found = format!("{}, and not the same in the file of the other role", checked.written(*line));
        findings.reject(checked.violation(
            rule::FORCED_OPTION,
            Some(*line),
            found,
            "it says how data is written: on the primary's data the servers of replicas would stop",
            "write the same into the files of both roles, before there is any data".to_owned(),
        ));
    }
}

/// Could a text have one of the options, in whichever spelling?
fn has_sign(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("lowe") || lower.contains("innodb-pa") || lower.contains("innodb_pa")
}

/// A number with the server's endings; nothing for what is none.
fn number(value: &str) -> Option<u64> {
    let (digits, factor) = match value.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (&value[..value.len() - 1], 1 << 10),
        b'm' => (&value[..value.len() - 1], 1 << 20),
        _ => (value, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}
