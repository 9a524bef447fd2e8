//! StatefulSets that an earlier version of the policy has injected, as the API server has them: `stored/`.

use mysql_replication_preview::yaml;
use serde_json::{Value, json};

use crate::{admission::PREFIX, image::Database};

/// What tells the object of a database from that of another one with the same clone method. The digest is the earlier
/// version's own: with any other word in the object this version would not take the injection for an intact one.
struct Record {
    database: &'static str,
    text: &'static str,
    flavor: &'static str,
    gtid: &'static str,
    binary_log: &'static str,
    revision: &'static str,
}

const XTRABACKUP: &str = include_str!("../stored/xtrabackup.yaml");
const CLONE_PLUGIN: &str = include_str!("../stored/clone-plugin.yaml");

const fn mariadb(database: &'static str, revision: &'static str) -> Record {
    Record { database, text: XTRABACKUP, flavor: "mariadb", gtid: "option-files", binary_log: "mysql-bin", revision }
}

const fn mysql(database: &'static str, text: &'static str, revision: &'static str) -> Record {
    Record { database, text, flavor: "mysql-8.4", gtid: "always", binary_log: "binlog", revision }
}

const RECORDS: [Record; 4] = [
    mariadb("mariadb-10.11", "87212b68150d00d9"),
    mariadb("mariadb-11.8", "6c971beedda7a3b0"),
    mysql("mysql-9.7", CLONE_PLUGIN, "c1610aca7e74aa77"),
    mysql("mysql-9.7-xtrabackup", XTRABACKUP, "48edfab51f397b0d"),
];

fn record(database: &Database) -> Option<&'static Record> {
    RECORDS.iter().find(|record| record.database == database.name && !database.is_official())
}

pub(crate) fn not_without_record(database: &Database) -> Option<&'static str> {
    record(database).is_none().then_some("of the version before there is no object with this image")
}

/// The cluster of most scenarios, as the earlier version injected it.
pub(crate) fn injected_before(database: &Database) -> Result<Value, String> {
    let record = record(database).ok_or_else(|| format!("nothing is stored of {}", database.name))?;
    let (image, backup_image) = (database.image(), database.backup_image("8.4"));
    let words = [
        ("__image__", image.as_str()),
        ("__backup-image__", backup_image.as_ref().unwrap_or(&image)),
        ("__flavor__", record.flavor),
        ("__gtid__", record.gtid),
        ("__binary-log__", record.binary_log),
        ("__revision__", record.revision),
    ];
    let text = words.iter().fold(record.text.to_owned(), |text, (word, value)| text.replace(word, value));
    let reading = yaml::read(&format!("stored/ for {}", database.name), text.as_bytes());
    if let Some(error) = reading.errors.first().or(reading.warnings.first()) {
        return Err(error.to_string());
    }
    let mut documents = reading.documents.iter().filter(|document| !document.is_empty());
    let (Some(document), None) = (documents.next(), documents.next()) else {
        return Err(format!("of {} one object is expected", database.name));
    };
    let mut object = document.value().clone();
    if let Some(image) = backup_image {
        let annotations = &mut object["metadata"]["annotations"];
        annotations[format!("{PREFIX}clone-method")] = json!("xtrabackup");
        annotations[format!("{PREFIX}backup-image")] = json!(image);
    }
    Ok(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{admission::played, image::Images};

    #[test]
    fn there_is_an_object_for_every_image_that_is_made() {
        for database in Images::Made.databases() {
            let object = injected_before(database).expect("an object");
            let status = object["metadata"]["annotations"][format!("{PREFIX}status")].as_str().expect("a record");
            assert!(status.contains("\"revision\":\""), "{status}");
            assert!(!object.to_string().contains("__"), "{}: a word was not put in", database.name);
            let pod = played(object).expect("what is played here").spec.template.spec;
            assert_eq!(pod.containers[0].image, database.image());
            // it is the one that has no identities yet
            let sidecar = &pod.containers[1];
            assert_eq!(sidecar.name, "xtrabackup");
            assert!(!sidecar.command.concat().contains("begin_history"));
        }
        for database in Images::Official.databases() {
            assert!(not_without_record(database).is_some());
        }
    }
}
