//! The list of all rules: the one place that the stamped tests and [`rules`] are made from.

use std::{future::Future, pin::Pin};

use super::{Outcome, Subject};

/// A rule at work on a subject.
pub type Check<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// One rule of the suite.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The module of the rule.
    pub group: &'static str,
    /// Its function there.
    pub name: &'static str,
    /// Checks it.
    pub check: fn(&dyn Subject) -> Check<'_>,
}

/// The rules that every store keeps, for those who run them without the macro.
pub fn rules() -> Vec<Rule> {
    macro_rules! list {
        ($group:ident {$rules:ident} [$($rule:ident)+]) => {
            $rules.extend([$(Rule {
                group: stringify!($group),
                name: stringify!($rule),
                check: |subject| Box::pin(super::$group::$rule(subject)),
            }),+]);
        };
    }
    let mut rules = Vec::new();
    crate::__conformance_rules! { {list} {rules} all }
    rules
}

/// The rules of each group, given to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_rules {
    ({$($to:tt)*} {$($with:tt)*} all) => {
        $crate::__conformance_rules! { {$($to)*} {$($with)*} append }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} together }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} keys }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} read }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} names }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} order }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} watch }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} snapshots }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} views }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} leases }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} limits }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} differential }
        $crate::__conformance_rules! { {$($to)*} {$($with)*} history }
    };
    ({$($to:tt)*} {$($with:tt)*} append) => {
        $($to)*! { append {$($with)*} [
            empty_holds_only_without_events
            version_holds_only_at_that_version
            exists_holds_only_with_events
            any_always_holds
            conflict_tells_stream_expected_and_actual
            refused_append_stores_nothing
            answer_tells_where_the_events_are
            empty_batch_stores_nothing
            write_without_events_only_checks
            stream_twice_in_a_batch_is_refused
            event_name_out_of_bounds_is_refused
            versions_are_contiguous
            one_of_many_racers_wins
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} together) => {
        $($to)*! { together {$($with)*} [
            batch_over_streams_is_stored_whole
            one_false_expectation_stores_nothing
            first_false_expectation_is_told
            check_of_one_stream_guards_another
            checks_hold_at_the_commit
            racing_batches_never_tear
            read_shows_whole_batches_only
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} keys) => {
        $($to)*! { keys {$($with)*} [
            same_content_has_the_first_outcome
            other_content_is_refused
            lookup_tells_the_first_outcome
            new_key_without_events_is_kept
            refused_batch_leaves_its_key_free
            key_is_unique_in_the_whole_log
            keys_are_compared_byte_for_byte
            racing_requests_are_stored_once
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} read) => {
        $($to)*! { read {$($with)*} [
            read_back_equals_append
            whole_log_in_both_directions
            stream_filters
            categories_filter
            names_filter
            correlation_filters
            id_bounds_are_inclusive
            version_bounds_are_inclusive
            time_bounds_are_inclusive
            limit_is_kept
            filters_combine
            long_reads_go_over_pages
            without_meta_keeps_the_rest
            empty_results_have_no_page
            open_reads_block_nothing
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} names) => {
        $($to)*! { names {$($with)*} [
            stream_names_are_no_patterns
            categories_are_no_patterns
            event_names_are_no_patterns
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} order) => {
        $($to)*! { order {$($with)*} [
            ids_increase_from_append_to_append
            order_holds_under_concurrent_writers
            tailing_readers_see_every_event_once
            head_never_runs_ahead_of_reads
            acknowledged_events_are_read_at_once
            own_stream_is_read_at_once_among_others
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} watch) => {
        $($to)*! { watch {$($with)*} [
            watch_wakes_after_an_append
            waiting_watch_is_woken
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} snapshots) => {
        $($to)*! { snapshots {$($with)*} [
            none_until_one_is_saved
            each_stream_has_its_own
            latest_is_kept
            another_shape_replaces
            latest_are_listed_page_by_page
            log_is_left_alone
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} views) => {
        $($to)*! { views {$($with)*} [
            begins_at_zero
            documents_and_checkpoint_commit_together
            checkpoint_moves_without_documents
            stale_commit_changes_nothing
            documents_are_deleted
            the_empty_key_is_one_of_many
            reset_forgets_one_view
            versions_and_names_are_apart
            document_keys_are_no_patterns
            documents_are_listed_by_prefix
            documents_are_listed_page_by_page
            views_are_listed_with_their_checkpoints
            many_documents_in_one_commit
            one_of_racing_workers_commits
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} leases) => {
        $($to)*! { leases {$($with)*} [
            free_lease_is_given
            held_lease_is_refused
            own_lease_is_prolonged
            lapsed_lease_goes_to_another
            released_lease_goes_to_another
            stale_release_changes_nothing
            renewal_prolongs_or_is_fenced
            held_leases_are_listed
            one_of_many_racers_gets_it
            stale_holder_is_fenced_off
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} limits) => {
        $($to)*! { limits {$($with)*} [
            payloads_come_back_byte_for_byte
            meta_comes_back_byte_for_byte
            states_come_back_byte_for_byte
            payloads_of_a_mebibyte
            deep_json_is_stored_or_refused
            longest_stream_names
            odd_texts_are_kept_or_refused
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} differential) => {
        $($to)*! { differential {$($with)*} [
            answers_equal_those_of_memory
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} history) => {
        $($to)*! { history {$($with)*} [
            race_of_many_clients_has_an_order
            race_for_two_streams_has_an_order
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} durable) => {
        $($to)*! { durable {$($with)*} [
            events_survive
            versions_survive
            keys_survive
            snapshots_and_views_survive
            leases_survive
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} shared) => {
        $($to)*! { shared {$($with)*} [
            handles_see_each_other
            one_of_racing_handles_wins
            key_counts_across_handles
            tailing_across_handles_misses_nothing
            leases_count_across_handles
            race_across_handles_has_an_order
        ] }
    };
    ({$($to:tt)*} {$($with:tt)*} positioned) => {
        $($to)*! { positioned {$($with)*} [
            ids_around_2_to_the_31
            ids_around_2_to_the_32
            ids_around_2_to_the_53
        ] }
    };
}
