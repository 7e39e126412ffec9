/** The pages of a draft: Markdown is previewed while it is written, code has an editor, reports come by themselves. */

import { renderMath } from "./math";
import { fragment, post } from "./requests";

const PREVIEW_AFTER_MS = 300;
const ASKED_EVERY_MS = 1500;

/** Shows what the server makes of a text, some time after the last key. */
function setUpPreview(textarea: HTMLTextAreaElement, url: string): void {
  const place = document.getElementById(textarea.dataset.preview ?? "");
  if (!place) return;
  let waiting = 0;
  let asked = 0;
  textarea.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void show(), PREVIEW_AFTER_MS);
  });
  async function show(): Promise<void> {
    const mine = ++asked;
    const body = new URLSearchParams({ text: textarea.value });
    try {
      const answer = await (await post(url, body)).text();
      // A slow answer must not stand over a newer one.
      if (mine !== asked || !place) return;
      place.innerHTML = answer;
      void renderMath(place);
    } catch {
      // The text is safe in its field; the next key asks again.
    }
  }
}

async function setUpEditor(textarea: HTMLTextAreaElement): Promise<void> {
  const { mountEditor } = await import("./editor");
  mountEditor(textarea, {
    nonce: textarea.dataset.nonce ?? "",
    label: textarea.dataset.label ?? "",
    language: textarea.dataset.editor ?? "",
    readOnly: false,
    onChange: () => undefined,
    onRun: () => undefined,
    onSubmit: () => textarea.form?.requestSubmit(),
  });
}

/** Asks for the gate's report until no worker is at it any more. */
function followStanding(place: HTMLElement): void {
  if (!place.querySelector("[data-working]")) return;
  window.setTimeout(() => {
    fragment(place.dataset.url ?? "")
      .then(async (answer) => {
        place.innerHTML = await answer.text();
      })
      .catch(() => undefined)
      .finally(() => followStanding(place));
  }, ASKED_EVERY_MS);
}

const page = document.getElementById("authoring");
if (page) {
  for (const textarea of page.querySelectorAll<HTMLTextAreaElement>("textarea[data-preview]"))
    setUpPreview(textarea, page.dataset.previewUrl ?? "");
  for (const textarea of page.querySelectorAll<HTMLTextAreaElement>("textarea[data-editor]")) void setUpEditor(textarea);
  const standing = document.getElementById("standing");
  if (standing) followStanding(standing);
}
