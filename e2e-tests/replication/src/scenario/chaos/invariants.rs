//! What must hold when the faults of a round are over and the cluster has mended itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
};

use crate::{
    context::Context,
    outcome::{Failure, Result},
    scenario::{
        chaos::{clients::Ledger, plan::MOST_REPLICAS},
        replication::refuses_writes,
    },
};

/// Says that a claim holds a whole clone.
pub(super) const MARK: &str = "mysql-replication.clone";
/// Made once by a server, or moved in place with a clone: as long as it is the same file, the data is.
const SYSTEM_TABLESPACE: &str = "ibdata1";
const TABLES: &str = "e2e.serials, e2e.counters, e2e.intruders, e2e.ordered";

/// What is known of earlier rounds.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By ordinal, the file that says whether its data is that of the round before.
    data: BTreeMap<usize, u64>,
    /// How often root's password was changed.
    pub(super) passwords: usize,
}

impl History {
    /// The claim of this pod is deleted.
    pub(super) fn forget(&mut self, ordinal: usize) {
        self.data.remove(&ordinal);
    }

    /// Nobody's data directory was emptied: claims of pods that are not there now count too.
    pub(super) fn check_data(&mut self, context: &Context<'_>) -> Result {
        for ordinal in 0..MOST_REPLICAS {
            let file = context.cluster.data_dir(ordinal).join(SYSTEM_TABLESPACE);
            let now = fs::metadata(&file).ok().map(|metadata| metadata.ino());
            if let Some(before) = self.data.get(&ordinal)
                && Some(*before) != now
            {
                let found = if now.is_some() { "another" } else { "none" };
                return Err(Failure(format!(
                    "pod {ordinal}: its claim was not deleted, but its data directory was emptied: expected the {} of \
                     before, found {found}",
                    file.display()
                )));
            }
            if let Some(now) = now {
                self.data.insert(ordinal, now);
            }
        }
        Ok(())
    }
}

/// All pods hold all that was acknowledged, once, and the same; and nothing that was written to a replica.
pub(super) fn same_rows(context: &Context<'_>, ledgers: &[Ledger]) -> Result {
    context.caught_up()?;
    let checksum = format!("CHECKSUM TABLE {TABLES}");
    let expected = context.sql(0, &checksum)?;
    for ordinal in 0..context.cluster.replicas() {
        let intruders = context.sql(ordinal, "SELECT COUNT(*) FROM e2e.intruders")?;
        context.expect(
            &format!("rows on pod {ordinal} that were written to a replica"),
            &"0".to_owned(),
            &intruders,
        )?;
        for (writer, ledger) in ledgers.iter().enumerate() {
            let rows = context.sql(ordinal, &format!("SELECT k FROM e2e.serials WHERE writer = {writer}"))?;
            let rows: BTreeSet<u32> = rows.lines().filter_map(|line| line.parse().ok()).collect();
            let lost: Vec<_> = ledger.acknowledged.difference(&rows).collect();
            context.expect(
                &format!("acknowledged rows of writer {writer} lost on pod {ordinal}"),
                &Vec::new(),
                &lost,
            )?;
            let counted = context.sql(ordinal, &format!("SELECT n FROM e2e.counters WHERE writer = {writer}"))?;
            let what = format!("transactions of writer {writer} counted on pod {ordinal}");
            context.expect(&what, &rows.len().to_string(), &counted)?;
        }
        let found = context.sql(ordinal, &checksum)?;
        context.expect(&format!("checksums of pod {ordinal} and the primary"), &expected, &found)?;
        if ordinal > 0 {
            refuses_writes(context, ordinal)?;
            own_transactions(context, ordinal)?;
        }
    }
    Ok(())
}

/// A replica of MySQL has no transaction that the primary has not: one that was its own would have a number of its own.
fn own_transactions(context: &Context<'_>, ordinal: usize) -> Result {
    if context.is_mariadb() || context.sql(0, "SELECT @@GLOBAL.gtid_mode")? != "ON" {
        return Ok(());
    }
    let own = context.sql(ordinal, "SELECT @@GLOBAL.gtid_executed")?.replace("\\n", "");
    let more = context.sql(0, &format!("SELECT GTID_SUBTRACT('{own}', @@GLOBAL.gtid_executed)"))?;
    context.expect(&format!("transactions of pod {ordinal} alone"), &String::new(), &more)
}
