//! Pictures of manifests, as they were looked at. `UPDATE_GOLDENS=1` writes them anew: look at them in a browser.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mysql_replication_golden_tests::{root, validate};
use mysql_replication_host::HostError;
use mysql_replication_manifests::{Manifests, Response, yaml};
use mysql_replication_picture::{Edge, EdgeKind, Look, NodeKind, Picture, Shape, State};
use mysql_replication_verdicts::{DocumentOutcome, Inject, Preview};
use serde_json::{Value, json};

/// A database in few words.
const DATABASE: &str = r#"
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, annotations: {mysql-replication.kubewarden.io/inject: "true"}}
spec:
  serviceName: mysql
  replicas: 3
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers: [{name: mysql, image: "mysql:8.4", env: [{name: MYSQL_ALLOW_EMPTY_PASSWORD, value: "1"}]}]
"#;

#[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps)] // as an evaluator is
fn native(request: &Value, settings: &Value, cluster: Arc<Manifests>) -> Result<Response, HostError> {
    Ok(validate(&*cluster, request, settings))
}

fn outcomes(text: &str) -> Vec<DocumentOutcome> {
    let reading = yaml::read("in.yaml", text.as_bytes());
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    Preview::new(&native, json!({}), "default").with_inject(Inject::Annotated).run(&reading.documents, &[])
}

fn picture(text: &str) -> Picture {
    Picture::of(&outcomes(text))
}

/// The manifests of a folder, one behind the other.
fn folder(name: &str) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("examples").join(name))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).expect("a file")).collect();
    texts.join("\n---\n")
}

fn pod(name: &str, env: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n    - {{name: a, image: \
         \"registry.example/a:1\", env: [{env}]}}\n"
    )
}

/// All that there is a picture of.
fn cases() -> Vec<(&'static str, String)> {
    let refused =
        pod("shop", "{name: DB_WRITE_HOST, value: mysql-1.mysql}, {name: DB_READ_HOST, value: mysql-0.mysql}");
    let restored = DATABASE
        .replace("inject: \"true\"", "inject: \"true\", mysql-replication.kubewarden.io/restore-from: \"2\"")
        .replace("replicas: 3", "replicas: 9");
    let two = DATABASE.replace("mysql:8.4", "mysql:8.0")
        + "---"
        + &DATABASE
            .replace("containers: [{name: mysql,", "containers: [{name: mysql, args: [--skip-super-read-only],")
            .replace("name: mysql, annotations", "name: orders, annotations");
    let of = |namespace: &str| {
        let services = service("mysql", "clusterIP: None, selector: {app: mysql}")
            + &service("all", "clusterIP: None, selector: {app: mysql}");
        let own = format!("metadata: {{namespace: {namespace}, name: ");
        (DATABASE.to_owned() + &services).replace("metadata: {name: ", &own)
    };
    let namespaces = format!("{}---{}{}", of("shop"), of("orders"), pod("a", "{name: DB_HOST, value: all.orders}"));
    let alone = DATABASE.replace(", annotations: {mysql-replication.kubewarden.io/inject: \"true\"}", "");
    vec![
        ("mysql", folder("")),
        ("application", folder("password-from-secret")),
        ("backup", folder("mariadb") + "\n---\n" + &folder("backup")),
        ("refused-application", format!("{DATABASE}{refused}")),
        ("restored-and-many", restored),
        ("two-databases", two),
        ("namespaces", namespaces),
        ("alone", alone),
        ("nothing", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n".to_owned()),
    ]
}

fn compare(name: &str, text: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, text).expect("it can be written");
    }
    (fs::read_to_string(&path).unwrap_or_default() != text).then(|| name.to_owned())
}

