// Progress as it happens. An element [data-events] names the stream; in it a <progress> and a [role=status] line.
// When the work has ended, or the stream cannot be had, the page is loaded anew and tells the rest.

const RELOAD_AFTER = 5000;
const STEP = 10; // per cent between two announcements, so that a screen reader is not flooded

for (const place of document.querySelectorAll("[data-events]")) {
  const bar = place.querySelector("progress");
  const seen = place.querySelector("[data-seen]");
  const status = place.querySelector("[role=status]");
  let announced = -STEP;
  const show = (event) => {
    const told = JSON.parse(event.data);
    bar.max = Math.max(told.total, 1);
    if (told.done || told.state !== "waiting") bar.value = told.done;
    seen.textContent = told.text;
    const percent = (100 * told.done) / bar.max;
    if (percent >= announced + STEP) {
      announced = percent;
      status.textContent = told.text;
    }
  };
  const source = new EventSource(place.dataset.events);
  source.addEventListener("progress", show);
  source.addEventListener("end", (event) => {
    show(event);
    source.close();
    location.reload();
  });
  source.addEventListener("error", () => {
    // A stream that ended is asked for again by the browser; one that was refused is not.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RELOAD_AFTER);
  });
}
