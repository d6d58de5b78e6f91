//! Layers over a store: they change how the log is read or written, and leave the rest alone.

/// Passes snapshots, views and leases on to the store in a field.
macro_rules! passes_on {
    ($layer:ident, $under:ident) => {
        impl $crate::store::Snapshots for $layer {
            fn snapshot<'a>(
                &'a self,
                stream: &'a $crate::StreamId,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<Option<$crate::store::Snapshot>>> {
                self.$under.snapshot(stream)
            }

            fn snapshots<'a>(
                &'a self,
                after: Option<&'a $crate::StreamId>,
                limit: u64,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<Vec<$crate::store::Snapshot>>> {
                self.$under.snapshots(after, limit)
            }

            fn save_snapshot(
                &self,
                snapshot: $crate::store::Snapshot,
            ) -> $crate::store::BoxFuture<'_, $crate::Result<()>> {
                self.$under.save_snapshot(snapshot)
            }
        }

        impl $crate::store::Views for $layer {
            fn checkpoint<'a>(
                &'a self,
                view: &'a $crate::store::ViewId,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<$crate::Id>> {
                self.$under.checkpoint(view)
            }

            fn document<'a>(
                &'a self,
                view: &'a $crate::store::ViewId,
                key: &'a str,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<($crate::Id, Option<$crate::Json>)>>
            {
                self.$under.document(view, key)
            }

            fn documents<'a>(
                &'a self,
                view: &'a $crate::store::ViewId,
                prefix: &'a str,
                after: Option<&'a str>,
                limit: u64,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<Vec<$crate::store::Document>>> {
                self.$under.documents(view, prefix, after, limit)
            }

            fn views(
                &self,
            ) -> $crate::store::BoxFuture<
                '_,
                $crate::Result<Vec<($crate::store::ViewId, $crate::Id)>>,
            > {
                self.$under.views()
            }

            fn commit(
                &self,
                commit: $crate::store::ViewCommit,
            ) -> $crate::store::BoxFuture<'_, $crate::Result<()>> {
                self.$under.commit(commit)
            }

            fn reset<'a>(
                &'a self,
                view: &'a $crate::store::ViewId,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<()>> {
                self.$under.reset(view)
            }
        }

        impl $crate::store::Leases for $layer {
            fn acquire<'a>(
                &'a self,
                name: &'a str,
                holder: &'a str,
                now: $crate::Timestamp,
                ttl: std::time::Duration,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<Option<$crate::store::Lease>>> {
                self.$under.acquire(name, holder, now, ttl)
            }

            fn renew<'a>(
                &'a self,
                lease: &'a $crate::store::Lease,
                now: $crate::Timestamp,
                ttl: std::time::Duration,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<$crate::store::Lease>> {
                self.$under.renew(lease, now, ttl)
            }

            fn release<'a>(
                &'a self,
                lease: &'a $crate::store::Lease,
            ) -> $crate::store::BoxFuture<'a, $crate::Result<()>> {
                self.$under.release(lease)
            }

            fn leases(
                &self,
                now: $crate::Timestamp,
            ) -> $crate::store::BoxFuture<'_, $crate::Result<Vec<$crate::store::Lease>>> {
                self.$under.leases(now)
            }
        }
    };
}
pub(crate) use passes_on;
