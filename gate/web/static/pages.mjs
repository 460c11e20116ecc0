// Keeps the parts of a page that are marked data-live as the gate has them, and blocks every form
// that acts while the page has lost contact. It keeps nothing in the browser.

const SILENT_MS = 7500; // the console is heard every 3 s
const source = document.body.dataset.follow ? new EventSource(document.body.dataset.follow) : null;
const lost = document.getElementById("lost");
let heard = performance.now();
let reached = lost.hidden;
let asking = ""; // "once" while a request is under way, "again" where another is wanted
let newest = document.body.dataset.position;

function inContact(is) {
  lost.hidden = is;
  document.body.dataset.lost = String(!is);
  for (const button of document.querySelectorAll("form[data-act] button")) button.disabled = !is;
}

function inUse(part) {
  const active = document.activeElement;
  if (part.contains(active) && active.matches("input, select")) return true;
  if ([...part.querySelectorAll("input:not([type=hidden])")].some(isChanged)) return true;
  return [...part.querySelectorAll("select")].some((s) => s.selectedIndex > 0);
}

function isChanged(input) {
  return input.value !== input.defaultValue || input.checked !== input.defaultChecked;
}

// One request at a time: what changes meanwhile is asked for after it. Each answer is shown, so a
// burst of changes delays nothing.
async function renew() {
  if (asking) {
    asking = "again";
    return;
  }
  asking = "once";
  const shown = await takeParts();
  const again = asking === "again";
  asking = "";
  if (again || (shown && document.body.dataset.position !== newest)) renew();
}

async function takeParts() {
  let text;
  try {
    const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
    if (answer.redirected) location.assign(answer.url); // the sign-in has ended
    if (answer.redirected || !answer.ok) return false;
    text = await answer.text();
  } catch {
    return false;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (!fresh.getElementById("lost").hidden) return false; // the gate is away: what stands here is the last word
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.innerHTML === part.innerHTML) continue;
    if (inUse(part) && part.querySelector("form")?.action === next.querySelector("form")?.action) continue;
    part.replaceWith(document.adoptNode(next));
  }
  document.body.dataset.position = fresh.body.dataset.position;
  inContact(reached);
  return true;
}

function follow() {
  for (const name of ["state", "decision", "case", "counts", "health"]) {
    source.addEventListener(name, (event) => {
      heard = performance.now();
      if (name === "state" || name === "health") reached = JSON.parse(event.data).reached;
      inContact(reached);
      newest = event.lastEventId;
      if (newest !== document.body.dataset.position) renew();
    });
  }
  source.addEventListener("error", () => inContact(false));
  setInterval(() => {
    if (performance.now() - heard > SILENT_MS) inContact(false);
  }, 500);
}

if (source) {
  inContact(reached);
  follow();
}

// A form is sent once: a second press of its button waits for the answer to the first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

// One key each: a digit ticks its box, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const active = document.activeElement;
  if (active.matches("select, textarea, input:not([type=checkbox])")) return;
  const form = active.closest("form") ?? document.querySelector("form[data-keys]");
  const box = form?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (box) box.click();
});
