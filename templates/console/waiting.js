// Background work of a second or two: while its page says [data-again] it is asked for again, then loaded anew.
// It gives up after some minutes, so that a page left open does not keep a session alive; the link "refresh" stays.

const AGAIN = 2000;
const TIMES = 150;

let asked = 0;
const timer = setInterval(async () => {
  asked += 1;
  if (asked >= TIMES) clearInterval(timer);
  try {
    const answer = await fetch(location.href, { cache: "no-store", redirect: "error" });
    if (answer.ok && !(await answer.text()).includes("data-again")) location.reload();
  } catch {
    // Not reached, or signed out meanwhile: asked again, and the page stays as it is.
  }
}, AGAIN);
