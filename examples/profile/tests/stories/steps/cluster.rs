//! The service, its nodes and its store.

use std::time::Duration;

use cucumber::{given, when};

use crate::redis::Redis;
use crate::story::Story;

const SECRET: u8 = 7;
const ANOTHER: u8 = 8;

#[given(expr = "a service on a primary and {int} replica(s)")]
async fn a_service(story: &mut Story, replicas: usize) {
    story.start_nodes(replicas);
    story.start_service(SECRET).await;
}

#[given("two nodes of the service, which share nothing but their secret")]
async fn two_services(story: &mut Story) {
    story.start_nodes(1);
    story.start_service(SECRET).await;
    story.start_service(SECRET).await;
}

#[given("two nodes of the service, which keep sessions in Redis")]
async fn two_services_with_redis(story: &mut Story) {
    story.redis = Some(Redis::start());
    story.start_nodes(1);
    // A store needs no secret in common.
    story.start_service(SECRET).await;
    story.start_service(ANOTHER).await;
}

#[given("two nodes of the service, which have a secret each")]
async fn a_secret_each(story: &mut Story) {
    story.start_nodes(1);
    story.start_service(SECRET).await;
    story.start_service(ANOTHER).await;
}

#[given(expr = "the replicas are {int} seconds behind")]
fn behind(story: &mut Story, seconds: u64) {
    for replica in story.replicas() {
        let lag = Duration::from_secs(seconds);
        story.lab().set_lag(replica, lag).expect("a lag");
    }
}

#[given("the replicas stand still")]
fn stand_still(story: &mut Story) {
    for replica in story.replicas() {
        story.lab().pause(replica).expect("paused");
    }
}

#[given("the replicas go on")]
#[when("the replicas go on")]
fn go_on(story: &mut Story) {
    for replica in story.replicas() {
        story.lab().resume(replica).expect("resumed");
    }
}

#[when("the first replica goes on")]
fn first_goes_on(story: &mut Story) {
    story.lab().resume(0).expect("resumed");
}

#[when("the first replica is killed")]
fn first_is_killed(story: &mut Story) {
    story.lab().kill(0).expect("killed");
}

#[when("the replicas are killed")]
fn are_killed(story: &mut Story) {
    for replica in story.replicas() {
        story.lab().kill(replica).expect("killed");
    }
}

#[when("Redis goes down")]
fn redis_goes_down(story: &mut Story) {
    story.redis.as_mut().expect("a Redis").stop();
}

#[when("Redis is back")]
fn redis_is_back(story: &mut Story) {
    story.redis.as_mut().expect("a Redis").restart();
}
