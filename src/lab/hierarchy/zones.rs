//! Zones, who serves them and how well: a root, two top-level domains and what is delegated below them, the broken included.

use std::net::Ipv4Addr;

/// How a name server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Answers for its zones.
    Serves,
    /// The same, after so many milliseconds.
    Slow(u64),
    /// Takes questions and never answers.
    Silent,
    /// REFUSED: the zone was delegated to it and it does not serve it.
    Refuses,
    /// SERVFAIL.
    Fails,
    /// NOERROR and the name servers of the root: a referral upwards.
    PointsUp,
    /// NOERROR and nothing, without authority: what would pass for "no such record".
    Disowns,
}

/// A name server: its name in NS records, the last octet of its address, its behaviour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server(pub(super) &'static str, pub(super) u8, pub(super) Manner);

impl Server {
    /// All of the hierarchy's servers are in 127.0.3.0/24: a delegation carries an address and no port.
    pub(super) fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, 3, self.1)
    }
}

/// What stands at a name of a zone that is written out here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Data {
    A(Ipv4Addr),
    Mx(&'static str),
    Txt(&'static str),
    Cname(&'static str),
}

/// Where the records of a zone come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// From the lab's world, as its resolver would answer.
    World,
    /// From this list. A name that is not on it does not exist, unless it is above one that is.
    Records(&'static [(&'static str, Data)]),
}

/// A zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    /// Its name, empty for the root.
    pub(super) apex: &'static str,
    pub(super) servers: &'static [Server],
    /// Whether the parent knows the addresses of the servers.
    pub(super) glue: bool,
    pub(super) content: Content,
}

use Content::{Records, World};
use Manner::{Disowns, Fails, PointsUp, Refuses, Serves, Silent, Slow};

const ROOT: Server = Server("a.root.example", 1, Serves);
const SILENT_ROOT: Server = Server("b.root.example", 2, Silent);
const GOOD: Server = Server("ns.good.test", 21, Serves);
const ELSEWHERE: Server = Server("ns2.hosting.example", 23, Serves);
const SLOW: Server = Server("ns.slow.test", 24, Slow(200));
const LAME: Server = Server("ns.lame.test", 31, Refuses);
const UPWARD: Server = Server("ns.upward.test", 32, PointsUp);
const DEAD: Server = Server("ns.dead.test", 33, Silent);
const DISOWNING: Server = Server("ns.disowning.test", 34, Disowns);
const DEAD_TOO: Server = Server("ns2.dead.test", 35, Silent);
const FAILING: Server = Server("ns.failing.test", 36, Fails);

const fn zone(apex: &'static str, servers: &'static [Server]) -> Zone {
    Zone { apex, servers, glue: true, content: World }
}

const fn records(apex: &'static str, servers: &'static [Server], records: &'static [(&'static str, Data)]) -> Zone {
    Zone { apex, servers, glue: true, content: Records(records) }
}

/// A root that serves the whole world of the lab itself, so that any world can be scanned from the root.
pub(super) const FLAT: &[Zone] = &[zone("", &[ROOT])];

/// The hierarchy. Zones whose names are cases of the zoo have its records.
pub(super) const DEEP: &[Zone] = &[
    records("", &[ROOT, SILENT_ROOT], &[]),
    records("test", &[Server("a.tld.test", 11, Serves), Server("b.tld.test", 12, Slow(200))], &[]),
    records("example", &[Server("a.tld.example", 13, Serves)], &[]),
    records(
        "hosting.example",
        &[Server("ns.hosting.example", 22, Serves)],
        &[
            ("ns2.hosting.example", Data::A(Ipv4Addr::new(127, 0, 3, 23))),
            ("hosting.example", Data::Mx("mail.hosting.example")),
            ("mail.hosting.example", Data::A(Ipv4Addr::new(44, 1, 2, 3))),
            ("tlsrpt.hosting.example", Data::Txt("v=TLSRPTv1; rua=mailto:reports@hosting.example")),
            ("again.hosting.example", Data::Cname("tlsrpt.hosting.example")),
        ],
    ),
    zone("enforce.test", &[GOOD]),
    zone("testing.test", &[SLOW]),
    zone("nothing.test", &[GOOD]),
    zone("record-over-tcp.test", &[GOOD]),
    Zone { glue: false, ..zone("enforce-000001.test", &[ELSEWHERE]) },
    zone("enforce-000002.test", &[LAME, GOOD]),
    zone("enforce-000003.test", &[DEAD, GOOD]),
    zone("enforce-000004.test", &[UPWARD, GOOD]),
    zone("enforce-000005.test", &[DISOWNING, FAILING, GOOD]),
    records(
        "alias.test",
        &[GOOD],
        &[
            ("alias.test", Data::Mx("mail.hosting.example")),
            ("_mta-sts.alias.test", Data::Cname("nobody.hosting.example")),
            ("_smtp._tls.alias.test", Data::Cname("again.hosting.example")),
        ],
    ),
    records(
        "round.test",
        &[GOOD],
        &[
            ("round.test", Data::Mx("mail.hosting.example")),
            ("_mta-sts.round.test", Data::Cname("about.test")),
            ("_smtp._tls.round.test", Data::Cname("gone.test")),
        ],
    ),
    records("about.test", &[GOOD], &[("about.test", Data::Cname("_mta-sts.round.test"))]),
    zone("dead.test", &[DEAD, DEAD_TOO]),
    zone("refused.test", &[LAME]),
    zone("upward.test", &[UPWARD]),
    zone("disowned.test", &[DISOWNING]),
    zone("failing.test", &[FAILING]),
    Zone { glue: false, ..zone("loop-a.test", &[Server("ns.loop-b.test", 37, Serves)]) },
    Zone { glue: false, ..zone("loop-b.test", &[Server("ns.loop-a.test", 38, Serves)]) },
];

/// What is true of the domains of the hierarchy: name, `mx_state`, `sts_state`, `tlsrpt_state`, `posture`.
pub(super) const TRUTH: &[[&str; 5]] = &[
    ["enforce.test", "present", "valid", "valid", "enforce"],
    ["testing.test", "present", "valid", "valid", "testing"],
    ["nothing.test", "present", "absent", "absent", "absent"],
    ["record-over-tcp.test", "present", "valid", "valid", "enforce"],
    ["enforce-000001.test", "present", "valid", "valid", "enforce"],
    ["enforce-000002.test", "present", "valid", "valid", "enforce"],
    ["enforce-000003.test", "present", "valid", "valid", "enforce"],
    ["enforce-000004.test", "present", "valid", "valid", "enforce"],
    ["enforce-000005.test", "present", "valid", "valid", "enforce"],
    ["hosting.example", "present", "absent", "absent", "absent"],
    ["alias.test", "present", "absent", "valid", "absent"],
    ["round.test", "present", "unknown", "absent", "unknown"],
    ["gone.test", "nxdomain", "absent", "absent", "absent"],
    ["gone.nowhere", "nxdomain", "absent", "absent", "absent"],
    ["dead.test", "unknown", "unknown", "unknown", "unknown"],
    ["refused.test", "unknown", "unknown", "unknown", "unknown"],
    ["upward.test", "unknown", "unknown", "unknown", "unknown"],
    ["disowned.test", "unknown", "unknown", "unknown", "unknown"],
    ["failing.test", "unknown", "unknown", "unknown", "unknown"],
    ["loop-a.test", "unknown", "unknown", "unknown", "unknown"],
];
