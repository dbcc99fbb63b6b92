//! Taking, renewing and releasing Leases through the main API.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::jiff::Timestamp;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client, Error};

use super::election::{Election, RENEW_DEADLINE, RETRY, Step};
use super::{Claim, Holder, Standing};

/// How long one round of requests may take.
const ROUND: Duration = Duration::from_secs(5);

/// Keeps a claim true.
pub(crate) struct Keeper {
    claim: Arc<Claim>,
    holder: Holder,
    leases: Vec<Kept>,
    changed_hands: bool,
}

/// One Lease.
struct Kept {
    api: Api<Lease>,
    /// For people.
    shown: String,
    name: String,
    /// The annotation that says which store was the last one, ...
    store_key: String,
    /// ... and the one that says how high its revisions were.
    revision_key: String,
    known: Option<Lease>,
    election: Election,
}

/// What a Lease may say of the store.
#[derive(Clone, Copy)]
struct Said<'a> {
    claim: &'a Claim,
    holder: &'a Holder,
    /// Whether it is above what was served before, ...
    raised: bool,
    /// ... and how high it is then.
    revision: Option<u64>,
}

/// Why a Lease is not held.
enum Without {
    Waiting(String),
    Gone(String),
    Failed(String),
}

impl Keeper {
    /// For Leases of these names, `<version>.<group>`, in a namespace of the cluster.
    pub(crate) fn new(
        claim: Arc<Claim>,
        holder: Holder,
        client: &Client,
        namespace: &str,
        mut names: Vec<String>,
    ) -> Self {
        names.sort_unstable();
        let leases = names.into_iter().map(|name| {
            let group = name.split_once('.').map_or("", |(_, group)| group);
            Kept {
                api: Api::namespaced(client.clone(), namespace),
                shown: format!("{namespace}/{name}"),
                store_key: format!("{group}/storage"),
                revision_key: format!("{group}/revision"),
                known: None,
                election: Election::new(holder.to_string()),
                name,
            }
        });
        Self { claim, leases: leases.collect(), holder, changed_hands: false }
    }

