// Checks a gate's signed export, with node 18 or newer and nothing else.
// Written from docs/journal-and-sync.md, "For outsiders".
//   node check-journal.mjs FILE [office.pub]      exit 0 whole, 1 faults (a line each), 4 unreadable
import { createHash, createPublicKey, verify as ed25519 } from "node:crypto";
import { readFileSync } from "node:fs";

const GENESIS = "0".repeat(64);
const NOT_HASHED = ["prev", "hash", "ms"];
const faults = [];
const tell = (gate, epoch, seq, what) => faults.push(`${gate} ${epoch} ${seq}: ${what}`);

// The members of a JSON object with the spelling that each value has in the text: numbers are never
// read and written again. Keys must rise, so none is repeated.
function members(text) {
  JSON.parse(text);
  if (text[0] !== "{") throw new Error("not an object");
  const found = new Map();
  let at = 1, last = null;
  while (text[at] !== "}") {
    const key = span(text, at);
    const name = JSON.parse(text.slice(at, key));
    if (text[key] !== ":") throw new Error("not in the one spelling");
    const end = span(text, key + 1);
    if (last !== null && Buffer.compare(Buffer.from(last), Buffer.from(name)) >= 0) {
      throw new Error("keys repeated or out of order");
    }
    found.set(name, [text.slice(at, key), text.slice(key + 1, end)]);
    last = name;
    at = text[end] === "," ? end + 1 : end;
  }
  if (at !== text.length - 1) throw new Error("something stands behind the object");
  return found;
}

// Where the value that begins at `at` ends; no blanks stand outside of strings.
function span(text, at) {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (c === "{" || c === "[") depth++;
    else if (c === "}" || c === "]") {
      if (depth === 0) return i;
      depth--;
    } else if ((c === "," || c === ":") && depth === 0) return i;
    else if (" \t\r\n".includes(c)) throw new Error("not in the one spelling");
    if (depth === 0 && (c === '"' || c === "}" || c === "]")) return i + 1;
  }
  return text.length;
}

const without = (parts, dropped) =>
  "{" + [...parts].filter(([k]) => !dropped.includes(k)).map(([, [k, v]]) => `${k}:${v}`).join(",") + "}";
const value = (parts, name) => (parts.has(name) ? JSON.parse(parts.get(name)[1]) : undefined);

const raw = (base64) => {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64) throw new Error("a base64 text has one spelling");
  return bytes;
};
const keyId = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

function holds(domain, text, bytes) {
  const parts = members(text);
  if (!bytes || bytes.length !== 32 || value(parts, "key") !== keyId(bytes)) return false;
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const covered = Buffer.from(`exam-gate/${domain}/1\n` + without(parts, ["sig"]));
  return ed25519(null, covered, key, raw(value(parts, "sig")));
}

const hashed = (prev, body) =>
  createHash("sha256").update(Buffer.from(prev, "hex")).update(body).digest("hex");

function eventOf(text) {
  const parts = members(text);
  const of = (name) => value(parts, name);
  return { gate: of("gate"), epoch: of("epoch"), seq: of("seq"), prev: of("prev"), hash: of("hash"),
    ms: parts.has("ms"), body: without(parts, NOT_HASHED) };
}

class Journal {
  constructor(gate, epoch) {
    Object.assign(this, { gate, epoch, events: new Map(), beside: [], heads: [], proven: new Set() });
  }
  tell(seq, what) { tell(this.gate, this.epoch, seq, what); }

  // Each event's own hash and place, from (seq, prev) on.
  walk(seq, prev) {
    for (const e of [...this.events.values()].sort((a, b) => a.seq - b.seq)) {
      if (e.seq !== seq + 1) this.tell(seq + 1, `events ${seq + 1} to ${e.seq - 1} are missing`);
      else if (e.prev !== prev) this.tell(e.seq, "does not follow the event before it");
      if (e.ms || hashed(e.prev, e.body) !== e.hash) this.tell(e.seq, "altered");
      [seq, prev] = [e.seq, e.hash];
    }
    return [seq, prev];
  }

