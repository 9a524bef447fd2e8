//! Option files that the user has mounted among the image's.

use std::collections::BTreeMap;

use crate::{context::Context, image::Database, object::Objects, outcome::Result, scenario::replication::from_nothing};

/// What 17 is told. The data of a server with other names of tables cannot be used with this option.
// the type is the one that every lane has
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn lower_case(_: &Database) -> Result<Objects, String> {
    let file = ("lower.cnf".to_owned(), "[mysqld]\nlower_case_table_names=1\nmax-connections=77\n".to_owned());
    let config_maps = BTreeMap::from([("own-option-file".to_owned(), BTreeMap::from([file]))]);
    Ok(Objects { config_maps, ..Objects::default() })
}

/// 17: an option file on which the data depends holds for replicas too, and for whatever makes their data.
pub(crate) fn data_depends_on_it(context: &mut Context<'_>) -> Result {
    from_nothing(context)?;
    context.sql(0, "CREATE TABLE e2e.MixedCase (I INT PRIMARY KEY); INSERT INTO e2e.mixedcase VALUES (7)")?;
    context.mark()?;
    for ordinal in 0..3 {
        let found = context.sql(ordinal, "SELECT @@lower_case_table_names, @@max_connections, i FROM e2e.MIXEDCASE")?;
        context.expect(&format!("settings of pod {ordinal}, and a row of its"), &"1\t77\t7".to_owned(), &found)?;
    }
    Ok(())
}
