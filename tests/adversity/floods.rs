//! Policy hosts that send without end, among healthy ones: they cost the scan little, and the others nothing.

use std::collections::BTreeMap;
use std::fs;

use stscan::lab::Internet;

use super::Scene;
use super::harness::{Row, rows};

/// Domains whose policy host floods, each kind with its number.
const FLOODERS: [(&str, usize); 3] = [("interim-endless", 8), ("head-endless", 4), ("chunked-endless", 4)];
/// Domains of which nothing is to differ.
const HEALTHY: usize = 400;

/// Rows by domain, without their places in the list.
pub(super) fn by_domain(rows: Vec<Row>) -> BTreeMap<String, Row> {
    rows.into_iter().map(|row| (row.domain.clone(), Row { ordinal: 0, rank: None, ..row })).collect()
}

#[test]
fn who_floods_starves_nobody() {
    let healthy: Vec<String> = (0..HEALTHY).map(|number| format!("enforce-{number:06}.test")).collect();
    let scene = Scene::new(Internet::zoo(), healthy.iter().cloned());
    let truth = by_domain(scene.truth());
    assert!(truth.values().all(|row| row.column("posture") == Some("enforce")), "a good world, or nothing can be seen");

    let flooders = FLOODERS.iter().flat_map(|(kind, count)| (0..*count).map(move |number| format!("{kind}-{number:06}.test")));
    let list: String = flooders.chain(healthy).map(|name| name + "\n").collect();
    fs::write(scene.path("list.txt"), list).unwrap();
    let before = std::time::Instant::now();
    scene.start("flooded", &["--dns-timeout", "0.5", "--retry-rounds", "none"]).finish(0);
    println!("{:?} with floods", before.elapsed());

    let (flooded, found): (BTreeMap<_, _>, BTreeMap<_, _>) =
        by_domain(rows(&scene.path("flooded"))).into_iter().partition(|(domain, _)| domain.contains("-endless-"));
    let differing: Vec<_> = found.iter().filter(|(domain, row)| truth.get(*domain) != Some(row)).take(3).collect();
    assert!(found.len() == HEALTHY && differing.is_empty(), "{differing:?}");
    // A flood is a fault of the host, found at once and not by a time-out.
    assert_eq!(flooded.len(), FLOODERS.iter().map(|(_, count)| count).sum::<usize>());
    for row in flooded.values() {
        assert_eq!((row.column("posture"), row.column("policy_stage")), (Some("broken"), Some("http")), "{}", row.domain);
    }
}
