//! Three members, whose traffic with each other goes through relays.

use super::{Line, Member, Relay, command};
use crate::control_plane::directory::RunDirectory;
use crate::control_plane::ports::free_address;
use crate::wait::wait_for;
use std::path::Path;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A cluster of three.
#[derive(Debug)]
pub struct Cluster {
    /// The members.
    pub members: Vec<Member>,
    /// In front of each member's port for the others.
    relays: Vec<Relay>,
    /// Last, so that nobody writes into it any more when it goes.
    directory: RunDirectory,
}

impl Cluster {
    /// Starts one with a heartbeat of 300 ms and elections after 3 s. `None` where there is no etcd.
    pub async fn start() -> Option<Self> {
        let command = command().await?;
        let directory = RunDirectory::new("aggboot-etcd-cluster-");
        let mut ports = Vec::new();
        let mut relays = Vec::new();
        for _ in NAMES {
            let port = free_address();
            ports.push(port);
            relays.push(Relay::to(port).await);
        }
        let members =
            NAMES.iter().zip(&relays).map(|(name, relay)| format!("{name}=http://{}", relay.address()));
        let cluster = members.collect::<Vec<_>>().join(",");
        let member = |(place, name): (usize, &&str)| {
            let flags = [
                format!("--listen-peer-urls=http://{}", ports[place]),
                format!("--initial-advertise-peer-urls=http://{}", relays[place].address()),
                format!("--initial-cluster={cluster}"),
                "--heartbeat-interval=300".to_owned(),
                "--election-timeout=3000".to_owned(),
            ];
            Member::spawn(name, &command, "http", flags, directory.path())
        };
        let mut members: Vec<_> = NAMES.iter().enumerate().map(member).collect();
        for member in &mut members {
            member.wait_until_served().await;
        }
        Some(Self { members, relays, directory })
    }

    /// For `--etcd-servers`.
    pub fn urls(&self) -> String {
        self.members.iter().map(Member::url).collect::<Vec<_>>().join(",")
    }

    /// The directory of this run; its logs are kept if a test fails.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The place of the leader, known to itself as such and to another.
    pub async fn leader(&self) -> usize {
        self.leader_among(&[0, 1, 2]).await
    }

    /// The place of the leader whom these members agree upon.
    pub async fn leader_among(&self, places: &[usize]) -> usize {
        wait_for("a leader", async || {
            let mut known = Vec::new();
            for place in places {
                known.push((*place, self.members[*place].status().await?));
            }
            let leaders: Vec<_> = known.iter().map(|(_, status)| status.leader).collect();
            let of_them = known.iter().find(|(_, status)| status.member == leaders[0]);
            match of_them {
                Some((place, _)) if leaders.iter().all(|leader| *leader == leaders[0]) => Ok(*place),
                _ => Err(format!("they know {leaders:?}")),
            }
        })
        .await
    }

    /// Cuts a member off from the others; its clients still reach it.
    pub async fn cut(&self, place: usize) {
        let id = self.members[place].status().await.expect("it answers").member;
        for (other, relay) in self.relays.iter().enumerate() {
            relay.set(if other == place { Line::Down } else { Line::DownFrom(id) });
        }
    }

    /// Ends that.
    pub fn mend(&self) {
        for relay in &self.relays {
            relay.set(Line::Up);
        }
    }
}
