//! Made by hand: notices as sites put them into their templates, errors of interfaces, and living pages that speak of all
//! that is looked for.

/// Title and markup of "not found" notices, as sites write them.
pub(crate) const NOTICES: &[(&str, &str)] = &[
    (
        "Page not found | The Daily Example",
        "<h1>Page not found</h1><p>The page you are looking for does not exist or has been moved.</p>",
    ),
    (
        "404 - The Daily Example",
        "<h1>404</h1><p>Sorry, we couldn't find that page.</p><a href=/>Go to the front page</a>",
    ),
    (
        "The Daily Example",
        "<h1>Oops! That page can’t be found.</h1><p>It looks like nothing was found at this location. Maybe try a \
         search?</p>",
    ),
    (
        "Error",
        "<h2>We're sorry, the article you requested is no longer available.</h2><p>Please see our latest stories.</p>",
    ),
    (
        "Seite nicht gefunden – Beispielzeitung",
        "<h1>Seite nicht gefunden</h1><p>Die angeforderte Seite existiert leider nicht (mehr).</p>",
    ),
    (
        "Beispielzeitung",
        "<h1>Fehler 404</h1><p>Der gewünschte Artikel konnte nicht gefunden werden.</p>",
    ),
    (
        "Page introuvable - Le Journal",
        "<h1>Page introuvable</h1><p>La page que vous recherchez n'existe pas ou a été déplacée.</p>",
    ),
    (
        "Página no encontrada | El Ejemplo",
        "<h1>Lo sentimos</h1><p>La página que buscas no existe.</p>",
    ),
    (
        "Страница не найдена — Газета",
        "<h1>Ошибка 404</h1><p>Запрашиваемая страница не существует или была удалена.</p>",
    ),
    (
        "页面不存在 - 示例网",
        "<h1>抱歉，您访问的页面不存在</h1><p>请检查您输入的网址是否正确。</p>",
    ),
    (
        "ページが見つかりません | サンプル",
        "<h1>ページが見つかりません</h1><p>お探しのページは移動または削除された可能性があります。</p>",
    ),
    (
        "Strona nie została znaleziona",
        "<h1>Błąd 404</h1><p>Nie znaleziono strony o podanym adresie.</p>",
    ),
    (
        "Pagina niet gevonden - Krant",
        "<h1>Pagina niet gevonden</h1><p>De pagina die u zoekt bestaat niet (meer).</p>",
    ),
    (
        "الصفحة غير موجودة",
        "<h1>الصفحة غير موجودة</h1><p>عذرا، الصفحة التي تبحث عنها غير موجودة.</p>",
    ),
];

/// Errors of interfaces that answer 200.
pub(crate) const API: &[&str] = &[
    r#"{"error":{"code":404,"message":"Not Found"}}"#,
    r#"{"status":404,"error":"Not Found","path":"/v1/items/7"}"#,
    r#"{"message":"Not Found","documentation_url":"https://docs.example/"}"#,
    r#"{"detail":"Not found."}"#,
    r#"{"statusCode": 404, "message": "Cannot GET /v1/items/7", "error": "Not Found"}"#,
    r#"{"success":false,"errors":[{"code":"not_found","message":"The item does not exist"}]}"#,
    r#"{"code":"rest_post_invalid_id","message":"Invalid post ID.","data":{"status":404}}"#,
    r#"{"type":"about:blank","title":"Not Found","status":404}"#,
    r#"{"ok":false,"error":"resource not found"}"#,
];

