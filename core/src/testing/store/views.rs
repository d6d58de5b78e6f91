//! Views: documents and their checkpoint commit together, and of two workers one is refused.

use std::sync::Arc;

use super::{
    Failure, Outcome, Subject,
    failure::equal,
    steps::{put, race},
};
use crate::{
    Error, Id, Json, Result,
    store::{Document, Store, ViewCommit, ViewId},
};

pub(super) fn view(name: &'static str, version: u32) -> ViewId {
    ViewId { name: name.into(), version }
}

pub(super) fn document(key: &str, content: &str) -> Outcome<Document> {
    Ok(Document { key: key.to_owned(), data: Some(Json::from_value(content)?) })
}

pub(super) fn commit(view: &ViewId, from: u64, to: u64, documents: Vec<Document>) -> ViewCommit {
    ViewCommit { view: view.clone(), from: Id(from), to: Id(to), documents, lease: None }
}

/// Demands that a view stands where it should, with this content of a document.
pub(super) async fn stands(
    store: &dyn Store,
    view: &ViewId,
    at: u64,
    (key, content): (&str, Option<&str>),
) -> Outcome {
    equal(&store.checkpoint(view).await?, &Id(at), format_args!("the checkpoint of {view}"))?;
    let found = store.document(view, key).await?;
    let wanted = (Id(at), content.map(Json::from_value).transpose()?);
    equal(&found, &wanted, format_args!("the document {key:?} of {view}"))
}

#[track_caller]
fn stale(answer: Result<()>, expected: u64, actual: u64) -> Outcome {
    match answer {
        Err(Error::Stale { expected: told, actual: found, .. }) => {
            equal(&(told, found), &(Id(expected), Id(actual)), "the checkpoints that were told")
        }
        other => Err(Failure::new(format_args!("this should be stale: {other:?}"))),
    }
}

/// A view that has not begun stands at 0 and has no document.
pub async fn begins_at_zero(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    put(&*store, "Cart-2", 2).await?;
    stands(&*store, &view("Sales", 1), 0, ("", None)).await
}

/// Documents and checkpoint change together, from commit to commit.
pub async fn documents_and_checkpoint_commit_together(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    store.commit(commit(&stock, 0, 3, vec![document("", "stock")?])).await?;
    let both = vec![document("Cart-1", "one")?, document("Cart-2", "two")?];
    store.commit(commit(&sales, 0, 4, both)).await?;
    stands(&*store, &sales, 4, ("Cart-1", Some("one"))).await?;
    stands(&*store, &sales, 4, ("Cart-2", Some("two"))).await?;
    store.commit(commit(&sales, 4, 9, vec![document("Cart-1", "more")?])).await?;
    stands(&*store, &sales, 9, ("Cart-1", Some("more"))).await?;
    stands(&*store, &sales, 9, ("Cart-2", Some("two"))).await?;
    stands(&*store, &stock, 3, ("", Some("stock"))).await
}

/// H9: a commit without documents moves the checkpoint alone.
pub async fn checkpoint_moves_without_documents(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let sales = view("Sales", 1);
    store.commit(commit(&sales, 0, 4, vec![document("", "one")?])).await?;
    store.commit(commit(&sales, 4, 100_000, Vec::new())).await?;
    store.commit(commit(&view("Stock", 1), 0, 7, Vec::new())).await?;
    stands(&*store, &sales, 100_000, ("", Some("one"))).await?;
    stands(&*store, &view("Stock", 1), 7, ("", None)).await
}

/// A commit from another checkpoint than the stored one is stale, and changes nothing.
pub async fn stale_commit_changes_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    stale(store.commit(commit(&sales, 2, 5, vec![document("", "lost")?])).await, 2, 0)?;
    stands(&*store, &sales, 0, ("", None)).await?;
    store.commit(commit(&sales, 0, 5, vec![document("", "kept")?])).await?;
    store.commit(commit(&stock, 0, 3, Vec::new())).await?;
    for from in [0, 3, 4, 6] {
        let gone = Document { key: String::new(), data: None };
        let lost = vec![gone, document("other", "lost")?];
        stale(store.commit(commit(&sales, from, 9, lost)).await, from, 5)?;
        stands(&*store, &sales, 5, ("", Some("kept"))).await?;
        stands(&*store, &sales, 5, ("other", None)).await?;
    }
    Ok(())
}

/// A document without data is deleted; deleting one that is not there does nothing.
pub async fn documents_are_deleted(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    for view in [&sales, &stock] {
        let two = vec![document("a", "one")?, document("b", "two")?];
        store.commit(commit(view, 0, 1, two)).await?;
    }
    let gone = |key: &str| Document { key: key.to_owned(), data: None };
    store.commit(commit(&sales, 1, 2, vec![gone("a"), gone("never")])).await?;
    stands(&*store, &sales, 2, ("a", None)).await?;
    stands(&*store, &sales, 2, ("b", Some("two"))).await?;
    stands(&*store, &stock, 1, ("a", Some("one"))).await
}

