//! Events elsewhere, an event shared by two aggregates, patches in several blocks, preconditions
//! in and outside the block, names that are raw identifiers or come from a macro.

use actum::{Actions, prelude::*};

mod events {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize)]
    pub struct Renamed {
        pub name: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    pub struct r#Match;

    #[derive(Events)]
    pub enum UserEvent {
        Renamed(Renamed),
        Matched(r#Match),
    }

    #[derive(Events)]
    pub enum GroupEvent {
        Renamed(Renamed),
    }
}

mod user {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    #[aggregate(events = crate::events::UserEvent)]
    pub struct User {
        pub name: String,
        pub matches: u32,
    }

    #[patch]
    impl User {
        fn renamed(&mut self, event: crate::events::Renamed) {
            self.name = event.name;
        }
    }

    #[derive(Serialize, Deserialize)]
    pub struct Rename {
        pub name: String,
    }
}

mod matches {
    use actum::patch;

    #[patch]
    impl crate::user::User {
        #[cfg(not(any()))]
        fn matched(&mut self, _: crate::events::r#Match) {
            self.matches += 1;
        }

        #[cfg(any())]
        fn matched(&mut self, _: crate::events::r#Match) {
            self.matches += 100;
        }
    }
}

#[derive(Aggregate, Default, Clone, serde::Serialize, serde::Deserialize)]
#[aggregate(events = events::GroupEvent)]
struct Group {
    name: String,
}

macro_rules! patches {
    ($aggregate:ty, $event:ty) => {
        #[patch]
        impl $aggregate {
            fn renamed(&mut self, event: $event) {
                self.name = event.name;
            }
        }
    };
}

patches!(Group, events::Renamed);

#[action]
impl Group {}

#[action]
impl user::User {
    /// Gives a name.
    #[given(outside, inside)]
    #[given(r#async)]
    fn rename(
        &self,
        user::Rename { name }: user::Rename,
    ) -> Result<events::Renamed, std::fmt::Error> {
        Ok(events::Renamed { name })
    }

    /// Stands in the block.
    fn inside(&self) -> Result<(), std::fmt::Error> {
        Ok(())
    }

    fn r#async(&self) -> Result<(), std::fmt::Error> {
        Ok(())
    }
}

impl user::User {
    /// Stands elsewhere.
    fn outside(&self) -> Result<(), std::fmt::Error> {
        if self.name == "fixed" { Err(std::fmt::Error) } else { Ok(()) }
    }
}

fn main() {
    let user: user::User =
        actum::fold([events::Renamed { name: "Ann".into() }.into(), events::r#Match.into()]);
    assert_eq!((user.name.as_str(), user.matches), ("Ann", 1));
    let group: Group = actum::fold([events::Renamed { name: "Us".into() }.into()]);
    assert_eq!(group.name, "Us");

    assert_eq!(events::r#Match::NAME, "Match");
    let [rename] = user::User::ACTIONS else { panic!("one action") };
    assert_eq!(rename.spec.name, "Rename");
    assert_eq!(rename.spec.given, ["outside", "inside", "async"]);
    let given: Vec<_> = user::User::GIVEN.iter().map(|given| (given.name, given.docs)).collect();
    assert_eq!(given, [("inside", "Stands in the block."), ("async", ""), ("outside", "")]);
    assert!(Group::ACTIONS.is_empty());
}