#[test]
fn pictures_are_as_they_were_looked_at() {
    let mut files = BTreeSet::new();
    let mut differ = Vec::new();
    for (name, text) in cases() {
        let picture = picture(&text);
        for (shape, end) in [(Shape::Wide, ""), (Shape::Narrow, "-narrow")] {
            let file = format!("{name}{end}.svg");
            let svg = picture.svg(shape, Look::Alone);
            assert_eq!(svg, Picture::of(&outcomes(&text)).svg(shape, Look::Alone), "{name}: another one each time");
            differ.extend(compare(&file, &svg));
            files.insert(file);
        }
    }
    assert!(differ.is_empty(), "other pictures than before: {differ:?}; look at them after UPDATE_GOLDENS=1");
    let found = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")).expect("the folder");
    let found: BTreeSet<String> =
        found.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(found, files);
}

fn edges(picture: &Picture, kind: EdgeKind) -> Vec<(&str, &str)> {
    let own = picture.edges.iter().filter(|edge| edge.kind == kind);
    own.map(|Edge { from, to, .. }| (from.as_str(), to.as_str())).collect()
}

#[test]
fn pods_clone_from_the_one_before_and_follow_the_first() {
    let picture = picture(DATABASE);
    let [zero, one, two] = ["pod/default/mysql-0", "pod/default/mysql-1", "pod/default/mysql-2"];
    assert_eq!(edges(&picture, EdgeKind::Clones), [(zero, one), (one, two)]);
    assert_eq!(edges(&picture, EdgeKind::Follows), [(zero, one), (zero, two)]);
    let lines: Vec<&str> = picture
        .nodes
        .iter()
        .filter(|node| node.kind == NodeKind::Pod)
        .map(|node| node.lines[0].text.as_str())
        .collect();
    assert_eq!(lines, ["primary, server id 100", "replica, server id 101", "replica, server id 102"]);
    let claims = picture.nodes.iter().filter(|node| node.kind == NodeKind::Claim);
    assert_eq!(claims.map(|claim| claim.inside.as_deref()).collect::<Vec<_>>(), [Some(zero), Some(one), Some(two)]);
    assert!(picture.notes.iter().all(|note| note.state == State::Warned), "{:?}", picture.notes);
}

#[test]
fn services_lead_to_the_pods_that_they_select_when_admitted() {
    let picture = picture(&folder(""));
    let [zero, one, two] = ["pod/default/mysql-0", "pod/default/mysql-1", "pod/default/mysql-2"];
    assert_eq!(edges(&picture, EdgeKind::Writes), [("service/default/mysql-write", zero)]);
    let read = "service/default/mysql-read";
    assert_eq!(edges(&picture, EdgeKind::Reads), [(read, zero), (read, one), (read, two)]);
    assert_eq!(edges(&picture, EdgeKind::Names), [("service/default/mysql", "set/default/mysql")]);
    assert_eq!(edges(&picture, EdgeKind::Options), [("options/default/mysql", "set/default/mysql")]);
}

#[test]
fn a_variable_that_is_refused_has_a_red_arrow_and_the_others_have_none() {
    let told = "{name: DB_WRITE_HOST, value: mysql-1.mysql}, {name: DB_READ_HOST, value: mysql-2.mysql.default.svc}";
    let picture = picture(&format!("{DATABASE}{}", pod("shop", told)));
    let own: Vec<_> = picture.edges.iter().filter(|edge| edge.from == "application/Pod/default/shop").collect();
    let states: Vec<_> = own.iter().map(|edge| (edge.to.as_str(), edge.line, edge.state)).collect();
    assert_eq!(
        states,
        [("pod/default/mysql-1", Some(0), State::Refused), ("pod/default/mysql-2", Some(1), State::Fine)]
    );
    assert!(picture.notes.iter().any(|note| note.text.contains("write-endpoint") && note.advice.len() == 2));
    assert!(picture.words().iter().any(|text| text.contains("mysql-1, which is refused")), "{:?}", picture.words());
}

