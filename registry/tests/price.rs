//! What was seen before costs no password hash and no question to casbin: the promise of which `make price` gives the price.

#[path = "../examples/unit_price/world.rs"]
mod world;

use authz::Policy;
use world::{Failure, Size, World, look_up, read, read_named, register};

fn without_time(answer: &[u8]) -> Result<serde_json::Value, Failure> {
    let mut answer: serde_json::Value = serde_json::from_slice(answer)?;
    answer.as_object_mut().ok_or("the answer is no object")?.shift_remove("ts");
    Ok(answer)
}

/// A process of its own: the questions put to casbin are counted for all of it.
#[tokio::test]
async fn nobody_who_is_known_is_hashed_and_nothing_that_is_judged_is_put_to_casbin() -> Result<(), Failure> {
    let size = Size { namespaces: 50, users: 10, subjects: 4 };
    let world = World::new(&size).await?;
    let checks = async || world.owned.metric("freehold_password_checks_total").await;
    // Making the world has hashed the password of each user who registered, and put the whole policy to casbin.
    assert_eq!(checks().await?, size.subjects as f64);
    let evaluations = Policy::evaluations();
    assert!(evaluations > 0);
    for number in (0..size.subjects).cycle().take(200) {
        for make in [read, read_named, look_up, register] {
            // What the price compares is the same answer, but for the time of the registration.
            let (one, other) = (world.owned.ask(make(number)?).await?, world.open.ask(make(number)?).await?);
            assert_eq!(without_time(&one)?, without_time(&other)?);
        }
    }
    assert_eq!((checks().await?, Policy::evaluations()), (size.subjects as f64, evaluations));
    world.owned.ask(read_named(size.subjects)?).await.expect_err("there is no such schema");
    assert_eq!(checks().await?, size.subjects as f64 + 1.0, "somebody new is checked once");
    Ok(())
}
