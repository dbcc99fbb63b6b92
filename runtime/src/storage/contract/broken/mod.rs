//! The suite itself under test: stores that break one promise each must fail by the name of the case that promises it,
//! and honest ones that are far away, shared, or crash and fail must pass.

mod honest;
mod lens;
mod lives;
mod machine;
mod reads;
mod twist;
mod watches;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use self::machine::Machine;
use self::twist::{Twist, Twisted};
use super::cases::CASES;
use super::{Subject, check_these};

/// After this a case of a broken store counts as hanging.
const PATIENCE: Duration = Duration::from_secs(15);

/// How a store is broken, and the cases that promise that it is not.
type Flaw = (fn() -> Arc<dyn Twist>, &'static [&'static str]);

/// A store on a machine of its own, behind a twist. It is durable, can be crashed and can be hurt.
fn subject(twist: fn() -> Arc<dyn Twist>) -> Subject {
    let (machine, twist) = (Arc::new(Machine::new()), twist());
    let (opened, crashed, hurt) = (Arc::clone(&machine), Arc::clone(&machine), machine);
    let open = move || {
        let (boot, twist) = (opened.boot(), Arc::clone(&twist));
        async move {
            twist.opened(&boot).await;
            Arc::new(Twisted::new(boot, twist)) as Arc<_>
        }
    };
    let crash = move || {
        crashed.crash();
        std::future::ready(())
    };
    let fail = move |trouble| {
        hurt.hurt(trouble);
        std::future::ready(())
    };
    Subject::new(open).crashing(crash).failing(fail)
}

async fn keeps(twist: fn() -> Arc<dyn Twist>) {
    super::run(|| subject(twist)).await;
}

/// Every one of these must be told by every one of its cases.
async fn all_fail(flaws: &[Flaw]) {
    let passed = futures::future::join_all(flaws.iter().map(passes)).await;
    let passed: Vec<_> = passed.into_iter().flatten().collect();
    assert!(passed.is_empty(), "broken stores that pass:\n{}", passed.join("\n"));
}

/// The cases that do not see what is broken.
async fn passes((twist, promises): &Flaw) -> Vec<String> {
    let cases: Vec<_> = CASES.iter().filter(|(name, _)| promises.contains(name)).copied().collect();
    assert_eq!(cases.len(), promises.len(), "{promises:?} are not all cases");
    let failures = check_these(&cases, [|| subject(*twist)], PATIENCE).await;
    let kept = promises.iter().filter(|promise| !failures.iter().any(|failure| failure.case == **promise));
    kept.map(|promise| format!("{:?} passes {promise}", twist())).collect()
}