#[test]
fn what_is_refused_has_no_pods() {
    let picture =
        picture(&DATABASE.replace("containers: [{name: mysql,", "containers: [{name: mysql, args: [--server-id=1],"));
    assert_eq!(picture.nodes.len(), 1);
    assert_eq!(picture.nodes[0].state, State::Refused);
    assert!(picture.edges.is_empty());
}

fn service(name: &str, spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn lines<'p>(picture: &'p Picture, id: &str) -> Vec<&'p str> {
    picture.node(id).expect("it is drawn").lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn of_what_is_there_twice_the_later_one_is_drawn() {
    let twice = |text: &str, other: &str| format!("{text}---{other}");
    let shared = service("mysql", "clusterIP: None, selector: {app: mysql}");
    let told = pod("shop", "{name: DB_WRITE_HOST, value: mysql-0.mysql}");
    let text = twice(&DATABASE.replace("replicas: 3", "replicas: 5"), DATABASE) + &shared + &shared + &told + &told;
    let picture = picture(&text);
    let ids: Vec<&str> = picture.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert_eq!(picture.nodes.iter().filter(|node| node.kind == NodeKind::Pod).count(), 3);
    assert_eq!(edges(&picture, EdgeKind::Follows).len(), 2);
    assert_eq!(edges(&picture, EdgeKind::Names), [("service/default/mysql", "set/default/mysql")]);
    assert_eq!(edges(&picture, EdgeKind::Writes), [("application/Pod/default/shop", "pod/default/mysql-0")]);
    assert!(!ids.contains(&"application/StatefulSet/default/mysql"));
    // a claim may be of two pods, by its name
    let template = "volumeClaimTemplates: [{metadata: {name: a}}, {metadata: {name: a}}, {metadata: {name: a-b}}]";
    let set = |name: &str| DATABASE.replace("name: mysql, ann", &format!("name: {name}, ann")) + "  " + template + "\n";
    let shared = self::picture(&twice(&set("b-c"), &set("c")));
    let ids: BTreeSet<&str> = shared.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids.len(), shared.nodes.len(), "{ids:?}");
    assert!(ids.contains("claim/default/a-b-c-2"), "{ids:?}");
    // what is refused of the earlier one is told all the same
    let refused = DATABASE.replace("containers: [{name: mysql,", "containers: [{name: mysql, args: [--server-id=1],");
    assert!(self::picture(&twice(&refused, DATABASE)).notes.iter().any(|note| note.state == State::Refused));
}

#[test]
fn of_several_namespaces_each_thing_tells_its_own() {
    let of = |namespace: &str| {
        let text = DATABASE.to_owned() + &service("mysql", "clusterIP: None, selector: {app: mysql}");
        text.replace("metadata: {name: mysql", &format!("metadata: {{namespace: {namespace}, name: mysql"))
    };
    let titles = |picture: &Picture| {
        let things = picture.nodes.iter().filter(|node| node.kind != NodeKind::Claim);
        things.map(|node| node.title.clone()).collect::<Vec<_>>()
    };
    let one = picture(&of("shop"));
    assert_eq!(titles(&one), ["StatefulSet mysql", "mysql-0", "mysql-1", "mysql-2", "mysql"]);
    let two = picture(&format!("{}---{}", of("shop"), of("orders")));
    assert_eq!(titles(&two)[..2], ["StatefulSet shop/mysql", "shop/mysql-0"]);
    assert!(titles(&two).contains(&"orders/mysql".to_owned()), "{:?}", titles(&two));
    let words = two.words().join("\n");
    for sentence in [
        "Service orders/mysql, headless: names of pods; it names the pods of StatefulSet orders/mysql.",
        "; it clones from shop/mysql-1; it follows shop/mysql-0.",
        "Pod orders/mysql-2, replica, server id 102;",
    ] {
        assert!(words.contains(sentence), "{words}");
    }
    // what the policy is not asked about is no reason
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: other}\n";
    assert_eq!(titles(&picture(&(of("shop") + secret))), titles(&one));
}

