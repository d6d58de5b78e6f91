//! A disk that takes no more, and a file that may not be written.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::Command,
};

use actum::{
    Version,
    store::{Batch, Expected, Log, Query, Sqlite},
};

use super::{Folder, add, all, event, ids, is_store_error, stream};

/// Names the file for a test that runs once more in a process of its own.
const FILE: &str = "ACTUM_TEST_FILE";

/// Runs a test of this program again under a command, with the path of a store.
fn again(test: &str, command: &mut Command, path: &Path) {
    let output = command.args(["--exact", test, "--nocapture"]).env(FILE, path).output();
    let output = output.expect("the process starts");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
fn h19_a_full_disk_is_answered_and_nothing_acknowledged_is_lost() {
    if let Some(path) = std::env::var_os(FILE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        return runtime.expect("a runtime").block_on(fill(Path::new(&path)));
    }
    let folder = Folder::new();
    let program = std::env::current_exe().expect("this program");
    // Files may grow to 1,500,000 bytes only; the write that goes beyond fails.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec prlimit --fsize=1500000: \"$0\" \"$@\""]).arg(program);
    let test = "disk::h19_a_full_disk_is_answered_and_nothing_acknowledged_is_lost";
    again(test, &mut command, &folder.path());
}

/// Appends to two streams in turn until the disk is full, makes room, and goes on.
async fn fill(path: &Path) {
    let store = Sqlite::open(path).await.expect("the store opens");
    let text = "x".repeat(5000);
    let append = async |version: u64| {
        let batch = ["Cart-1", "Cart-2"].into_iter().fold(Batch::default(), |batch, name| {
            let expected = Expected::Version(Version(version));
            batch.and(stream(name), expected, vec![event("Added", &text)])
        });
        store.append(batch).await
    };
    // The first failure may make room, as the connection that is given up empties its log.
    let (mut version, mut failures) = (0, 0);
    while failures < 2 {
        match append(version).await {
            Ok(_) => (version, failures) = (version + 1, 0),
            failed => {
                assert!(is_store_error(&failed), "{failed:?}");
                failures += 1;
            }
        }
    }
    assert!(version > 50, "{version}");
    let acknowledged: Vec<u64> = (1..=2 * version).collect();
    assert_eq!(ids(&store, Query::all()).await, acknowledged);
    let process = std::process::id().to_string();
    let more = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited:"]).status();
    assert!(more.expect("prlimit runs").success());
    for version in version..version + 100 {
        append(version).await.expect("the store goes on");
    }
    drop(store);
    let store = Sqlite::open(path).await.expect("the store opens");
    let versions = all(&store, Query::stream(stream("Cart-2"))).await.expect("a read");
    let versions: Vec<u64> = versions.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=version + 100).collect::<Vec<_>>());
}

#[tokio::test]
async fn h19_a_file_that_may_not_be_written_is_refused() {
    if let Some(path) = std::env::var_os(FILE) {
        let refused = Sqlite::open(path).await;
        return assert!(is_store_error(&refused), "{refused:?}");
    }
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-1", Expected::Empty, 1).await.expect("empty");
    add(&store, "Cart-2", Expected::Empty, 1).await.expect("empty");
    drop(store);
    let mut permissions = std::fs::metadata(folder.path()).expect("the file").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path(), permissions).expect("read-only");
    // Root may write everything, so that the test runs again as nobody.
    let root = std::fs::metadata("/proc/self").expect("Linux").uid() == 0;
    let program = folder.path().with_file_name("test");
    std::fs::copy(std::env::current_exe().expect("this program"), &program).expect("copied");
    let parent = program.parent().expect("a folder");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(parent, open).expect("open for all");
    let mut command = Command::new(&program);
    if root {
        command.uid(65534).gid(65534);
    }
    command.current_dir(parent);
    again("disk::h19_a_file_that_may_not_be_written_is_refused", &mut command, &folder.path());
    if root {
        assert_eq!(ids(&folder.open().await, Query::all()).await, [1, 2]);
    }
}
