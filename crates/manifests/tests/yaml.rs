//! Reading and rewriting of YAML, through the library's public face.

use std::fmt::Write as _;

use mysql_replication_manifests::yaml::{self, Document, MAX_BYTES};
use serde_json::{Value, json};

fn one(text: &str) -> Document {
    yaml::read_one("in.yaml", text.as_bytes()).unwrap()
}

fn first_error(text: &str) -> String {
    let reading = yaml::read("in.yaml", text.as_bytes());
    reading.errors.first().unwrap_or_else(|| panic!("no error for {text:?}")).to_string()
}

/// Sets the value at a JSON pointer and rewrites the document.
fn changed(text: &str, change: impl FnOnce(&mut Value)) -> (String, bool) {
    let document = one(text);
    let mut value = document.value().clone();
    change(&mut value);
    let rewritten = document.rewrite(&value);
    assert_eq!(*one(&rewritten.text).value(), value, "{}", rewritten.text);
    (rewritten.text, rewritten.comments_lost)
}

const STATEFUL_SET: &str = "\
# The database.
---
apiVersion: apps/v1
kind: StatefulSet # a set
metadata:
  name: mysql
  annotations:
    # switch it on
    mysql-replication.kubewarden.io/inject: \"true\"
spec:
  serviceName: 'mysql'   # headless
  replicas: 3
  selector:
    matchLabels: {app: mysql}
  template:
    metadata:
      labels:
        app: mysql
    spec:
      containers:
      - name: mysql
        image: mysql:8.0
        args: [\"--sql-mode=ANSI\"]
        # the password
        env:
        - name: MYSQL_ROOT_PASSWORD
          valueFrom:
            secretKeyRef: {name: mysql, key: password}

# end
";

#[test]
fn an_unchanged_document_keeps_every_byte() {
    let document = one(STATEFUL_SET);
    assert_eq!(document.rewrite(document.value()).text, STATEFUL_SET);
    assert_eq!(document.text(), STATEFUL_SET);
    assert_eq!(document.line(), 3);
    assert_eq!(document.line_of(&["spec", "template", "spec", "containers", "0"]), Some(21));
}

#[test]
fn injection_keeps_comments_order_and_quotes() {
    let (text, lost) = changed(STATEFUL_SET, |value| {
        value["metadata"]["annotations"]["mysql-replication.kubewarden.io/status"] = json!("{\"version\":1}");
        let spec = &mut value["spec"]["template"]["spec"];
        spec["initContainers"] = json!([
            {"name": "init-mysql", "image": "mysql:8.0", "command": ["bash", "-c", "set -e\n\necho hi\n"]}
        ]);
        spec["volumes"] = json!([{"name": "conf", "emptyDir": {}}]);
        spec["containers"][0]["volumeMounts"] = json!([{"name": "conf", "mountPath": "/etc/mysql/conf.d"}]);
        spec["containers"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "xtrabackup", "ports": [{"containerPort": 3307}]}));
        value["spec"]["serviceName"] = json!("other");
    });
    assert!(!lost, "{text}");
    assert_eq!(
        text,
        r#"# The database.
---
apiVersion: apps/v1
kind: StatefulSet # a set
metadata:
  name: mysql
  annotations:
    # switch it on
    mysql-replication.kubewarden.io/inject: "true"
    mysql-replication.kubewarden.io/status: '{"version":1}'
spec:
  serviceName: 'other'   # headless
  replicas: 3
  selector:
    matchLabels: {app: mysql}
  template:
    metadata:
      labels:
        app: mysql
    spec:
      initContainers:
      - name: init-mysql
        image: mysql:8.0
        command:
        - bash
        - -c
        - |
          set -e

          echo hi
      containers:
      - name: mysql
        image: mysql:8.0
        args: ["--sql-mode=ANSI"]
        # the password
        env:
        - name: MYSQL_ROOT_PASSWORD
          valueFrom:
            secretKeyRef: {name: mysql, key: password}
        volumeMounts:
        - name: conf
          mountPath: /etc/mysql/conf.d
      - name: xtrabackup
        ports:
        - containerPort: 3307
      volumes:
      - name: conf
        emptyDir: {}

# end
"#
    );
}

#[test]
fn removals_and_replacements_in_place() {
    let (text, lost) =
        changed("a: 1 # one\nb: 2 # two\nc:\n- x\n- y # why\n- z\nd:\n  e: f\n  # kept\n  g: h\n", |value| {
            value.as_object_mut().unwrap().remove("b");
            value["a"] = json!("yes");
            value["c"] = json!(["x", "z"]);
            value["d"].as_object_mut().unwrap().remove("e");
        });
    assert!(!lost, "{text}");
    assert_eq!(text, "a: \"yes\" # one\nc:\n- x\n- z\nd:\n  # kept\n  g: h\n");
}