/// The empty text is a key like any other, and the first of them.
pub async fn the_empty_key_is_one_of_many(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    let both = vec![document("a", "one")?, document("", "none")?];
    store.commit(commit(&sales, 0, 4, both)).await?;
    store.commit(commit(&stock, 0, 4, vec![document("a", "one")?])).await?;
    stands(&*store, &sales, 4, ("", Some("none"))).await?;
    stands(&*store, &stock, 4, ("", None)).await?;
    let listed = store.documents(&sales, "", None, 1).await?;
    equal(&listed, &vec![document("", "none")?], "the first page")?;
    let listed = store.documents(&sales, "", Some(""), 5).await?;
    equal(&listed, &vec![document("a", "one")?], "what comes behind the empty key")?;
    let gone = Document { key: String::new(), data: None };
    store.commit(commit(&sales, 4, 5, vec![gone])).await?;
    stands(&*store, &sales, 5, ("", None)).await?;
    stands(&*store, &sales, 5, ("a", Some("one"))).await
}

/// A reset forgets documents and checkpoint of that view alone; it can begin again.
pub async fn reset_forgets_one_view(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    for view in [&sales, &stock] {
        store.commit(commit(view, 0, 5, vec![document("a", "one")?])).await?;
    }
    store.reset(&sales).await?;
    store.reset(&view("Never", 1)).await?;
    stands(&*store, &sales, 0, ("a", None)).await?;
    stands(&*store, &stock, 5, ("a", Some("one"))).await?;
    store.commit(commit(&sales, 0, 2, vec![document("b", "new")?])).await?;
    stands(&*store, &sales, 2, ("b", Some("new"))).await?;
    stands(&*store, &sales, 2, ("a", None)).await
}

/// The versions of a view are apart, and so are views whose names are alike.
pub async fn versions_and_names_are_apart(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let views = [
        view("Sales", 1),
        view("Sales", 2),
        view("Sales", 21),
        view("sales", 1),
        view("Sales%", 1),
        view("Sale_", 1),
        view("'; DROP TABLE views;--", 1),
        view("売上", u32::MAX),
    ];
    for (view, at) in views.iter().zip(1..) {
        store.commit(commit(view, 0, at, vec![document("", &view.to_string())?])).await?;
    }
    store.reset(&view("Sales", 2)).await?;
    stands(&*store, &view("Sales", 2), 0, ("", None)).await?;
    for (view, at) in views.iter().zip(1..).filter(|(_, at)| *at != 2) {
        stands(&*store, view, at, ("", Some(&view.to_string()))).await?;
    }
    Ok(())
}

/// The keys of documents are compared byte for byte.
pub async fn document_keys_are_no_patterns(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let sales = view("Sales", 1);
    let keys = ["", " ", "a", "A", "a ", "%", "_", "é", "e\u{301}", "'--", "🦀", "a/b", "a.b", "*"];
    let documents = keys.iter().map(|key| document(key, &format!("<{key}>")));
    store.commit(commit(&sales, 0, 1, documents.collect::<Outcome<_>>()?)).await?;
    store.commit(commit(&view("Stock", 1), 0, 1, vec![document("b", "other")?])).await?;
    for key in keys {
        stands(&*store, &sales, 1, (key, Some(&format!("<{key}>")))).await?;
    }
    stands(&*store, &sales, 1, ("b", None)).await
}

/// A list has the documents of one view whose keys start with a prefix, in the order of their bytes.
pub async fn documents_are_listed_by_prefix(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    equal(&store.documents(&sales, "", None, 9).await?, &[][..], "the documents of no view")?;
    let keys = [
        "",
        " ",
        "%",
        "%%",
        "A",
        "_",
        "_a",
        "a",
        "a%",
        "a/",
        "a/\u{10FFFF}",
        "a/\u{10FFFF}z",
        "a/b",
        "a/b/c",
        "a0",
        "aA",
        "ab",
        "a\u{D7FF}",
        "a\u{E000}",
        "b",
        "é",
        "\u{10FFFF}",
        "\u{10FFFF}a",
    ];
    let fill = |mark: &str| {
        let documents = keys.iter().rev().map(|key| document(key, &format!("{mark} <{key}>")));
        documents.collect::<Outcome<Vec<_>>>()
    };
    store.commit(commit(&sales, 0, 1, fill("sales")?)).await?;
    store.commit(commit(&stock, 0, 1, fill("stock")?)).await?;
    store.commit(commit(&view("Sales", 2), 0, 1, fill("second")?)).await?;
    let prefixes = ["'", "a/b/c/", "\u{10FFFE}", "*", "%_"];
    for prefix in keys.into_iter().chain(prefixes) {
        let mut wanted: Vec<_> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        wanted.sort_unstable();
        let wanted = wanted.into_iter().map(|key| document(key, &format!("sales <{key}>")));
        let found = store.documents(&sales, prefix, None, 99).await?;
        let wanted = wanted.collect::<Outcome<Vec<_>>>()?;
        equal(&found, &wanted, format_args!("the documents whose keys start with {prefix:?}"))?;
    }
    Ok(())
}

