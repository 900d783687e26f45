// A form that was sent is not sent again by a second press while its answer is awaited: the second would be refused, for the
// first was done, and only the refusal would be seen. A file as answer leaves the page as it is, so the wait has an end.

const WAIT = 5000;
const sent = new Set();

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return; // something is asked first
  const form = event.target;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), WAIT);
});
// Whoever comes back to a page by the browser's own button finds it as it was.
window.addEventListener("pageshow", () => sent.clear());
