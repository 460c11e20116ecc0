// Sends a file in parts. A lost connection goes on where it stopped.

const PART = 192 * 1024;
const TRIES = 20;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class UploadRefused extends Error {}

async function asked(address, csrf, body) {
  const answer = await fetch(address, { method: body === undefined ? "GET" : "POST", headers: { "X-CSRF": csrf }, body });
  const isJson = (answer.headers.get("content-type") ?? "").startsWith("application/json");
  if (answer.ok && isJson) return answer.json();
  if (answer.status >= 500) throw new TypeError("the server is away");
  const said = isJson ? await answer.json() : { zh: await answer.text(), en: "" };
  throw new UploadRefused(`${said.zh} ${said.en}`);
}

export async function upload(kind, csrf, blob, onProgress) {
  const begun = await asked("/application/uploads", csrf, JSON.stringify({ kind, size: blob.size }));
  const address = `/application/uploads/${begun.upload}`;
  let received = 0;
  for (let failed = 0; received < blob.size; ) {
    try {
      const part = await blob.slice(received, received + PART).arrayBuffer();
      received = (await asked(`${address}?offset=${received}`, csrf, part)).received;
      onProgress(received / blob.size);
      failed = 0;
    } catch (error) {
      if (error instanceof UploadRefused || ++failed > TRIES) throw error;
      await wait(Math.min(500 * 2 ** failed, 8000));
      try {
        received = (await asked(address, csrf)).received;
      } catch (again) {
        if (again instanceof UploadRefused) return; // it had arrived: the page shows where it stands
      }
    }
  }
}