/// A list goes on behind a key, whether a document has it or not, and ends with its last page.
pub async fn documents_are_listed_page_by_page(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    let keys: Vec<_> = (0..25).map(|number| format!("p/{number:02}")).collect();
    let around = ["", "p", "p.", "p0", "q"].map(str::to_owned);
    let documents = keys.iter().chain(&around).map(|key| document(key, key));
    store.commit(commit(&sales, 0, 1, documents.collect::<Outcome<_>>()?)).await?;
    store.commit(commit(&stock, 0, 1, vec![document("p/007", "other")?])).await?;
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = store.documents(&sales, "p/", after.as_deref(), 10).await?;
        listed.extend(page.iter().map(|document| document.key.clone()));
        after = listed.last().cloned();
        if page.len() < 10 {
            break;
        }
    }
    equal(&listed, &keys, "the keys of all pages")?;
    for (after, first) in
        [("", "p/00"), ("o", "p/00"), ("p/", "p/00"), ("p/10", "p/11"), ("p/1", "p/10")]
    {
        let page = store.documents(&sales, "p/", Some(after), 1).await?;
        equal(&page, &vec![document(first, first)?], format_args!("what comes behind {after:?}"))?;
    }
    for after in ["p/24", "p/99", "p0", "z"] {
        let page = store.documents(&sales, "p/", Some(after), 10).await?;
        equal(&page, &[][..], format_args!("what comes behind {after:?}"))?;
    }
    let first = store.documents(&sales, "", Some(""), 1).await?;
    equal(&first, &vec![document("p", "p")?], "what comes behind the empty key")?;
    equal(&store.documents(&sales, "", None, 0).await?, &[][..], "a page of no documents")
}

/// A list has each view that is stored with its checkpoint, by name and version.
pub async fn views_are_listed_with_their_checkpoints(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    equal(&store.views().await?, &[][..], "the views of an empty store")?;
    let views = [
        (view("'--", 1), 3),
        (view("Sales", 0), 0),
        (view("Sales", 1), 7),
        (view("Sales", 2), 100_000),
        (view("Sales", 10), 1),
        (view("Sales#0/2", 1), 4),
        (view("sales", 1), 5),
        (view("売上", 1), 6),
    ];
    for (view, at) in views.iter().rev() {
        store.commit(commit(view, 0, *at, vec![document("", "one")?])).await?;
    }
    store.reset(&view("Sales", 2)).await?;
    store.commit(commit(&view("Sales", 1), 7, 9, Vec::new())).await?;
    let wanted = views
        .into_iter()
        .filter(|(view, _)| view.version != 2)
        .map(|(view, at)| (view, Id(if at == 7 { 9 } else { at })));
    equal(&store.views().await?, &wanted.collect::<Vec<_>>(), "the views that are stored")
}

/// One commit takes thousands of documents.
pub async fn many_documents_in_one_commit(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    store.commit(commit(&stock, 0, 1, vec![document("7", "other")?])).await?;
    let fill = |text: &str| {
        (0..3_000).map(|key| document(&key.to_string(), text)).collect::<Outcome<Vec<_>>>()
    };
    store.commit(commit(&sales, 0, 1, fill("one")?)).await?;
    store.commit(commit(&sales, 1, 2, fill("two")?)).await?;
    for key in ["0", "7", "1499", "2999"] {
        stands(&*store, &sales, 2, (key, Some("two"))).await?;
    }
    stands(&*store, &sales, 2, ("3000", None)).await?;
    stands(&*store, &stock, 1, ("7", Some("other"))).await
}

/// Of workers that commit from the same checkpoint exactly one gets through.
pub async fn one_of_racing_workers_commits(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let views = [view("Sales", 1), view("Stock", 1)];
    for round in 0..6 {
        let workers = (0..16_usize).zip(views.iter().cycle().cloned()).map(|(worker, view)| {
            let store = Arc::clone(&store);
            async move {
                let mine = document("", &format!("{round} by {worker}"))?;
                match store.commit(commit(&view, round, round + 1, vec![mine])).await {
                    Ok(()) => Ok(Some((view, worker))),
                    Err(Error::Stale { .. }) => Ok(None),
                    Err(error) => Err(Failure::from(error)),
                }
            }
        });
        let answers = race(workers).await?.into_iter().collect::<Outcome<Vec<_>>>()?;
        let winners: Vec<_> = answers.into_iter().flatten().collect();
        equal(&winners.len(), &views.len(), "workers that got through on two views")?;
        for (view, worker) in winners {
            let content = format!("{round} by {worker}");
            stands(&*store, &view, round + 1, ("", Some(&content))).await?;
        }
    }
    Ok(())
}
