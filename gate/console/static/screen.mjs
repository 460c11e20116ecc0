// What stands before the candidate. The gate tells each change; nothing is kept in the browser.
// Without the gate or the console it says so, and comes back by itself.

const SILENT_MS = 15000; // the gate is heard every 5 s
const byId = (id) => document.getElementById(id);
const LOST = { step: "lost", prompt_zh: "设备未就绪，请走人工通道", prompt_en: "Not ready: use the staffed lane" };
let shown = LOST;
let shownAt = performance.now();
let source;
let looks = 0;
const languages = (document.body.dataset.speech ?? "").split(" ").filter(Boolean);
let spoken = [];
let said = "";

function put(id, text, part = byId(id)) {
  byId(id).textContent = text ?? "";
  part.hidden = text === null || text === undefined || text === "";
  return !part.hidden;
}

function left(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

function line(window, gone) {
  const [opens, closes] = [window.opens_in_s - gone, window.closes_in_s - gone];
  const item = document.createElement("li");
  const [zh, en, time, count] =
    opens > 0 ? ["开始入场", "Entry opens", window.opens, opens]
    : closes >= 0 ? ["停止入场", "Entry closes", window.closes, closes]
    : ["已停止入场", "Entry has closed", window.closes, null];
  const subject = document.createElement("bdi");
  subject.textContent = window.subject;
  const english = document.createElement("span");
  english.lang = "en";
  english.textContent = en;
  item.append(subject, ` ${time.slice(11, 16)} ${zh} `, english);
  if (count !== null) {
    const strong = document.createElement("strong");
    strong.textContent = ` ${left(count)}`;
    item.append(strong);
  }
  return item;
}

function times() {
  const gone = (performance.now() - shownAt) / 1000;
  const resting = shown.step === "idle" || shown.step === "lay-card";
  const windows = resting ? (shown.windows ?? []) : [];
  byId("windows").hidden = windows.length === 0;
  byId("windows").replaceChildren(...windows.map((w) => line(w, gone)));
  if (!shown.at) return put("clock", "");
  const at = new Date(Date.parse(shown.at.slice(0, 19) + "Z") + gone * 1000);
  put("clock", at.toISOString().slice(11, 16));
}

function mirror(wanted) {
  const picture = byId("preview");
  if (!wanted) {
    byId("mirror").hidden = true;
    if (picture.hasAttribute("src")) picture.removeAttribute("src"); // nobody follows: the gate makes no frames
  } else if (!picture.hasAttribute("src")) {
    picture.src = `/preview.mjpeg?${(looks += 1)}`;
    byId("mirror").hidden = false;
  }
}

// Each sentence is spoken when it changes, in one language after the other.
function say(screen) {
  const sentence = `${screen.speech ?? ""} ${screen.prompt_zh}`;
  if (sentence === said) return;
  said = sentence;
  spoken = screen.speech ? languages.map((language) => `/screen/speech/${language}/${screen.speech}.wav`) : [];
  sayNext();
}

function sayNext() {
  const voice = byId("voice");
  const next = spoken.shift();
  if (next === undefined) return voice.pause();
  voice.src = next;
  voice.play().catch(() => {}); // another sentence came, or there is no loudspeaker
}

function show(screen) {
  say(screen);
  shown = screen;
  shownAt = performance.now();
  document.body.dataset.step = screen.step;
  document.body.dataset.outcome = screen.outcome ?? "";
  put("zh", screen.prompt_zh);
  put("en", screen.prompt_en);
  put("name", screen.name);
  put("gate", screen.gate);
  const room = put("room", screen.room);
  byId("at-seat").hidden = !put("seat", screen.seat);
  byId("place").hidden = !room;
  const site = put("site", screen.site, byId("at-site"));
  const when = put("when", screen.when, byId("at-when"));
  byId("elsewhere").hidden = !(site || when);
  mirror(["look", "action", "lay-card"].includes(screen.step));
  times();
}

function follow() {
  source = new EventSource("/screen/events");
  source.addEventListener("screen", (event) => show(JSON.parse(event.data)));
  source.addEventListener("lost", () => show(LOST));
  source.addEventListener("error", () => {
    show(LOST);
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 1000);
  });
}

byId("preview").addEventListener("error", () => {
  byId("mirror").hidden = true;
  setTimeout(() => byId("preview").removeAttribute("src"), 1000); // the next line tries again
});
for (const over of ["ended", "error"]) byId("voice").addEventListener(over, sayNext);
setInterval(() => {
  if (performance.now() - shownAt > SILENT_MS && shown !== LOST) show(LOST);
  times();
}, 1000);
show(LOST);
follow();