/// Titles and paragraphs of pages that are there, though they speak of pages that are not.
pub(crate) const ABOUT: &[(&str, &str)] = &[
    (
        "HTTP 404 - Wikipedia",
        "<p>In computer network communications, the HTTP 404, 404 not found, 404, 404 error, page not found, or file \
         not found error message is a standard response code of the Hypertext Transfer Protocol, to indicate that the \
         browser was able to communicate with a given server, but the server could not find what was requested.</p>\
         <p>The error may also be used when a server does not wish to disclose whether it has the requested \
         information. The website hosting server will typically generate a 404 Not Found web page when a user attempts \
         to follow a broken or dead link; hence the 404 error is one of the most recognizable errors encountered on \
         the World Wide Web.</p><p>When communicating via HTTP, a server is required to respond to a request, such as \
         a web browser request for a web page, with a numeric response code and an optional, mandatory, or disallowed \
         message. In code 404, the first digit indicates a client error, such as a mistyped address.</p>",
    ),
    (
        "How to design a \"page not found\" page that helps | Design notes",
        "<p>By A. Writer, 3 May 2019</p><p>Every site has one, and hardly anybody looks at it until a reader complains. \
         A good error page says what happened, in plain words, and offers a way on: a search field, the most read \
         articles, a link to the front page. It does not blame the reader.</p><p>Here are twelve that we like. The \
         first says \"Oops, that page can't be found\", which is short enough, and then shows the archive by year. \
         The second one keeps the tone of the paper and asks where you came from.</p><p>What we would avoid are jokes \
         that get old on the second visit, and pages that send everybody to the front page, for then nobody learns \
         that the link was broken.</p>",
    ),
    (
        "404 Not Found (album)",
        "<p>404 Not Found is the third studio album by the band of the same name. It was recorded in two weeks in a \
         barn outside the town and released in March 2011. Critics praised the drumming and the second side.</p><p>The \
         album reached number 14 in the national charts, and the song Last Train stayed there for nine weeks. The band \
         toured until the autumn, then took three years off before their fourth record was announced.</p>",
    ),
    (
        "Room 404",
        "<p>The hotel had no such room, the porter said, and there was a reason for it that nobody had written down. \
         We took the stairs to the fourth floor and counted the doors: 403, then a linen cupboard, then 405.</p><p>My \
         sister kept the key all the same. Years later she found it in a coat, and on the back of the tag somebody had \
         scratched the date on which we had been there, which was the day after we had left.</p>",
    ),
    (
        "The missing pages of the codex | History review",
        "<p>Sixteen leaves are gone, and the catalogue of 1790 already calls them lost. The page that was said to be \
         missing from the second quire has now been found in a binding in another library, folded twice and glued.</p>\
         <p>The discovery settles a quarrel of eighty years. The scribe did write the last chapter, and somebody cut \
         it out within a generation, as the wormholes show.</p>",
    ),
    (
        "Service unavailable: what the outage of 12 June taught us",
        "<p>For ninety minutes our customers saw a page that said \"Service unavailable, please try again later\". \
         This is what happened, hour by hour, and what we have changed since. It began with a certificate that nobody \
         had on a list.</p><p>At 09:12 the first alarms came in. The database was healthy, the load was low, and every \
         request failed. At 09:40 we knew which of the proxies was at fault, and at 10:30 the new one took over.</p>",
    ),
    (
        "This domain is for sale: the market for used names",
        "<p>A name that was let go is sold within a day. We followed a hundred of them for a year and asked those who \
         buy what they look for. Most of them are parked, with a line of text and a few advertisements, and hardly \
         anybody ever writes to the address given there.</p><p>The prices are less than one would think. Half of them \
         went for under two hundred, and the rest were never sold at all, in spite of the sign on the door.</p>",
    ),
    (
        "Why we ask you to prove that you are human",
        "<p>Checking your browser before accessing the site takes a second or two, and it annoys everybody, us \
         included. Here is why we have switched it on for the archive, what it does, and when we shall take it off \
         again. Please enable JavaScript and cookies was the sentence most of you wrote to us about.</p><p>In March a \
         crawler fetched the archive four times in a night, at the cost of our yearly budget. We tried limits first, \
         and they kept out our readers in three countries while the crawler came from everywhere.</p>",
    ),
    (
        "Moved permanently",
        "<p>We took the piano, and left the cupboard that had come with the house. The removal men were brothers and \
         did not speak to each other. By four o'clock the old flat was empty, and the new one was so full that we ate \
         on the stairs.</p><p>My father came by with soup. He had moved eleven times, he said, and every time there was \
         one box that nobody opened until the next time, and it was in that box that the good knives were.</p>",
    ),
    (
        "Loading...",
        "<p>The loading dock is where the day begins. At five the first lorry backs in, with the driver's arm out of \
         the window, and someone is always in the way. This is a portrait of the six people who work there, and of \
         the dog that does not.</p><p>We stayed for a week in November. It rained on every day of it, and on the last \
         the crane stood still, because the man who knows how to start it had gone to his daughter's wedding.</p>",
    ),
];
