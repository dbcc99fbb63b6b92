//! The list of all cases. What each does is in the room that its name begins with.

use super::super::BoxFuture;
use super::{
    Subject, barriers, crash, faults, histories, history, lists, readers, reads, reopen, replicas, watches,
    writes,
};

pub(super) type Case = fn(Subject) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($($room:ident: $($name:ident)*;)*) => {
        &[$($((concat!(stringify!($room), "::", stringify!($name)), |subject| Box::pin($room::$name(subject)))),*),*]
    };
}

#[rustfmt::skip]
pub(super) const CASES: &[(&str, Case)] = cases! {
    reads:
        an_empty_store_has_a_revision
        get_sees_what_it_asks_for
        get_of_a_deleted_key_sees_the_past
        get_refuses_the_future
        latest_sees_every_acknowledged_write
        any_does_not_go_back
        values_are_opaque_bytes
        names_are_kept_as_they_are;
    lists:
        order_is_the_byte_order_of_the_key
        a_prefix_ends_at_its_slash
        list_sees_what_it_asks_for
        pages_are_of_one_revision
        more_is_said_exactly
        from_is_inclusive
        pages_end_at_their_bytes
        a_long_list_is_whole
        a_list_is_of_one_revision
        a_compacted_page_says_so;
    writes:
        create_needs_absence
        replace_and_delete_need_the_revision
        a_refused_write_leaves_no_trace
        an_equal_value_is_written_all_the_same
        a_deleted_key_can_be_created_again
        writes_of_one_call_stand_alone
        writes_of_one_call_see_each_other
        too_large_is_not_written
        a_dropped_write_is_carried_out
        one_of_racing_creates_wins
        no_update_is_lost;
    watches:
        from_now_sees_what_follows
        after_a_revision_sees_what_followed
        every_event_knows_what_it_replaced
        a_deletion_has_the_last_value
        a_watch_keeps_to_its_prefix
        the_future_is_refused
        concurrent_writes_come_complete_and_in_order
        replay_joins_live_events_without_a_seam;
    barriers:
        a_barrier_moves_an_idle_watch
        a_barrier_comes_after_the_events;
    readers:
        a_watch_goes_on_where_another_stopped
        a_slow_reader_misses_nothing_silently
        an_unread_watch_delays_nobody
        a_dropped_watch_disturbs_nobody;
    history:
        compaction_forgets_what_is_below
        compaction_stops_at_the_present
        compaction_leaves_open_watches_alone
        compaction_of_much_history_keeps_what_lives
        raise_lifts_every_later_revision
        raise_below_the_present_forgets_only;
    reopen:
        nothing_acknowledged_is_gone
        history_continues
        revisions_do_not_go_back
        closing_ends_watches;
    crash:
        nothing_acknowledged_is_lost
        what_a_watch_saw_has_happened
        no_revision_is_used_twice;
    faults:
        refused_is_not_written_and_unknown_may_be
        reads_and_watches_stay_true
        health_tells;
    replicas:
        a_write_is_seen_by_all
        a_watch_sees_the_writes_of_all
        a_watch_goes_on_at_another
        no_update_is_lost_between_them
        forgotten_by_one_is_forgotten_by_all;
    histories:
        random_calls_keep_their_order
        random_calls_keep_their_order_over_crashes;
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_coverage_names_cases_that_exist() {
        let names: BTreeSet<_> = CASES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), CASES.len(), "a name stands twice");
        let coverage = include_str!("coverage.md");
        let rows: Vec<_> = coverage.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows.len(), 54, "one row for each case of Go's suite");
        let cited =
            coverage.split('`').filter(|word| word.contains("::") && word.starts_with(char::is_lowercase));
        for case in cited {
            assert!(names.contains(case), "{case} is no case");
        }
    }
}
