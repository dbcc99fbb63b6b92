//! The course of a migration.

use super::super::dump::{Contents, Fill};
use super::super::{Revision, Write};
use super::marker::{self, Unfinished};
use super::merge::{Merge, Pages, Step};
use super::still::Still;
use super::{Error, Found, Migrated, Migration, Plan, Progress, Result, Stage, Tally};

impl Migration<'_> {
    /// Reads both stores and says what there is to do.
    ///
    /// # Errors
    /// When a store fails, or the target must not be filled: it holds something else, or does not take an object.
    pub async fn plan(&self, progress: Progress<'_>) -> Result<Plan> {
        if let Some(half) = marker::unfinished(self.source).await.map_err(Error::Source)? {
            return Err(Error::Half { source_name: half.source });
        }
        let begun = marker::unfinished(self.target).await.map_err(Error::Target)?;
        if let Some(other) = begun.as_ref().filter(|begun| begun.source != self.name) {
            return Err(Error::Another { source_name: other.source.clone() });
        }
        let still = Still::begin(self.source).await?;
        // A source that went back meanwhile, as an old copy, does not take the target back.
        let above = begun.as_ref().map_or(still.through, |begun| begun.above().max(still.through));
        let tally = self.compare(above, progress).await?;
        let there = tally.replaced + tally.kept + tally.deleted;
        let found = match begun {
            Some(_) => Found::Part,
            None if there == 0 => Found::Nothing,
            None if tally.kept == tally.objects && tally.deleted == 0 => Found::Everything,
            None => return Err(Error::Occupied { count: there }),
        };
        Ok(Plan { tally, found, above, still })
    }

    /// Carries out a plan, and answers once all of it is read again and found right.
    ///
    /// # Errors
    /// When a store fails or somebody else uses it. The target says then that it is not whole, and the migration can be
    /// planned and run once more.
    pub async fn run(&self, plan: Plan, progress: Progress<'_>) -> Result<Migrated> {
        let Plan { above, mut still, found, tally } = plan;
        // Before anything is written: servers that nobody stopped are the likeliest mistake.
        still.until_now(self.source).await?;
        if found != Found::Everything {
            self.target.raise(above).await.map_err(Error::Target)?;
            marker::put(self.target, &Unfinished::new(self.name, above)).await.map_err(Error::Target)?;
        }
        let (tally, contents) = self.copy(above, tally.objects, progress).await?;
        let sha256 = self.verify(above, contents, progress).await?;
        let served = still.until_now(self.source).await?.max(above);
        if found != Found::Everything {
            self.end(above, served).await.map_err(Error::Target)?;
        }
        let revision = self.target.barrier().await.map_err(Error::Target)?;
        Ok(Migrated { tally, above: served, revision, sha256 })
    }

    async fn compare(&self, above: Revision, progress: Progress<'_>) -> Result<Tally> {
        let mut tally = Tally::default();
        let limit = self.target.facts().max_value;
        let mut merge = Merge::new(self.source, self.target, above);
        while let Some(step) = merge.next().await? {
            tally.add(&step);
            if let Step::Create(stored) | Step::Replace(stored, _) = &step
                && stored.value.len() > limit
            {
                let (key, size) = (stored.key.clone(), stored.value.len());
                return Err(Error::TooLarge { key, size, limit });
            }
            progress(Stage::Comparing, tally.objects, merge.source.total);
        }
        Ok(tally)
    }

    async fn copy(&self, above: Revision, total: u64, progress: Progress<'_>) -> Result<(Tally, Contents)> {
        let (mut tally, mut contents, mut fill) =
            (Tally::default(), Contents::default(), Fill::new(self.target));
        let mut merge = Merge::new(self.source, self.target, above);
        while let Some(step) = merge.next().await? {
            tally.add(&step);
            if let Step::Create(stored) | Step::Replace(stored, _) | Step::Keep(stored) = &step {
                contents.add(&stored.key, &stored.value);
            }
            let write = match step {
                Step::Keep(_) => None,
                Step::Create(stored) => Some(Write::create(stored.key, stored.value)),
                Step::Replace(stored, there) => Some(Write::replace(stored.key, there, stored.value)),
                Step::Delete(key, there) => Some(Write::delete(key, there)),
            };
            if let Some(write) = write {
                fill.add(write).await.map_err(Error::Target)?;
            }
            progress(Stage::Copying, tally.objects, total);
        }
        fill.flush().await.map_err(Error::Target)?;
        Ok((tally, contents))
    }

    /// Reads the target; answers the digest of what both stores hold.
    async fn verify(&self, above: Revision, expected: Contents, progress: Progress<'_>) -> Result<String> {
        let (mut found, mut pages) = (Contents::default(), Pages::new(self.target));
        while let Some(stored) = pages.next().await.map_err(Error::Target)? {
            if stored.revision <= above {
                let why = format!("{} is at revision {}, not above {above}", stored.key, stored.revision);
                return Err(Error::Differs(why));
            }
            found.add(&stored.key, &stored.value);
            progress(Stage::Verifying, found.count, expected.count);
        }
        expected.must_be(found).map_err(Error::Differs)
    }

    /// The target is whole, and above what the source served until now: clients that still listed there have seen it.
    async fn end(&self, above: Revision, served: Revision) -> super::super::Result<()> {
        if served > above {
            self.target.raise(served).await?;
        }
        marker::remove(self.target).await
    }
}

impl Tally {
    fn add(&mut self, step: &Step) {
        let (count, stored) = match step {
            Step::Create(stored) => (&mut self.created, stored),
            Step::Replace(stored, _) => (&mut self.replaced, stored),
            Step::Keep(stored) => (&mut self.kept, stored),
            Step::Delete(..) => return self.deleted += 1,
        };
        *count += 1;
        self.objects += 1;
        self.bytes += stored.value.len() as u64;
    }
}
