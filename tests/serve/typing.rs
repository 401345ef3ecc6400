//! What scripts add for comfort, in real Chromium: a list that follows what one types.

use crate::chromium::Chromium;
use crate::serving::Serving;
use crate::support::Desk;

#[test]
fn the_list_of_sources_follows_what_one_types() {
    let Some(program) = crate::browser::chromium() else {
        return;
    };
    let desk = Desk::new();
    let addresses = [
        "https://a.test/wells",
        "https://a.test/springs",
        "https://b.test/wells",
    ];
    for address in addresses {
        let (host, path) = address
            .trim_start_matches("https://")
            .split_once('/')
            .unwrap();
        desk.page(host, &format!("/{path}"), path);
    }
    desk.post("posts/a.md", &addresses);
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let mut chromium = Chromium::start(&program, &[]);
    let address = format!("http://{}/sources", serving.ui);
    chromium.open(&address);
    chromium.has_come(&address);
    let shown = "[...document.querySelectorAll('#listed td.main a')].map(one => one.textContent).sort().join(' ')";
    assert_eq!(
        chromium.says(shown),
        "https://a.test/springs https://a.test/wells https://b.test/wells"
    );
    let type_in = |name: &str, words: &str| {
        format!(
            "{{ const field = document.querySelector('.filter [name={name}]'); field.value = '{words}'; \
             field.dispatchEvent(new Event('input', {{ bubbles: true }})) }} ''"
        )
    };
    let waits = |wanted: &str| format!("(all => all === '{wanted}' ? all : null)({shown})");
    chromium.script(&type_in("q", "wells"));
    chromium.says(&waits("https://a.test/wells https://b.test/wells"));
    chromium.script(&type_in("host", "b.test"));
    chromium.says(&waits("https://b.test/wells"));
    assert_eq!(
        chromium.says("location.search"),
        "?q=wells&host=b.test&sort=changed"
    );
    // The new rows have their ticks, and the one in the head ticks them.
    let ticked = "(head => { head.click(); return String(document.querySelectorAll('td.tick input:checked').length) })\
         (document.querySelector('th.tick input'))";
    assert_eq!(chromium.says(ticked), "1");
    chromium.script(&type_in("host", ""));
    chromium.script(&type_in("q", "nothing like that"));
    chromium.says("(none => none && none.textContent.includes('No source') ? 'none' : null)(document.querySelector('#listed .empty'))");
}