#[test]
fn a_headless_service_gives_names_to_those_who_take_them_from_it() {
    let headless = |name: &str| service(name, "clusterIP: None, selector: {app: mysql}");
    let picture = picture(&(DATABASE.to_owned() + &headless("mysql") + &headless("others")));
    assert_eq!(edges(&picture, EdgeKind::Names), [("service/default/mysql", "set/default/mysql")]);
    assert_eq!(lines(&picture, "service/default/mysql"), ["headless: names of pods"]);
    assert_eq!(lines(&picture, "service/default/others")[0], "headless: addresses of pods");
    let all = (0..3).map(|at| format!("pod/default/mysql-{at}")).collect::<Vec<_>>();
    let led: Vec<&str> = edges(&picture, EdgeKind::Reads).into_iter().map(|(_, to)| to).collect();
    assert_eq!(led, all);
}

#[test]
fn a_service_that_is_another_name_leads_where_that_one_does() {
    let write = service("mysql-write", "selector: {app: mysql, statefulset.kubernetes.io/pod-name: mysql-0}");
    let alias = |external: &str| service("db", &format!("type: ExternalName, externalName: {external}"));
    let told = pod("shop", "{name: DB_HOST, value: db}");
    let text = |external: &str| format!("{DATABASE}{write}{}{told}", alias(external));
    let shop = "application/Pod/default/shop";
    let led = |external: &str| -> Vec<String> {
        let picture = picture(&text(external));
        let own = edges(&picture, EdgeKind::Writes).into_iter().filter(|(from, _)| *from == shop);
        own.map(|(_, to)| to.to_owned()).collect()
    };
    assert_eq!(led("mysql-write.default.svc.cluster.local"), ["service/default/mysql-write"]);
    for elsewhere in ["db.example", "mysql-write.other.svc.cluster.local", "db.default.svc.cluster.local"] {
        assert!(led(elsewhere).is_empty(), "{elsewhere}");
    }
}

#[test]
fn what_is_refused_is_told_before_what_is_warned_of() {
    let warned: String =
        (0..20).map(|at| DATABASE.replace("name: mysql, ann", &format!("name: m{at}, ann")) + "---").collect();
    let refused = pod("shop", "{name: DB_WRITE_HOST, value: mysql-1.mysql}");
    let picture = picture(&format!("{warned}{DATABASE}{refused}"));
    assert!(picture.notes.len() > 20 && picture.notes.is_sorted_by_key(|note| std::cmp::Reverse(note.state)));
    assert!(picture.svg(Shape::Wide, Look::InPage).contains("Pod default/shop is refused by write-endpoint"));
}

#[test]
fn hostile_names_are_no_markup() {
    let name = "a\\\"<script>&\\u0007";
    let text = format!(
        "{DATABASE}---\napiVersion: v1\nkind: Service\nmetadata: {{name: \"{name}\"}}\n\
         spec: {{selector: {{app: mysql}}}}\n"
    );
    for shape in [Shape::Wide, Shape::Narrow] {
        let svg = picture(&text).svg(shape, Look::InPage);
        assert!(svg.contains("&lt;script&gt;&amp;") && !svg.contains("<script") && !svg.contains('\u{7}'), "{svg}");
    }
}

#[test]
fn thousands_of_pods_and_problems_are_counted() {
    let many = DATABASE.replace("replicas: 3", "replicas: 100000");
    let drawn = picture(&many);
    assert!(drawn.nodes.len() < 20, "{}", drawn.nodes.len());
    assert!(drawn.nodes.iter().any(|node| node.title == "mysql-6 to mysql-99999"));
    let refused: String =
        (0..50).map(|at| pod(&format!("p{at}"), "{name: DB_WRITE_HOST, value: mysql-1.mysql}")).collect();
    let svg = picture(&format!("{DATABASE}{refused}")).svg(Shape::Wide, Look::InPage);
    assert!(svg.contains(" more</text>"));
}
