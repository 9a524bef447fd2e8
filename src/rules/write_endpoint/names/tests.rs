use super::{
    lists::{FAINT, ROLE, WRITE},
    *,
};

const WRITES: &[&str] = &[
    "DB_WRITE_HOST",
    "WRITE_DB_URL",
    "WRITER_ENDPOINT",
    "DATABASE_URL_RW",
    "DB_RW_HOST",
    "db.write.host",
    "db-write-host",
    "dbWriteHost",
    "DBWriteURL",
    "dbRwUrl",
    "RWHost",
    "DBRWHost",
    "dbwritehost",
    "writehost",
    "mysqlmaster",
    "masterhost",
    "MYSQL_MASTER_HOST",
    "MYSQL_PRIMARY_SERVICE_HOST",
    "SPRING_DATASOURCE_PRIMARY_URL",
    "spring.datasource.master.jdbc-url",
    "MASTER_DATA_SOURCE_URL",
    "DB_READ_WRITE_HOST",
    "READWRITE_DSN",
    "READ_AND_WRITE_HOST",
    "DB_WRITE_HOST_NAME",
    "DB_WRITE_HOST_1",
    "WRITE1_HOST",
    "AUDIT_LOG_DB_WRITE_URL",
    "USER_WRITE_DB_HOST",
    "CATALOG_DB_MASTER_HOST",
    "KAFKA_CONNECT_DB_WRITE_HOST",
    "WRITABLE_DB",
    "WRITES_TO",
    "master",
    // what the database is about is no other meaning
    "METRICS_DB_WRITE_HOST",
    "HEALTH_RECORDS_WRITE_DB_HOST",
    "DB_REPLICATION_WRITE_HOST",
    "SEQUELIZE_REPLICATION_WRITE_HOST",
    "TYPEORM_REPLICATION_MASTER_HOST",
];

#[test]
fn names_that_say_write() {
    let names = WriteNames::default();
    for name in WRITES {
        assert!(saying(name, &names).is_write(), "{name} {:?}", words(&name.to_ascii_lowercase(), name));
    }
    for name in [
        "",
        "DB_HOST",
        "DATABASE_URL",
        "DB_READ_HOST",
        "DB_WRITE_REPLICA_HOST",
        "MASTER_REPLICAS",
        "SLAVE_OF_MASTER",
        "REPLICATION_MASTER_HOST",
        "PRIMARY_READ_HOST",
        "PRIMARY_READONLY_URL",
        "DB_MASTER_RO_HOST",
        "masterslavehost",
        "WRITE_READ_HOST",
        "READ_WRITE_SPLIT_HOST",
        "WRITE_TIMEOUT",
        "PRIMARY_KEY",
        "SEGMENT_WRITE_KEY",
        "MASTER_PASSWORD",
        "WRITE_CONCERN",
        "PRIMARY_COLOR",
        "PRIMARY_DOMAIN",
        "WRITE_CACHE_HOST",
        "CACHE_MASTER_HOST",
        "LOG_WRITER_HOST",
        "WRITE_BUFFER_SIZE",
        "MASTER_LOG_FILE",
        "REMOTE_WRITE_URL",
        "REWRITE_HOST",
        "OVERWRITE_HOST",
        "TYPEWRITER",
        "MASTERCARD_URL",
        "WEBMASTER_HOST",
        "FORWARD_HOST",
        "OTHERWISE",
        "PRIMARY_DB_NAME",
        "DB_WRITE_USER",
        "DB_WRITE_DRIVER",
        "DB_WRITE_PORT",
        "DB_WRITE_URL_FILE",
        "REDIS_MASTER_HOST",
        "KAFKA_WRITER_HOST",
        "PG_PRIMARY_HOST",
        "SPARK_MASTER_URL",
        "canal.instance.master.address",
        "MASTER_DATA_HOST",
        "PRIMARY_SOURCE_HOST",
        "OLD_MASTER_HOST",
        "NON_PRIMARY_HOST",
        "NO_WRITE_HOSTS",
        "BLOCK_WRITES_TO",
        "EXPECT_WRITE_FAILS_HOST",
        "MASTER_EXPORTER_HOST",
        "BACKUP_PRIMARY_HOST",
        "DB_WRITE_METRICS_HOST",
        "DB_WRITE_REPLICATION_LAG",
        "MASTERCLASS_DB_HOST",
        "REPORT_WRITER_DB_HOST",
        "SCRUM_MASTER_DB_HOST",
        "CHESS_MASTER_LEVEL_HOST",
        "PRIMARY_SCHOOL_HOST",
        "LEADERBOARD_DB_HOST",
        "LEADER_HOST",
        "EVENT_SOURCE_HOST",
        "DATA_SOURCE_NAME",
        "DATA_SOURCE_MYSQL_HOST",
        "DEBEZIUM_SOURCE_DATABASE_HOST",
    ] {
        assert!(!saying(name, &names).is_write(), "{name} {:?}", words(&name.to_ascii_lowercase(), name));
    }
}

