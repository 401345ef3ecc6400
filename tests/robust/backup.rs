//! Backups to a disk that is full.

use super::*;

#[test]
fn a_full_disk_leaves_earlier_backups_and_says_so() {
    let place = Place::new();
    place.write("post.md", "nothing is cited here");
    place.says(&["run", "--limit", "0", "post.md"]).ended(0);
    place.says(&["backup", "earlier"]).ended(0);
    // More than the small disk takes.
    rusqlite::Connection::open(place.db())
        .unwrap()
        .execute(
            "insert into blob (sha256, size, coding, data) values (randomblob(32), 9000000, 'plain', randomblob(9000000))",
            [],
        )
        .unwrap();
    std::fs::create_dir(place.path("small")).unwrap();
    let Some(said) = with_mounts(
        &place,
        "mount -t tmpfs -o size=4m tmpfs small && cp earlier/*.db small/",
        "--db a.db backup small --keep 1",
        "ls small",
    ) else {
        return;
    };
    let said = said
        .ended(3)
        .tells("no room left while trying to")
        .tells("hint: earlier backups are as they were");
    let left: Vec<_> = said.out.lines().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let earlier = std::fs::read_dir(place.path("earlier"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .find(|name| name == left[0]);
    assert!(earlier.is_some(), "{left:?}");
}
