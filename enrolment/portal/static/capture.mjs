// Takes a picture inside the guide frame, or records the digits, and uploads it. Where there is no
// camera the form with a file stays.

import { upload, UploadRefused } from "./upload.mjs";

const at = (id) => document.getElementById(id);
const camera = at("camera");
const { kind, csrf } = camera.dataset;
const RECORDED_MS = 4000;
const WIDTH_MAX = 1600;
let stream = null;
let taken = null;

const NO_CAMERA = {
  NotAllowedError: "未允许使用摄像头或麦克风：请在浏览器设置中允许，或在下面选择文件。 Camera or microphone is not allowed: allow it in the browser, or choose a file below.",
  NotFoundError: "未找到摄像头或麦克风：请在下面选择文件。 No camera or microphone was found: choose a file below.",
  NotReadableError: "摄像头被其他程序占用：请关闭后重试，或选择文件。 Another program uses the camera: close it, or choose a file.",
};

function say(words) {
  at("said").textContent = words;
  at("said").hidden = !words;
}

async function begin() {
  if (kind === "photo" || !navigator.mediaDevices?.getUserMedia) return;
  const video = kind === "card" ? { facingMode: "environment", width: { ideal: 1920 } } : { facingMode: "user", width: { ideal: 640 } };
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video, audio: kind === "video" });
  } catch (error) {
    say(NO_CAMERA[error.name] ?? "摄像头无法使用：请在下面选择文件。 The camera cannot be used: choose a file below.");
    return;
  }
  at("view").srcObject = stream;
  await at("view").play();
  camera.hidden = false;
  at("by-file").open = false;
  if (kind === "video") meter();
}

function meter() {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const look = () => {
    analyser.getFloatTimeDomainData(samples);
    at("level").value = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length));
    if (stream) requestAnimationFrame(look);
  };
  look();
}

function cardBlob() {
  const view = at("view");
  const wide = Math.min(view.videoWidth * 0.92, view.videoHeight * 0.98 * (85.6 / 54));
  const high = Math.min(view.videoHeight, wide * (54 / 85.6) * 1.08);
  const scale = Math.min(1, WIDTH_MAX / wide);
  const still = at("still");
  still.width = wide * scale;
  still.height = high * scale;
  const x = (view.videoWidth - wide) / 2;
  const y = (view.videoHeight - high) / 2;
  still.getContext("2d").drawImage(view, x, y, wide, high, 0, 0, still.width, still.height);
  return new Promise((resolve) => still.toBlob(resolve, "image/jpeg", 0.92));
}

function recording() {
  const type = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"].find((t) => MediaRecorder.isTypeSupported(t));
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 1_500_000 });
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  return new Promise((resolve) => {
    recorder.onstop = () => resolve(new Blob(parts, { type }));
    recorder.start();
    const begun = performance.now();
    const tick = () => {
      const left = RECORDED_MS - (performance.now() - begun);
      at("countdown").textContent = left > 0 ? String(Math.ceil(left / 1000)) : "";
      if (left > 0) requestAnimationFrame(tick);
    };
    tick();
    setTimeout(() => recorder.stop(), RECORDED_MS);
  });
}

at("shoot").addEventListener("click", async () => {
  at("shoot").disabled = true;
  taken = kind === "card" ? await cardBlob() : await recording();
  at("shoot").disabled = false;
  camera.hidden = true;
  at("still").hidden = kind !== "card";
  at("recorded").hidden = kind === "card";
  at("preview").hidden = false;
  at("send").focus();
});

at("again").addEventListener("click", () => {
  at("preview").hidden = true;
  camera.hidden = false;
  say("");
});

async function send(blob) {
  say("");
  at("send").disabled = true;
  at("again").disabled = true;
  at("preview").hidden = false;
  try {
    await upload(kind, csrf, blob, (part) => { at("progress").value = part; });
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    location.assign("/application");
  } catch (error) {
    say(error instanceof UploadRefused ? error.message : "连接中断：请再次点击上传。 The connection was lost: press Upload again.");
    at("send").disabled = false;
    at("again").disabled = false;
  }
}

at("send").addEventListener("click", () => send(taken));

at("file-form").addEventListener("submit", (event) => {
  const file = at("file").files[0];
  if (!file) return;
  event.preventDefault();
  taken = file;
  at("still").hidden = true;
  camera.hidden = true;
  send(file);
});

begin();
