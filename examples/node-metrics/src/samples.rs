//! A source in memory: samples by node, and by namespace and pod.

use std::sync::RwLock;

use aggboot::prelude::*;
use aggboot::served::{Answer, Context, Get, List, Page, Query};

use crate::kinds::{ContainerMetrics, NodeMetrics, PodMetrics};

/// The latest sample of every node and pod.
#[derive(Debug, Default)]
pub struct Samples {
    nodes: RwLock<BTreeMap<String, NodeMetrics>>,
    pods: RwLock<BTreeMap<(String, String), PodMetrics>>,
}

impl Samples {
    /// Two nodes and three pods, to look at.
    #[must_use]
    pub fn example() -> Self {
        let samples = Samples::default();
        samples.node("node-1", "250m", "1024Mi");
        samples.node("node-2", "1200m", "3Gi");
        samples.pod("default", "web-0", &[("web", "120m", "96Mi"), ("proxy", "5m", "20Mi")]);
        samples.pod("default", "web-1", &[("web", "80m", "90Mi")]);
        samples.pod("kube-system", "dns", &[("dns", "3m", "17Mi")]);
        samples
    }

    /// Records what a node uses.
    pub fn node(&self, name: &str, cpu: &str, memory: &str) {
        let sample = NodeMetrics {
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
            timestamp: now(),
            window: "10s".to_owned(),
            usage: usage(cpu, memory),
        };
        self.nodes.write().expect("no writer panics").insert(name.to_owned(), sample);
    }

    /// Records what the containers of a pod use: name, cpu, memory.
    pub fn pod(&self, namespace: &str, name: &str, containers: &[(&str, &str, &str)]) {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        };
        let containers = containers
            .iter()
            .map(|(name, cpu, memory)| ContainerMetrics {
                name: (*name).to_owned(),
                usage: usage(cpu, memory),
            })
            .collect();
        let sample = PodMetrics { metadata, timestamp: now(), window: "10s".to_owned(), containers };
        self.pods.write().expect("no writer panics").insert((namespace.to_owned(), name.to_owned()), sample);
    }
}

impl Get<NodeMetrics> for Samples {
    async fn get(&self, _: &Context, name: &str) -> Answer<Option<NodeMetrics>> {
        Ok(self.nodes.read().expect("no writer panics").get(name).cloned())
    }
}

impl List<NodeMetrics> for Samples {
    async fn list(&self, _: &Context, _: &Query) -> Answer<Page<NodeMetrics>> {
        Ok(self.nodes.read().expect("no writer panics").values().cloned().collect::<Vec<_>>().into())
    }
}

impl Get<PodMetrics> for Samples {
    async fn get(&self, cx: &Context, name: &str) -> Answer<Option<PodMetrics>> {
        let key = (cx.namespace().to_owned(), name.to_owned());
        Ok(self.pods.read().expect("no writer panics").get(&key).cloned())
    }
}

impl List<PodMetrics> for Samples {
    async fn list(&self, cx: &Context, _: &Query) -> Answer<Page<PodMetrics>> {
        let pods = self.pods.read().expect("no writer panics");
        let here = |namespace: &str| cx.namespace().is_empty() || cx.namespace() == namespace;
        let found = pods.iter().filter(|((namespace, _), _)| here(namespace)).map(|(_, pod)| pod.clone());
        Ok(found.collect::<Vec<_>>().into())
    }
}

fn usage(cpu: &str, memory: &str) -> BTreeMap<String, Quantity> {
    BTreeMap::from([
        ("cpu".to_owned(), Quantity(cpu.to_owned())),
        ("memory".to_owned(), Quantity(memory.to_owned())),
    ])
}

fn now() -> Time {
    Time(aggboot::k8s_openapi::jiff::Timestamp::now())
}