    /// Until the claim is released, or lost for good.
    pub(crate) async fn run(mut self) {
        let mut ending = self.claim.ending.subscribe();
        let mut raised = self.claim.raised.subscribe();
        while !*ending.borrow() {
            let began = Instant::now();
            let standing = tokio::select! {
                standing = self.round(began) => standing,
                _ = ending.wait_for(|ending| *ending) => break,
            };
            let over = matches!(standing, Standing::Gone(_));
            self.claim.set(standing);
            if over {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(self.pause()) => {}
                // The start of the server waits for its name.
                Ok(()) = raised.changed() => {}
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
        self.release().await;
        self.claim.released.send_replace(true);
    }

    /// Takes or renews every Lease, in their order.
    async fn round(&mut self, began: Instant) -> Standing {
        let until = self.claim.until();
        let patience =
            until.map_or(ROUND, |until| until.saturating_duration_since(began).clamp(RETRY, ROUND));
        let raised = *self.claim.raised.borrow();
        let round = async {
            let revision = self.claim.revision().await;
            let said = Said { claim: &self.claim, holder: &self.holder, raised, revision };
            let mut named = true;
            for lease in &mut self.leases {
                named &= lease.keep(said).await?;
            }
            Ok(named)
        };
        let outcome = tokio::time::timeout(patience, round).await;
        match outcome.unwrap_or_else(|_| Err(Without::Failed("the main API did not answer in time".into()))) {
            Ok(named) => {
                self.changed_hands = !named;
                // From before it was asked: nobody else can count from earlier.
                self.claim.set_until(Some(began + RENEW_DEADLINE));
                Standing::Held { changed_hands: self.changed_hands }
            }
            Err(Without::Gone(why)) => {
                self.claim.set_until(None);
                Standing::Gone(why)
            }
            Err(Without::Waiting(why)) => Standing::Waiting(why),
            Err(Without::Failed(why)) => self.unanswered(why),
        }
    }

    /// A renewal that failed is no loss before its time.
    fn unanswered(&self, why: String) -> Standing {
        match self.claim.until() {
            None => Standing::Waiting(why),
            Some(until) if Instant::now() < until => {
                tracing::warn!("a Lease was not renewed, trying again: {why}");
                Standing::Held { changed_hands: self.changed_hands }
            }
            Some(_) => Standing::Lost(format!("the Lease was not renewed in time: {why}")),
        }
    }

    /// Not longer than what is held is good for.
    fn pause(&self) -> Duration {
        let left = self.claim.until().map(|until| until.saturating_duration_since(Instant::now()));
        left.filter(|left| !left.is_zero()).map_or(RETRY, |left| left.min(RETRY))
    }

    async fn release(&mut self) {
        // Nothing is written any more.
        let revision = self.claim.revision().await;
        for lease in &mut self.leases {
            if let Err(why) = lease.release(revision).await {
                tracing::warn!("the Lease {} is not released, and will expire: {why}", lease.shown);
            }
        }
    }
}

impl Kept {
    /// Takes it, or renews it. Answers whether it names the store of this holder; it does from when that is raised.
    async fn keep(&mut self, said: Said<'_>) -> Result<bool, Without> {
        // One that is held is written over as it was left; whoever else wrote it meanwhile is noticed.
        if self.known.is_none() {
            self.look().await?;
        }
        match self.step(said).await {
            Err(Without::Failed(_)) if self.known.is_none() => {
                self.look().await?;
                self.step(said).await
            }
            done => done,
        }
    }

    async fn look(&mut self) -> Result<(), Without> {
        let found = self.api.get_opt(&self.name).await.map_err(|error| self.failed(&error))?;
        let none = LeaseSpec::default();
        let spec = found.as_ref().map(|lease| lease.spec.as_ref().unwrap_or(&none));
        self.election.see(spec, Instant::now());
        self.known = found;
        Ok(())
    }

    async fn step(&mut self, said: Said<'_>) -> Result<bool, Without> {
        let shown = &self.shown;
        match self.election.step(Instant::now(), Timestamp::now()) {
            Step::Write(spec) => self.write(spec, said).await,
            Step::Wait(other) => {
                // Looked at again next time.
                self.known = None;
                Err(Without::Waiting(format!(
                    "{other} holds the Lease {shown}: its storage is the one that is served from"
                )))
            }
            Step::Gone(other) => Err(Without::Gone(format!(
                "the Lease {shown} is not held any more, and {other} has it now: this storage is out of date"
            ))),
        }
    }

    async fn write(&mut self, spec: LeaseSpec, said: Said<'_>) -> Result<bool, Without> {
        let holder = said.holder;
        let mut lease = self.known.take().unwrap_or_else(|| Lease {
            metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
            spec: None,
        });
        let is_new = lease.metadata.resource_version.is_none();
        let before = lease.spec.replace(spec).and_then(|spec| spec.holder_identity).unwrap_or_default();
        if !said.raised {
            said.claim.served.fetch_max(self.served(&lease), Ordering::Relaxed);
        }
        let annotations = lease.metadata.annotations.get_or_insert_default();
        if !before.is_empty() && before != holder.to_string() {
            // What that one served last is not known.
            annotations.remove(&self.store_key);
        } else if said.raised {
            annotations.insert(self.store_key.clone(), holder.store.clone());
        }
        self.record(&mut lease, said.revision);
        let written = match is_new {
            true => self.api.create(&PostParams::default(), &lease).await,
            false => self.api.replace(&self.name, &PostParams::default(), &lease).await,
        };
        let written = written.map_err(|error| self.failed(&error))?;
        self.election.wrote(written.spec.clone().unwrap_or_default(), Instant::now());
        let last = written.metadata.annotations.as_ref().and_then(|all| all.get(&self.store_key));
        let named = last == Some(&holder.store);
        self.known = Some(written);
        Ok(named)
    }

    /// How high the revisions were that were served, as far as it knows. One that would leave none to be above it is none.
    fn served(&self, lease: &Lease) -> u64 {
        let said = lease.metadata.annotations.as_ref().and_then(|all| all.get(&self.revision_key));
        said.and_then(|said| said.parse().ok()).filter(|served| *served <= u64::MAX / 2).unwrap_or_default()
    }

    /// Never lower than it was.
    fn record(&self, lease: &mut Lease, revision: Option<u64>) {
        let Some(revision) = revision.filter(|revision| *revision > self.served(lease)) else { return };
        let annotations = lease.metadata.annotations.get_or_insert_default();
        annotations.insert(self.revision_key.clone(), revision.to_string());
    }

    async fn release(&mut self, revision: Option<u64>) -> Result<(), String> {
        if self.known.is_none() && self.election.released(Timestamp::now()).is_some() {
            // A renewal was broken off: whether it was done is not known.
            let _ = self.look().await;
        }
        let Some(spec) = self.election.released(Timestamp::now()) else { return Ok(()) };
        let Some(mut lease) = self.known.take() else { return Ok(()) };
        lease.spec = Some(spec);
        self.record(&mut lease, revision);
        let written = self.api.replace(&self.name, &PostParams::default(), &lease).await;
        written.map(drop).map_err(|error| error.to_string())
    }

    fn failed(&self, error: &Error) -> Without {
        let shown = &self.shown;
        Without::Failed(match error {
            Error::Api(status) if status.code == 403 => format!(
                "the Lease {shown} is not allowed to this server ({}): its Role needs get, create and update of leases \
                 in coordination.k8s.io, and --leader-elect-resource-namespace names another namespace",
                status.message
            ),
            error => format!("the Lease {shown} cannot be read or written: {error}"),
        })
    }
}
