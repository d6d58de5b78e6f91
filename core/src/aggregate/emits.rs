//! What an action may return: one event, several, none, or the set itself.

use crate::event::{Events, Kind};

/// Something an action of `A` may emit, where `Es` are the events of `A`.
///
/// An event of the set, the set itself, `()`, and tuples, arrays, `Option` and `Vec` of these.
#[diagnostic::on_unimplemented(
    message = "an action of `{A}` cannot emit `{Self}`",
    label = "not an event of `{A}`",
    note = "an action emits variants of `{Es}`: one event, `{Es}` itself, or a tuple, array, `Option` or `Vec` of these"
)]
pub trait Emits<Es, A> {
    /// Puts the events into `out`, in order.
    fn emit(self, out: &mut Vec<Es>);

    /// Puts into `out` what may be emitted, for the model.
    fn kinds(out: &mut Vec<&'static Kind>);
}

impl<Es: Events, A> Emits<Es, A> for () {
    fn emit(self, _: &mut Vec<Es>) {}

    fn kinds(_: &mut Vec<&'static Kind>) {}
}

impl<Es: Events, A, T: Emits<Es, A>> Emits<Es, A> for Option<T> {
    fn emit(self, out: &mut Vec<Es>) {
        if let Some(events) = self {
            events.emit(out);
        }
    }

    fn kinds(out: &mut Vec<&'static Kind>) {
        T::kinds(out);
    }
}

impl<Es: Events, A, T: Emits<Es, A>> Emits<Es, A> for Vec<T> {
    fn emit(self, out: &mut Vec<Es>) {
        for events in self {
            events.emit(out);
        }
    }

    fn kinds(out: &mut Vec<&'static Kind>) {
        T::kinds(out);
    }
}

impl<Es: Events, A, T: Emits<Es, A>, const N: usize> Emits<Es, A> for [T; N] {
    fn emit(self, out: &mut Vec<Es>) {
        for events in self {
            events.emit(out);
        }
    }

    fn kinds(out: &mut Vec<&'static Kind>) {
        T::kinds(out);
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<Es: Events, A, $($name: Emits<Es, A>),+> Emits<Es, A> for ($($name,)+) {
            #[allow(non_snake_case, reason = "the type parameters name the parts")]
            fn emit(self, out: &mut Vec<Es>) {
                let ($($name,)+) = self;
                $($name.emit(out);)+
            }

            fn kinds(out: &mut Vec<&'static Kind>) {
                $($name::kinds(out);)+
            }
        }
    };
}

tuple!(T1);
tuple!(T1 T2);
tuple!(T1 T2 T3);
tuple!(T1 T2 T3 T4);
tuple!(T1 T2 T3 T4 T5);
tuple!(T1 T2 T3 T4 T5 T6);
tuple!(T1 T2 T3 T4 T5 T6 T7);
tuple!(T1 T2 T3 T4 T5 T6 T7 T8);
