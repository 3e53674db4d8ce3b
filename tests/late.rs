//! Targets that wait for another round hold nobody up: a shard that makes the reader wait is written without them, and they follow.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use stscan::input::InputOptions;
use stscan::lab::{Internet, Lab};
use stscan::observe::dns::RetryConfig;
use stscan::observe::fetch::FetchConfig;
use stscan::scan::{Network, NetworkPlan, Output, ScanPlan, Status, run};
use stscan::trial::overrides;

const SHARD: u64 = 100;
/// One target in so many waits for another round.
const LATE: u64 = 50;

fn network(lab: &Lab) -> NetworkPlan {
    NetworkPlan {
        trust_resolvers: true,
        retry_rounds: vec![Duration::from_secs(6)],
        rate: Some(0),
        resolver_rate: Some(0),
        dns_retry: RetryConfig { tries: 1, ..RetryConfig::default() },
        fetch: FetchConfig { allow_private: true, ..FetchConfig::default() },
        overrides: overrides(lab),
        ..NetworkPlan::default()
    }
}

#[test]
fn late_rows_follow_as_a_second_part() {
    let dir = tempfile::tempdir().unwrap();
    let (list, out) = (dir.path().join("list.txt"), dir.path().join("out"));
    let name =
        |number: u64| if number.is_multiple_of(LATE) { format!("record-servfail-{number:06}") } else { format!("nothing-{number:06}") };
    fs::write(&list, (0..5 * SHARD).map(|number| name(number) + ".test\n").collect::<String>()).unwrap();
    let lab = Lab::start(Internet::zoo()).unwrap();
    let plan = ScanPlan {
        input: InputOptions { sources: vec![list.to_str().unwrap().to_owned()], ..InputOptions::default() },
        network: network(&lab),
        output: Output::Folder(out.clone()),
        shard_rows: SHARD,
        window_rows: 2 * SHARD,
        ..ScanPlan::default()
    };
    let report = run(&plan, &Network::prepare(&plan.network).unwrap(), &Arc::<Status>::default()).unwrap();
    let manifest = report.manifest.unwrap();
    let parts = |shard| manifest.parts.iter().filter(|part| part.shard == shard).collect::<Vec<_>>();
    // The first shards have held the reader up; the last ones it need not wait for.
    for shard in 0..3 {
        let [early, late] = parts(shard)[..] else { panic!("shard {shard}: {:?}", parts(shard)) };
        assert_eq!((early.rows, late.rows), (SHARD - 2, 2), "shard {shard}");
        assert_eq!(late.ordinals, [[shard * SHARD, shard * SHARD + 1], [shard * SHARD + LATE, shard * SHARD + LATE + 1]]);
    }
    assert!((3..5).all(|shard| parts(shard).len() == 1));
    let mut rows = harness::rows(&out);
    rows.sort_by_key(|row| row.ordinal);
    assert!(rows.iter().map(|row| row.ordinal).eq(0..5 * SHARD), "each row is there once");
    for row in rows {
        let expected = if row.ordinal.is_multiple_of(LATE) { "unknown" } else { "absent" };
        assert_eq!(row.column("sts_state"), Some(expected), "{}", row.domain);
    }
}