#[test]
fn scalars_become_blocks_and_blocks_scalars() {
    let (text, _) = changed("a: 1 # note\nb: |\n  x\n  y\n\nc: {d: e}\nf:\n", |value| {
        value["a"] = json!({"k": "v"});
        value["b"] = json!("short");
        value["c"] = json!({"d": "e", "g": "one\ntwo\n"});
        value["f"] = json!([1]);
    });
    assert_eq!(text, "a: # note\n  k: v\nb: short\n\nc:\n  d: e\n  g: |\n    one\n    two\nf:\n  - 1\n");
}

#[test]
fn items_that_begin_on_the_dash() {
    let (text, _) = changed("l:\n  - name: a\n    v: 1\n  -   name: b\n", |value| {
        value["l"][0] = json!({"v": 1, "w": 2});
        value["l"][1]["image"] = json!("x");
    });
    assert_eq!(*one(&text).value(), json!({"l": [{"v": 1, "w": 2}, {"name": "b", "image": "x"}]}));
    assert!(text.contains("  -   name: b\n      image: x\n"), "{text}");
}

#[test]
fn carriage_returns_stay() {
    let (text, _) = changed("a: 1\r\nb:\r\n  c: 2\r\n", |value| {
        value["b"]["d"] = json!("x\ny\n");
    });
    assert_eq!(text, "a: 1\r\nb:\r\n  c: 2\r\n  d: |\r\n    x\r\n    y\r\n");
}

#[test]
fn no_newline_at_the_end() {
    let (text, _) = changed("a: 1\nb: 2", |value| value["c"] = json!(3));
    assert_eq!(text, "a: 1\nb: 2\nc: 3\n");
}

#[test]
fn anchors_and_merges_survive_or_are_written_out() {
    let text = "base: &b\n  x: 1 # c\nuse:\n  <<: *b\n  w: 2\nalso: *b\n";
    assert_eq!(one(text).value()["use"], json!({"x": 1, "w": 2}));
    let (kept, lost) = changed(text, |value| value["use"]["z"] = json!(3));
    assert!(kept.contains("<<: *b\n  w: 2\n  z: 3\n") && !lost, "{kept}");
    let (alias, lost) = changed(text, |value| value["also"] = json!({"x": 5}));
    assert!(alias.ends_with("also:\n  x: 5\n") && !lost, "{alias}");
    let (anew, lost) = changed(text, |value| value["base"]["x"] = json!(7));
    assert!(lost);
    assert_eq!(anew, "base:\n  x: 7\nuse:\n  w: 2\n  x: 1\nalso:\n  x: 1\n");
}

#[test]
fn json_documents_come_out_as_yaml() {
    let (text, lost) = changed("{\n\t\"a\": 1,\n\t\"b\": [\n\t\t\"x\"\n\t]\n}\n", |value| {
        value["c"] = json!(true);
    });
    assert!(!lost);
    assert_eq!(text, "a: 1\nb:\n  - x\nc: true\n");
}

#[test]
fn many_documents_keep_their_bytes() {
    let text = "# licence\n---\na: 1\n# after a\n---\n# nothing\n---\nb: 2\n...\n%YAML 1.1\n---\nc: 3\n";
    let reading = yaml::read("f", text.as_bytes());
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    let all: String = reading.documents.iter().map(Document::text).collect();
    assert_eq!(all, text);
    let lines: Vec<usize> = reading.documents.iter().filter(|d| !d.is_empty()).map(Document::line).collect();
    assert_eq!(lines, [3, 8, 12]);
}

#[test]
fn errors_name_file_and_line() {
    for (text, expected) in [
        ("a:\n\tb: 1\n", "in.yaml:2:2: not valid YAML: tabs"),
        ("a: 1\na: 2\n", "in.yaml:2:1: the key `a` is here for the second time, first on line 1"),
        ("a: *nope\n", "in.yaml:1:4: not valid YAML"),
        ("? [x]\n: 1\n", "in.yaml:1:3: a key that is a list"),
        ("a: !include x\n", "in.yaml:1:4: a tag, which begins with `!`, has no meaning"),
        ("a: .inf\n", "in.yaml:1:4: `.inf` is no number"),
        ("a: \"open\n", "in.yaml:"),
        ("a: [1, 2\n", "in.yaml:"),
        ("a: b: c\n", "in.yaml:1:5: not valid YAML"),
        ("a: 1\n---\nb: &x 1\n---\nc: *x\n", "in.yaml:5:4"),
        ("\0", "in.yaml:1:1: a NUL byte"),
    ] {
        let error = first_error(text);
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }
}

