// Watches background work: asks every second how far it is, tells it, and loads the page anew when it has ended.
const bar = document.getElementById("bar");
const told = document.getElementById("told");

async function look() {
  const answer = await fetch(bar.dataset.from, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { done, total, ended } = await answer.json();
  bar.max = total;
  bar.value = done;
  const words = told.dataset.words.replace("{done}", done).replace("{total}", total);
  if (told.textContent !== words) told.textContent = words;
  if (ended) location.reload();
}

if (bar && told) setInterval(() => look().catch(() => {}), 1000);
