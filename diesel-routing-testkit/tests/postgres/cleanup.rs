use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel_routing_testkit::{PgCluster, PgNode};

use crate::{SOON, cluster};

/// Set for the process that is going to be killed: the directory it shall work in.
const VICTIM: &str = "DIESEL_ROUTING_TEST_VICTIM";

#[test]
fn servers_never_run_as_root() {
    let cluster = cluster(1);
    for node in cluster.nodes() {
        let owner = fs::metadata(format!("/proc/{}", node.pid().unwrap()))
            .unwrap()
            .uid();
        assert_ne!(owner, 0);
    }
}

#[test]
fn nothing_is_left_after_a_drop() {
    let cluster = cluster(2);
    let dir = directory(&cluster);
    assert!(processes(&dir).len() > 10, "the count can count");
    cluster.standby(0).kill().unwrap();
    cluster.standby(1).freeze().unwrap();
    let memory: Vec<String> = cluster.nodes().iter().map(shared_memory).collect();
    let exists = |id: &String| segments().contains(id);
    // A container has a memory of its own, which goes with it.
    let is_shared = !in_containers();
    assert!(
        !is_shared || memory.iter().all(exists),
        "a killed server leaves its segment"
    );
    drop(cluster);
    assert_gone(&dir);
    assert!(!is_shared || !memory.iter().any(exists));
}

#[test]
fn nothing_is_left_after_a_panic() {
    let mut dir = PathBuf::new();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let cluster = cluster(1);
        dir = directory(&cluster);
        cluster.primary().freeze().unwrap();
        panic!("as a failed assertion would");
    }));
    assert!(panic.is_err());
    assert_gone(&dir);
}

#[test]
fn nothing_is_left_after_the_process_was_killed() {
    let (mut victim, dir) = victim(&std::env::temp_dir());
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait_until(|| !dir.exists() && processes(&dir).is_empty());
}

#[test]
fn what_a_killed_watchdog_left_is_removed_by_the_next_start() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (mut victim, dir) = victim(place.path());
    kill(&watchdog(&dir));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(dir.exists());
    assert!(!processes(&dir).is_empty());

    let next = PgCluster::builder().work_dir(place.path()).start().unwrap();
    assert_gone(&dir);
    assert!(next.primary().is_running());
}

/// Not a test of its own: what the process does that another test kills.
#[test]
fn a_victim_waits_to_be_killed() {
    let Some(place) = std::env::var_os(VICTIM) else {
        return;
    };
    let cluster = PgCluster::builder()
        .standbys(1)
        .work_dir(place)
        .start()
        .unwrap();
    cluster.standby(0).freeze_replay().unwrap();
    eprintln!("DIRECTORY {}", directory(&cluster).display());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn victim(place: &Path) -> (Child, PathBuf) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "cleanup::a_victim_waits_to_be_killed",
            "--nocapture",
        ])
        .env(VICTIM, place)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stderr.take().unwrap()).lines();
    let dir = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("DIRECTORY ").map(PathBuf::from))
        .expect("the victim starts its cluster");
    (victim, dir)
}

fn in_containers() -> bool {
    std::env::var("DIESEL_ROUTING_TESTKIT").is_ok_and(|backing| backing == "docker")
}

fn directory(cluster: &PgCluster) -> PathBuf {
    cluster.primary().data_dir().parent().unwrap().to_owned()
}

/// The ids of the processes whose command line names the cluster.
fn processes(dir: &Path) -> Vec<String> {
    let name = dir.file_name().unwrap().to_str().unwrap();
    all_processes()
        .filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(name)
        })
        .collect()
}

/// The id of the System V segment in the server's lock file.
fn shared_memory(node: &PgNode) -> String {
    let lock = fs::read_to_string(node.data_dir().join("postmaster.pid")).unwrap();
    lock.lines()
        .nth(6)
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .to_owned()
}

/// The ids of all System V segments.
fn segments() -> Vec<String> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned))
        .collect()
}

/// The shell that watches over a cluster is the one in its directory.
fn watchdog(dir: &Path) -> String {
    all_processes()
        .find(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == *dir))
        .expect("a watchdog runs")
}

fn all_processes() -> impl Iterator<Item = String> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn kill(pid: &str) {
    assert!(
        Command::new("kill")
            .args(["-9", pid])
            .status()
            .unwrap()
            .success()
    );
}

fn assert_gone(dir: &Path) {
    assert!(!dir.exists(), "{} is left", dir.display());
    assert_eq!(processes(dir), Vec::<String>::new());
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < SOON, "it took too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}
