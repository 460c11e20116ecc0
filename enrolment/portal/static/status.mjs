// Looks again while something is being done elsewhere; loads the page once it has changed.

const shown = document.getElementById("status").dataset;

async function look() {
  try {
    const text = await (await fetch("/application", { cache: "no-store" })).text();
    const next = new DOMParser().parseFromString(text, "text/html").getElementById("status")?.dataset;
    if (!next || next.version !== shown.version || next.waits !== shown.waits) return location.reload();
  } catch {
    // no connection: the next look tells
  }
  setTimeout(look, 1500);
}

setTimeout(look, 700);