  // The signed heads: what they prove, and what contradicts them.
  prove(keys) {
    for (const text of this.heads) {
      const head = JSON.parse(text);
      if (!holds("batch", text, keys.get(head.key))) {
        this.tell(head.from, `the signature of events ${head.from} to ${head.to} does not hold`);
        continue;
      }
      let digest = head.prev;
      const lacking = [];
      for (let seq = head.from; seq <= head.to && seq < head.from + 50; seq++) {
        const e = this.events.get(seq);
        if (e) digest = hashed(digest, e.body);
        else lacking.push(seq);
      }
      if (lacking.length) this.tell(lacking[0], `event ${lacking[0]} was signed and is missing`);
      const path = !lacking.length && digest === head.head ? null : this.trace(head);
      if (path === undefined && !lacking.length) {
        this.tell(head.from, `events ${head.from} to ${head.to} are not what the gate signed`);
      }
      if (path === null) for (let s = head.from; s <= head.to; s++) this.proven.add(s);
      for (const e of path ?? []) if (this.events.get(e.seq) === e) this.proven.add(e.seq);
    }
    for (const seq of [...this.events.keys()].sort((a, b) => a - b)) {
      if (!this.proven.has(seq)) this.tell(seq, "covered by no signature of the gate");
    }
  }

  // Back from the head, through events that came twice with two contents.
  trace(head) {
    const all = [...this.events.values(), ...this.beside];
    const path = [];
    let digest = head.head;
    for (let seq = head.to; seq >= head.from && seq > head.to - 50; seq--) {
      const e = all.find((x) => x.seq === seq && x.hash === digest && hashed(x.prev, x.body) === digest);
      if (!e) return undefined;
      path.push(e);
      digest = e.prev;
    }
    return digest === head.prev ? path : undefined;
  }
}

function gateKey(words, gate, office) {
  const keys = new Map();
  for (const text of words) {
    const word = JSON.parse(text);
    if (word.gate === gate && holds("enrolled", text, office)) {
      keys.set(keyId(raw(word.signing)), raw(word.signing));
    }
  }
  return keys;
}

function checkGate(header, lines, office) {
  const h = JSON.parse(header);
  const own = raw(h.public);
  const keys = office ? gateKey([members(header).get("enrolled")[1]], h.gate, office)
    : new Map([[keyId(own), own]]);
  if (!keys.has(keyId(own))) tell(h.gate, h.epoch, 0, "the office does not vouch for the key");
  if (!holds("journal-file", header, own)) tell(h.gate, h.epoch, 0, "the header's signature is wrong");
  const journal = new Journal(h.gate, h.epoch);
  for (const line of lines) take(journal, line);
  const [last, head] = journal.walk(h.first - 1, h.first === 1 ? GENESIS : h.prev);
  if (last !== h.last || head !== h.head) journal.tell(last, `ends at ${last}, signed for ${h.last}`);
  journal.prove(keys);
}

function take(journal, line) {
  const parts = members(line);
  if (parts.has("batch")) {
    if (parts.size !== 1) journal.tell(0, "something unsigned stands beside a head");
    journal.heads.push(parts.get("batch")[1]);
    return;
  }
  const e = eventOf(line);
  if (e.gate !== journal.gate || e.epoch !== journal.epoch) journal.tell(e.seq, "of another journal");
  else if (journal.events.has(e.seq)) journal.tell(e.seq, "stands twice");
  else journal.events.set(e.seq, e);
}

try {
  const [file, pub] = process.argv.slice(2);
  const office = pub ? raw(readFileSync(pub, "utf8").trim()) : null;
  const bytes = readFileSync(file);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (!text.endsWith("\n")) throw new Error("the last line is cut short");
  const [header, ...lines] = text.slice(0, -1).split("\n");
  if (JSON.parse(header).format !== "exam-gate-journal/1") throw new Error("not a signed export");
  checkGate(header, lines, office);
} catch (e) {
  console.error(`unreadable: ${e.message}`);
  process.exit(4);
}
console.log(faults.length ? faults.join("\n") : "whole");
process.exit(faults.length ? 1 : 0);
