//! The words by which a name says write, or says something else.

use super::word_list::{WordList, word_list};

/// Words that say write by themselves.
pub(super) static WRITE: WordList =
    word_list!("write writes writer writers writable writeable writing rw readwrite writeonly");
/// Words for the role of the server that takes writes; they have other meanings too.
pub(super) static ROLE: WordList = word_list!("primary master masters");
/// Words of what is read from, or of the servers that only serve reads.
pub(super) static READ: WordList = word_list!(
    "\
    read reads reader readers reading readonly readable ro replica replicas slave slaves secondary secondaries \
    standby standbys follower followers mirror readreplica readreplicas nonprimary",
);
/// Words that turn a name into its opposite.
pub(super) static NEVER: WordList = word_list!(
    "\
    no non not never without except exclude excluded skip ignore ignored deny denied forbid forbidden block \
    blocked disable disabled protect protected old former previous prev candidate failover promote expect \
    expected assert verify fail fails reject rejected split splitter splitting",
);
/// Words of what watches, copies or tests, or of what it is that a database is about: they count right in front of a
/// write word, and behind it.
pub(super) static SUBJECT: WordList = word_list!(
    "\
    metric metrics exporter monitor monitoring probe health healthcheck liveness readiness backup backups dump \
    snapshot binlog replication replicate replicator clone donor lag",
);
/// Libraries whose own keys `replication.write` and `replication.master` say where writes go (`TypeORM`'s manual,
/// "Replication"; Sequelize's, "Read replication").
pub(super) static LIBRARY: WordList = word_list!("typeorm sequelize knex mikroorm doctrine");
/// Further names of the server that takes writes, and of much else: they count beside a word of a database alone.
pub(super) static FAINT: WordList = word_list!("leader source");
/// What people write: whoever does is an agent, and no server.
pub(super) static WRITTEN: WordList = word_list!(
    "\
    report reports song screen script blog story article content technical news note letter speech sign sky grant",
);
/// Words beside which `primary` and `master` mean the first of several stores, or where a reader of binary logs gets
/// its data.
pub(super) static NOT_A_ROLE: WordList = word_list!(
    "\
    analytics reporting report reports bi olap etl export warehouse canal debezium maxwell cdc upstream repl",
);
/// Words that make something else of `primary` and `master` in front of them (master data), `source` but for a data
/// source's.
pub(super) static OF_A_ROLE: WordList = word_list!("data source catalog record records lookup");
/// Other systems with writers and masters.
pub(super) static OTHER_SYSTEMS: WordList = word_list!(
    "\
    redis sentinel valkey mongo mongodb kafka elasticsearch elastic opensearch postgres postgresql pg pgsql \
    pgbouncer pgpool patroni spark etcd consul vault rabbitmq nats kubernetes kube salt jenkins hadoop hdfs \
    hbase yarn flink zookeeper cassandra scylla ldap dns memcached clickhouse influx influxdb prometheus thanos \
    loki mimir cortex graphite minio seaweedfs locust",
);
/// Words of a SQL database.
pub(super) static DATABASE: WordList =
    word_list!("db dbs database mysql mariadb percona sql jdbc datasource innodb aurora rdbms");
/// Words of what a name's value is, where that is no host: at the end of a name.
pub(super) static NO_HOST: WordList = word_list!(
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
pub(super) static BEHIND: WordList = word_list!(
    "\
    key keys password passwd pwd secret token timeout timeouts cache buffer concern color colour domain log logs \
    level lock ahead back through behind once many permission permissions access scope batch quorum card theme \
    language region zone first preferred election source cert certs certificate san sans class classes",
);
/// Words that give a write word another meaning right in front of it.
pub(super) static IN_FRONT: WordList =
    word_list!("remote log cache buffer auto over under re type copy ghost web post quorum scrum");
/// Words of a name whose value is a host, even where it is a single word such as `mysql`.
pub(super) static HOST: WordList = word_list!(
    "\
    host hosts hostname hostnames server servers addr addrs address addresses endpoint endpoints url urls uri \
    dsn",
);
/// Words of a name whose value is a host, unless it is a product's name.
pub(super) static WEAK_HOST: WordList = word_list!("service services svc node nodes jdbc fqdn uris");
/// Further words of which names are made that are written as one word (`dbwritehost`).
pub(super) static GLUE: WordList = word_list!("conn connection name my split proxy data source cluster");
/// Words of Services that route, or give pods their names, whatever else they say.
pub(super) static NO_WRITE_SERVICE: WordList = word_list!("headless hl proxy router all any");
/// Names of products, which stand for drivers, schemas and users as well as for Services.
pub(super) static PRODUCTS: WordList =
    word_list!("mysql mariadb percona db database mysqldb sql localhost mysql-connector");

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn words_are_small_and_short_enough_to_be_found() {
        let lists =
            [&WRITE, &ROLE, &READ, &DATABASE, &HOST, &WEAK_HOST, &GLUE, &NO_HOST, &NEVER, &SUBJECT, &BEHIND, &IN_FRONT];
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
    }
}
