// Watches background work: asks every second how far it is, tells it, and loads the page anew when it has ended.
const bar = document.getElementById("bar");
const told = document.getElementById("told");

async function look() {
  const answer = await fetch(bar.dataset.from, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { done, total, waits, ended } = await answer.json();
  bar.max = total;
  bar.value = done;
  const shown = (number) => number.toLocaleString("en");
  const words = (waits ? told.dataset.waits : told.dataset.words)
    .replace("{done}", shown(done)).replace("{total}", shown(total));
  if (told.textContent !== words) told.textContent = words;
  if (ended) location.reload();
}

if (bar && told) setInterval(() => look().catch(() => {}), 1000);