#[test]
fn names_that_may_be_meant_otherwise() {
    let names = WriteNames::default();
    for (name, expected) in [
        ("PRIMARY_DB_HOST", Saying::Role),
        ("DB_MASTER_HOST", Saying::Role),
        ("PRIMARY_SCHOOL_DB_HOST", Saying::Weak),
        ("SPRING_DATASOURCE_PRIMARY_URL", Saying::Weak),
        ("QUIZ_MASTER_DB_HOST", Saying::Weak),
        ("NOVEL_WRITER_MYSQL_HOST", Saying::Weak),
        ("DB_WRITER_HOST", Saying::Write),
        ("METRICS_WRITE_HOST", Saying::Weak),
        ("METRICS_DB_MASTER_HOST", Saying::Weak),
        ("DB_LEADER_HOST", Saying::Faint),
        ("mysqlSourceHost", Saying::Faint),
        ("LEADER_DB_USER", Saying::Nothing),
    ] {
        assert_eq!(saying(name, &names), expected, "{name}");
    }
    for (name, is_about) in [
        ("DB_REPLICATION_USER", true),
        ("DB_REPLICATION_WRITE_HOST", false),
        ("TYPEORM_REPLICATION_MASTER_HOST", false),
    ] {
        assert_eq!(is_about_replication(name), is_about, "{name}");
    }
    for (name, expected) in
        [("shop-leader", true), ("mysql-source", true), ("leader-shop", false), ("outsource", false)]
    {
        assert_eq!(service_may_say_write(name, &names), expected, "{name}");
    }
    assert!(service_says_read("mysql-read.shop") && !service_says_read("mysql"));
}

#[test]
fn settings_have_the_last_word() {
    let list = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let names = WriteNames {
        variables: list(&["LEDGER_*", "db-read-main"]),
        services: list(&["*-main"]),
        ignore: list(&["*legacy*"]),
    };
    for (name, expected) in [
        ("LEDGER_HOST", Saying::Told),
        ("DB-READ-MAIN", Saying::Told),
        ("LEDGER_LEGACY_HOST", Saying::Other),
        ("LEGACY_WRITE_HOST", Saying::Other),
        ("WRITE_HOST", Saying::Write),
        ("PRIMARY_HOST", Saying::Role),
    ] {
        assert_eq!(saying(name, &names), expected, "{name}");
    }
    assert!(service_says_write("mysql-main", &names));
    assert!(!service_says_write("mysql-legacy-write", &names));
}

#[test]
fn services_that_say_write() {
    let names = WriteNames::default();
    for name in [
        "mysql-write",
        "db-rw",
        "mysql-primary",
        "orders-db-master",
        "writer",
        "mysql-readwrite",
        "mysql-read-write",
        "primary",
    ] {
        assert!(service_says_write(name, &names), "{name}");
    }
    for name in [
        "mysql",
        "mysql-read",
        "mysql-read-write-split-proxy",
        "mysql-primary-headless",
        "mysql-primary-replicas",
        "redis-master",
        "remote-write",
        "mysql-master-metrics",
        "mastercard-api",
        "forwarder",
    ] {
        assert!(!service_says_write(name, &names), "{name}");
    }
}

#[test]
fn the_scan_misses_no_name() {
    for word in [&WRITE, &ROLE, &FAINT].iter().flat_map(|words| words.list.split(' ')) {
        // one of these is in every name that says write
        let cores =
            ["writ", "primary", "master", "rw", "leader", "source"].iter().filter(|core| word.contains(*core)).count();
        assert!(cores > 0, "{word}");
        for text in [word.to_owned(), word.to_uppercase(), format!("X_{word}9"), format!("a\\n{word}=")] {
            assert!(may_say_write(&text), "{text}");
            assert!(may_say_write(&format!("{{\"{text}\": 1}}")), "{text}");
        }
    }
    // whatever stands around: names of two letters more than the others
    let parts = ["", "db", "Db", "DB", "_", "host", "Host", "HOST", "x", "X", "7", "-", "my"];
    let names = WriteNames::default();
    for core in ["rw", "Rw", "RW", "rW", "write", "Master", "PRIMARY", "Writable", "leader", "Source", "SOURCE"] {
        for before in parts {
            for after in parts {
                for end in ["", "_A", "Url", "s"] {
                    let name = format!("{before}{core}{after}{end}");
                    for text in [name.clone(), format!("[\"a\\t{name}\"]"), format!("\\u000a{name}")] {
                        assert!(may_say_write(&text) || !saying(&name, &names).is_write(), "{text}");
                    }
                }
            }
        }
    }
    for name in WRITES {
        assert!(may_say_write(name), "{name}");
    }
    assert!(may_say_write(r#"{"\u0057RITE_HOST": 1}"#));
    assert!(may_say_write(r#"{"envFrom": [{"configMapRef": {"name": "a"}}]}"#));
    for text in [
        "",
        "r",
        "\\",
        "{\"a\": \"otherwise forwarded\"}",
        "FORWARD",
        "secretRef",
        r#""a \u0026\u0026 b""#,
        "resources",
    ] {
        assert!(!may_say_write(text), "{text}");
    }
}

#[test]
fn single_words() {
    for (name, value, expected) in [
        ("DB_WRITE_HOST", "mysql", true),
        ("WRITE_SERVER", "mysql", true),
        ("PRIMARY_SERVICE", "mysql", false),
        ("PRIMARY_SERVICE", "mysql-read", true),
        ("PRIMARY_DB", "mysql", false),
        ("DB_WRITE", "mysql-read", true),
        ("MYSQL_MASTER", "mysql-read", true),
        ("WRITE_CONNECTION", "mysql-read", false),
        ("PRIMARY_CLUSTER", "orders-db", false),
        ("DB_WRITE_ENABLED", "true", false),
    ] {
        assert_eq!(takes_single_word(name, value), expected, "{name}");
    }
}

#[test]
fn no_end_of_words() {
    // words that stand side by side in no name of ours
    let long = "writ".repeat(8) + "_HOST";
    assert_eq!(saying(&long, &WriteNames::default()), Saying::Nothing);
}
