//! The storage contract on a disk that loses its power and fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::super::Storage;
use super::super::super::contract::{self, Subject, Trouble};
use super::super::{Embedded, Settings};
use super::disk::{Disk, Fault};
use super::{power, seed};

/// A store whose disk can be cut off and hurt.
fn subject() -> Subject {
    let (disk, dark) = (Disk::new(seed()), Arc::new(AtomicBool::new(false)));
    let (opened, cut, hurt, lights) = (disk.clone(), disk.clone(), disk, Arc::clone(&dark));
    Subject::new(move || {
        // Whoever had it open is gone by now.
        if lights.swap(false, Ordering::SeqCst) {
            opened.restart();
        }
        let store =
            Embedded::on(Arc::new(opened.clone()), Settings::default(), power::PACE).expect("it opens");
        async { Arc::new(store) as Arc<dyn Storage> }
    })
    .crashing(move || {
        cut.cut_power_after(0);
        dark.store(true, Ordering::SeqCst);
        std::future::ready(())
    })
    .failing(move |trouble| {
        match trouble {
            Trouble::Over => hurt.heal(),
            Trouble::Writes => hurt.fail_at(0, Fault::NoSpace),
            Trouble::Answers => hurt.fail_at(0, Fault::Late),
        }
        std::future::ready(())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_keeps_the_contract_over_power_cuts_and_faults() {
    contract::run(subject).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_random_calls_keep_their_order_over_power_cuts() {
    contract::soak(subject).await;
}
