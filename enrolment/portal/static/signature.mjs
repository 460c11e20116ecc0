// The signature pad: strokes on a canvas become the file of the form.

const ink = document.getElementById("ink");
const file = document.getElementById("signature-file");
const form = document.getElementById("signature-form");
const pen = ink.getContext("2d");
let drawn = 0;

document.getElementById("pad").hidden = false;
document.getElementById("by-file").hidden = true;
file.required = false;
clear();

function clear() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, ink.width, ink.height);
  pen.lineWidth = 5;
  pen.lineCap = "round";
  pen.strokeStyle = "#111";
  drawn = 0;
}

function place(event) {
  const box = ink.getBoundingClientRect();
  return [((event.clientX - box.left) * ink.width) / box.width, ((event.clientY - box.top) * ink.height) / box.height];
}

ink.addEventListener("pointerdown", (event) => {
  ink.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...place(event));
});
ink.addEventListener("pointermove", (event) => {
  if (!(event.buttons & 1)) return;
  pen.lineTo(...place(event));
  pen.stroke();
  drawn += 1;
});
document.getElementById("clear").addEventListener("click", clear);

form.addEventListener("submit", (event) => {
  if (form.dataset.ready) return;
  event.preventDefault();
  if (drawn < 5) return ink.scrollIntoView();
  ink.toBlob((blob) => {
    const held = new DataTransfer();
    held.items.add(new File([blob], "signature.png", { type: "image/png" }));
    file.files = held.files;
    form.dataset.ready = "yes";
    form.submit();
  }, "image/png");
});
