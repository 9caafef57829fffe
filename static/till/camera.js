// Reading barcodes with the device's camera, where the browser can (BarcodeDetector).

import { h } from "./dom.js";
import { say, state, update } from "./state.js";

const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "qr_code"];
const LOOK_EVERY_MS = 200;

export const canScan = "BarcodeDetector" in window && Boolean(navigator.mediaDevices);

let stream = null;

// Show what the camera sees until a barcode is read; `found` gets its text.
export async function scan(found) {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    say(gettext("The camera cannot be used. Check the browser's permission."));
    return;
  }
  update(() => { state.dialog = { name: "camera" }; });
  const video = document.getElementById("camera-video");
  video.srcObject = stream;
  await video.play();
  const detector = new BarcodeDetector({ formats: FORMATS });
  while (stream && state.dialog?.name === "camera") {
    const [barcode] = await detector.detect(video).catch(() => []);
    if (barcode) {
      update(() => { state.dialog = null; });
      await found(barcode.rawValue);
    } else {
      await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY_MS); });
    }
  }
  stopCamera();
}

export function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

export function cameraView() {
  return {
    title: gettext("Scan a barcode"),
    body: [
      h("video", { id: "camera-video", class: "camera", playsinline: true, muted: true, "aria-label": gettext("Camera picture") }),
      h("p", { class: "field-help" }, gettext("Hold the barcode in front of the camera.")),
    ],
  };
}