/// Broken documents may be Secrets.
#[test]
fn errors_show_no_values() {
    for (text, shown) in [
        ("a:\n  password: @TopS3cretPW\n", Some("near \"password:\"")),
        ("a:\n- \"password\": @TopS3cretPW\n", Some("near \"- \\\"password\\\":\"")),
        ("a: {password: x, token: @TopS3cretPW}\n", Some("near \"a:\"")),
        ("password: %TopS3cretPW\n", Some("near \"password:\"")),
        ("password: `TopS3cretPW`\n", Some("near \"password:\"")),
        ("password: *TopS3cretPW\n", None),
        ("password: !TopS3cretPW\n", None),
        ("password: !!int TopS3cretPW\n", None),
        ("password: TopS3cretPW: x\n", Some("near \"password:\"")),
        ("password: \"TopS3cretPW\n", None),
        ("password: |\n  a\n TopS3cretPW\n", None),
        ("password: |\n  a\n my TopS3cretPW: @x\n", None),
        ("password: >\n\tTopS3cretPW\n", None),
        ("a: [b,\n  @TopS3cretPW]\n", None),
    ] {
        let error = first_error(text);
        assert!(!error.contains("S3cret"), "{text:?}: {error}");
        let Some(shown) = shown else { continue };
        assert!(error.contains(shown), "{text:?}: {error}");
    }
}

#[test]
fn numbers_as_keys_are_text() {
    assert_eq!(*one("3306: a\n").value(), json!({"3306": "a"}));
}

#[test]
fn a_bad_document_does_not_hide_the_good_ones() {
    let reading = yaml::read("f", b"a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n");
    assert_eq!(reading.errors.len(), 1);
    let values: Vec<&Value> = reading.documents.iter().map(Document::value).collect();
    assert_eq!(values, [&json!({"a": 1}), &json!({"c": 3})]);
}

#[test]
fn booleans_of_yaml_1_1_are_warned_of() {
    let reading = yaml::read("f", b"a: yes\nb: \"yes\"\non: 1\n");
    assert_eq!(reading.documents[0].value()["a"], json!(true));
    assert_eq!(reading.documents[0].value()["true"], json!(1));
    assert_eq!(reading.warnings.len(), 2);
    assert!(reading.warnings[0].to_string().starts_with("f:1:4: `yes` without quotes is the boolean true"));
}

#[test]
fn bombs_are_bounded() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for i in 1..30 {
        let alias = format!("*a{},", i - 1).repeat(9);
        writeln!(bomb, "a{i}: &a{i} [{alias}]").unwrap();
    }
    assert!(first_error(&bomb).contains("stand for more than 100000 values"));

    let text = "x".repeat(1_000_000);
    let mut bomb = format!("a: &a {text}\nl:\n");
    for _ in 0..200 {
        bomb.push_str("- *a\n");
    }
    assert!(first_error(&bomb).contains("bytes of text"));

    for deep in ["[".repeat(200_000), "{a: ".repeat(200_000), "- ".repeat(200_000)] {
        let reading = yaml::read("f", deep.as_bytes());
        assert!(!reading.errors.is_empty());
    }
    assert!(first_error(&format!("{}{}", "[".repeat(150), "]".repeat(150))).contains("nested more than 100 deep"));
}

#[test]
fn what_is_no_text_is_refused() {
    let error = |bytes: &[u8]| yaml::read("f", bytes).errors[0].to_string();
    assert_eq!(error(b"a: 1\nb: \xff\n"), "f:2:4: the byte 0xff is not UTF-8 text; save the file as UTF-8");
    assert!(error(b"\xff\xfea\0").contains("UTF-16"));
    assert!(error(&vec![b' '; MAX_BYTES + 1]).contains("limit of 64 MiB"));
    assert!(yaml::read("f", b"\xef\xbb\xbfa: 1\n").errors.is_empty());
}

#[test]
fn five_megabytes_are_read_and_rewritten() {
    let mut text = String::from("apiVersion: v1\nkind: ConfigMap\ndata:\n");
    let mut line = 0;
    while text.len() < 5_000_000 {
        writeln!(text, "  key{line}: value number {line} # é").unwrap();
        line += 1;
    }
    let (out, lost) = changed(&text, |value| value["data"]["key7"] = json!("seven"));
    assert!(!lost && out.contains("  key7: seven # é\n") && out.len() > 4_999_990);
}

