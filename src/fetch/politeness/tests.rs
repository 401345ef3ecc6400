use super::*;

fn gate(concurrency: usize, host_concurrency: usize, delay_ms: u64) -> Gate {
    let host = Pace {
        concurrency: host_concurrency,
        delay: Duration::from_millis(delay_ms),
    };
    Gate::new(Manners::ordinary(concurrency, host))
}

async fn enter(gate: &Gate, host: &str) -> Result<Permit, Busy> {
    gate.enter(host, LONGEST_WAIT).await
}

#[tokio::test(start_paused = true)]
async fn starts_are_apart_and_in_order() {
    let gate = gate(64, 2, 1000);
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for n in 0..10_u64 {
        let gate = gate.clone();
        tasks.push(tokio::spawn(async move {
            let permit = enter(&gate, "a.test").await.unwrap();
            let started = begun.elapsed();
            // Longer than the delay, so that the count binds now and then, and the delay otherwise.
            tokio::time::sleep(Duration::from_millis(if n < 4 { 2500 } else { 10 })).await;
            drop(permit);
            (n, started)
        }));
        tokio::task::yield_now().await;
    }
    let mut starts = Vec::new();
    for task in tasks {
        starts.push(task.await.unwrap());
    }
    for pair in starts.windows(2) {
        assert!(
            pair[1].1 >= pair[0].1 + Duration::from_secs(1),
            "{starts:?}"
        );
    }
    assert!(starts[2].1 >= Duration::from_millis(2500), "{starts:?}");
    assert_eq!(gate.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_host_keeps_nobody_waiting() {
    let gate = gate(2, 1, 10_000);
    let _slow = enter(&gate, "slow.test").await.unwrap();
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let gate = gate.clone();
            tokio::spawn(async move { enter(&gate, "slow.test").await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    let begun = Instant::now();
    for n in 0..100 {
        drop(enter(&gate, &format!("{n}.test")).await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    for task in waiting {
        task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn long_waits_are_refused_at_once() {
    let gate = gate(64, 2, 0);
    let begun = Instant::now();
    let permit = enter(&gate, "a.test").await.unwrap();
    permit.answered(503, Some(Duration::from_secs(3600)));
    drop(permit);
    let busy = enter(&gate, "a.test").await.unwrap_err();
    assert_eq!(busy.until, begun + Duration::from_secs(3600));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(gate.ready_at("a.test"), busy.until);
    assert_eq!(gate.ready_at("b.test"), begun);

    // A queue that would take longer than a minute is refused at its end.
    gate.set_delay("c.test", Duration::from_secs(20));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let gate = gate.clone();
            tokio::spawn(async move { enter(&gate, "c.test").await.is_ok() })
        })
        .collect();
    let mut entered = 0;
    for task in tasks {
        entered += usize::from(task.await.unwrap());
    }
    assert_eq!(entered, 4);
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_delay_asked_for_counts_from_the_last_start() {
    let gate = gate(64, 2, 1000);
    let begun = Instant::now();
    drop(enter(&gate, "a.test").await.unwrap());
    gate.set_delay("a.test", Duration::from_secs(5));
    drop(enter(&gate, "a.test").await.unwrap());
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    gate.set_delay("a.test", Duration::from_millis(5));
    drop(enter(&gate, "a.test").await.unwrap());
    drop(enter(&gate, "a.test").await.unwrap());
    assert_eq!(begun.elapsed(), Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn absurd_delays_do_no_harm() {
    let gate = gate(64, 2, u64::MAX);
    drop(enter(&gate, "a.test").await.unwrap());
    let busy = enter(&gate, "a.test").await.unwrap_err();
    assert_eq!(busy.until, Instant::now() + manners::LONGEST_DELAY);
    gate.set_delay("b.test", Duration::MAX);
}

#[tokio::test(start_paused = true)]
async fn giving_up_leaves_no_gap() {
    let gate = gate(64, 2, 1000);
    drop(enter(&gate, "a.test").await.unwrap());
    let begun = Instant::now();
    for _ in 0..100 {
        let waiting = enter(&gate, "a.test");
        assert!(
            tokio::time::timeout(Duration::from_millis(1), waiting)
                .await
                .is_err()
        );
    }
    drop(enter(&gate, "a.test").await.unwrap());
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn idle_hosts_are_forgotten() {
    let gate = gate(64, 2, 1000);
    for n in 0..20_000 {
        drop(enter(&gate, &format!("{n}.test")).await.unwrap());
        tokio::time::advance(Duration::from_millis(50)).await;
    }
    assert!(gate.hosts() < 3 * SWEEP_FROM, "{}", gate.hosts());
}

#[tokio::test(start_paused = true)]
async fn a_site_gets_twice_what_its_hosts_get() {
    let gate = gate(64, 2, 1000);
    let begun = Instant::now();
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let gate = gate.clone();
            tokio::spawn(async move {
                let permit = enter(&gate, &format!("h{n}.site.org")).await.unwrap();
                let started = begun.elapsed();
                tokio::time::sleep(Duration::from_millis(2900)).await;
                drop(permit);
                started
            })
        })
        .collect();
    drop(enter(&gate, "elsewhere.org").await.unwrap());
    assert_eq!(
        begun.elapsed(),
        Duration::ZERO,
        "another site does not wait"
    );
    let mut starts = Vec::new();
    for task in tasks {
        starts.push(task.await.unwrap());
    }
    starts.sort();
    let half = Duration::from_millis(500);
    assert!(
        starts.windows(2).all(|pair| pair[1] >= pair[0] + half),
        "{starts:?}"
    );
    assert_eq!(starts[1], half);
    for (n, start) in starts.iter().enumerate().skip(4) {
        let earlier = starts[n - 4];
        let done = earlier + Duration::from_millis(2900);
        assert!(*start >= done, "more than four at once: {starts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_refuses_again_is_left_alone_longer() {
    let gate = gate(64, 2, 0);
    let mut waits = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep_until(gate.ready_at("a.test")).await;
        let permit = enter(&gate, "a.test").await.unwrap();
        tokio::time::advance(Duration::from_millis(10)).await;
        waits.push(permit.answered(429, None).unwrap().as_secs());
    }
    assert_eq!(waits, [15, 30, 60, 120]);
    let promises = gate.take_changed();
    assert_eq!(promises.len(), 1);
    assert_eq!((&*promises[0].host, promises[0].refusals), ("a.test", 4));
    assert_eq!(gate.take_changed(), []);

    tokio::time::sleep_until(gate.ready_at("a.test")).await;
    let permit = enter(&gate, "a.test").await.unwrap();
    tokio::time::advance(Duration::from_millis(10)).await;
    assert_eq!(permit.answered(404, None), None);
    assert_eq!(gate.take_changed()[0].refusals, 0, "that is remembered too");
}

#[tokio::test(start_paused = true)]
async fn requests_that_were_under_way_at_a_refusal_count_nothing() {
    let gate = gate(64, 3, 0);
    let permits = [
        enter(&gate, "a.test").await.unwrap(),
        enter(&gate, "a.test").await.unwrap(),
        enter(&gate, "a.test").await.unwrap(),
    ];
    tokio::time::advance(Duration::from_millis(10)).await;
    for permit in &permits[..2] {
        assert_eq!(permit.answered(503, None), Some(Duration::from_secs(15)));
    }
    permits[2].answered(200, None);
    assert_eq!(gate.take_changed()[0].refusals, 1);
    assert!(gate.ready_at("a.test") > Instant::now());
}

#[test]
fn a_host_is_taken_at_its_word_the_first_time() {
    let minute = Some(Duration::from_secs(60));
    let zero = Some(Duration::ZERO);
    for (refusals, asked, seconds) in [
        (1, minute, 60),
        (1, zero, 0),
        (2, zero, 15),
        (3, zero, 30),
        (3, minute, 60),
        (1, None, 15),
        (100, None, 6 * 3600),
    ] {
        assert_eq!(
            pause(refusals, asked).as_secs(),
            seconds,
            "{refusals} {asked:?}"
        );
    }
}

struct Before(Remembered);

impl Memory for Before {
    fn recall(&self, _: &str) -> Remembered {
        self.0
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_promised_before_is_kept() {
    let known = Remembered {
        wait: Duration::from_millis(700),
        delay: Some(Duration::from_secs(3)),
        refusals: 2,
    };
    let gate = gate(64, 2, 1000);
    gate.remember(Arc::new(Before(known)), false);
    let begun = Instant::now();
    let permit = enter(&gate, "a.test").await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_millis(700));
    assert_eq!(permit.answered(503, None), Some(Duration::from_secs(60)));
    drop(permit);
    assert_eq!(gate.unfinished(), gate.take_changed());
}

#[tokio::test(start_paused = true)]
async fn after_a_kill_every_host_may_have_been_asked_just_now() {
    let gate = gate(64, 2, 1000);
    gate.remember(Arc::new(Before(Remembered::default())), true);
    let begun = Instant::now();
    tokio::time::advance(Duration::from_millis(300)).await;
    drop(enter(&gate, "a.test").await.unwrap());
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    drop(enter(&gate, "b.test").await.unwrap());
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_second_request_under_one_permit_waits_like_any_other() {
    let gate = gate(64, 2, 1000);
    let begun = Instant::now();
    let mut permit = enter(&gate, "a.test").await.unwrap();
    let other = enter(&gate, "a.test").await.unwrap();
    permit.again(LONGEST_WAIT).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    other.answered(429, Some(Duration::from_secs(3600)));
    assert!(permit.again(LONGEST_WAIT).await.is_err());
}

async fn enter_for_requisite(gate: &Gate, host: &str) -> Result<Permit, Busy> {
    gate.enter_for(host, Errand::Requisite, LONGEST_WAIT).await
}

#[tokio::test(start_paused = true)]
async fn requisites_follow_at_a_shorter_delay_and_keep_visits_apart() {
    let gate = gate(64, 2, 1000);
    let begun = Instant::now();
    drop(enter(&gate, "a.test").await.unwrap());
    for _ in 0..5 {
        drop(enter_for_requisite(&gate, "a.test").await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::from_millis(500));
    drop(enter(&gate, "a.test").await.unwrap());
    // A second after the visit before it, whatever was asked for meanwhile.
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    for _ in 0..20 {
        drop(enter_for_requisite(&gate, "a.test").await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    drop(enter(&gate, "a.test").await.unwrap());
    // And no sooner after a requisite than one requisite after another.
    assert_eq!(begun.elapsed(), Duration::from_millis(3100));
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_the_host_asked_for_holds_for_requisites() {
    let gate = gate(64, 2, 1000);
    gate.set_delay("a.test", Duration::from_secs(10));
    let begun = Instant::now();
    for _ in 0..3 {
        drop(enter_for_requisite(&gate, "a.test").await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(20));
    // A host that refused is left alone by them too.
    let refused = enter_for_requisite(&gate, "b.test").await.unwrap();
    refused.answered(429, Some(Duration::from_secs(3600)));
    drop(refused);
    assert!(enter_for_requisite(&gate, "b.test").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn requisites_of_a_site_are_asked_for_at_twice_the_pace_of_a_host() {
    let gate = gate(64, 8, 1000);
    let begun = Instant::now();
    for n in 0..11 {
        let host = format!("{n}.site.test");
        drop(enter_for_requisite(&gate, &host).await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::from_millis(500));
    let hasty = super::Gate::new(Manners::ordinary(
        64,
        Pace {
            concurrency: 2,
            delay: Duration::ZERO,
        },
    ));
    let begun = Instant::now();
    for _ in 0..10 {
        drop(enter_for_requisite(&hasty, "a.test").await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}