/// A generator of numbers that is the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn value(&mut self, depth: usize) -> Value {
        const TEXTS: &[&str] = &[
            "",
            "a",
            "true",
            "no",
            "12",
            "0x1f",
            "a: b",
            "# c",
            "x\ny\n",
            "x\n\n  y",
            "  x\ny\n\n",
            "\tx\n",
            "é \u{7}",
            "-",
            "- a",
            "'",
            "\"",
            "\\",
            "~",
            "null",
            "[a]",
            "{a}",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%",
            "@",
            "`",
            "a #b",
            "a:",
            "\n",
            "x\r\ny\n",
            "1e3",
            "2024-01-01",
            "---",
            "--- a",
            "...",
            "x\n---\ny\n",
            "x\n# y\n",
            "x \ny\n",
            "=",
            "<<",
            "?",
            "? a",
            "\u{2028}",
            "\u{85}x\ny",
        ];
        match self.roll(if depth == 0 { 4 } else { 7 }) {
            0 => json!(self.roll(100)),
            1 => [json!(null), json!(true), json!(-1.5), json!({}), json!([])][self.roll(5)].clone(),
            2 | 3 => json!(TEXTS[self.roll(TEXTS.len())]),
            4 => Value::Array((0..self.roll(4)).map(|_| self.value(depth - 1)).collect()),
            _ => {
                let keys = ["name", "image", "env", "a b", "true", "1", "x: y", "#", "zzz", "ports", "", "<<"];
                (0..self.roll(5))
                    .map(|_| (keys[self.roll(keys.len())].to_owned(), self.value(depth - 1)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
        }
    }

    /// Changes something somewhere.
    fn change(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) if !map.is_empty() && self.roll(4) > 0 => {
                let at = self.roll(map.len());
                let key = map.keys().nth(at).unwrap().clone();
                match self.roll(4) {
                    0 => drop(map.remove(&key)),
                    1 => drop(map.insert("new".to_owned(), self.value(2))),
                    _ => self.change(&mut map[&key]),
                }
            }
            Value::Array(items) if !items.is_empty() && self.roll(4) > 0 => {
                let at = self.roll(items.len());
                match self.roll(4) {
                    0 => drop(items.remove(at)),
                    1 => items.insert(at, self.value(2)),
                    _ => self.change(&mut items[at]),
                }
            }
            _ => *value = self.value(2),
        }
    }
}

#[test]
fn whatever_changes_reads_back_as_it_should() {
    let mut dice = Dice(7);
    for _ in 0..2000 {
        let mut value = dice.value(4);
        if value.as_object().is_none_or(serde_json::Map::is_empty) {
            continue;
        }
        // From JSON to YAML, then step by step from YAML to YAML.
        let mut document = one(&value.to_string());
        value["first"] = json!(1);
        for _ in 0..4 {
            let text = document.rewrite(&value).text;
            document = one(&text);
            assert_eq!(*document.value(), value, "{text}");
            dice.change(&mut value);
            if value.as_object().is_none_or(serde_json::Map::is_empty) {
                break;
            }
        }
    }
}

#[test]
fn damaged_yaml_is_no_reason_to_panic() {
    const BITS: &[&str] = &[
        "\n",
        " ",
        "  ",
        ":",
        ": ",
        "- ",
        "#",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "|",
        ">",
        "&a ",
        "*a",
        "!!int ",
        "!x ",
        "<<: ",
        "? ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\t",
        "\r",
        "é",
        "\u{feff}",
        ",",
        "\\",
        "|+2\n",
        "~",
    ];
    let mut dice = Dice(11);
    for _ in 0..3000 {
        let mut text = STATEFUL_SET.to_owned();
        for _ in 0..=dice.roll(6) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let from = places[dice.roll(places.len())];
            let to = places[dice.roll(places.len())].clamp(from, text.len().min(from + 40));
            let to = (from..=to).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            text.replace_range(from..to, BITS[dice.roll(BITS.len())]);
        }
        let reading = yaml::read("f", text.as_bytes());
        for document in &reading.documents {
            assert!(text.trim_start_matches('\u{feff}').contains(document.text()));
            let mut value = document.value().clone();
            if value.as_object().is_some_and(|map| !map.is_empty()) {
                dice.change(&mut value);
                if value.is_object() {
                    let _ = document.rewrite(&value);
                }
            }
        }
    }
}
