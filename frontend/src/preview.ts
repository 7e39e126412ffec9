/** The author's preview: what the form holds is graded shortly after the last key. */

import { Refused, fragment, post } from "./requests";

const PAUSE_MS = 900;
const POLL_MS = 400;

function setUp(form: HTMLFormElement, place: HTMLElement): void {
  let latest = 0;
  let timer: number | undefined;

  const grade = async (): Promise<void> => {
    const turn = ++latest;
    try {
      let response = await post(form.action, new FormData(form));
      for (;;) {
        const html = await response.text();
        // An older answer must not replace a newer one's.
        if (turn !== latest) return;
        place.innerHTML = html;
        const panel = place.querySelector<HTMLElement>("[data-state='on']");
        if (!panel?.dataset.refresh) return;
        await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
        response = await fragment(panel.dataset.refresh);
      }
    } catch (error) {
      if (turn === latest && error instanceof Refused) place.innerHTML = error.body;
    }
  };

  const later = (): void => {
    window.clearTimeout(timer);
    if (form.checkValidity()) timer = window.setTimeout(() => void grade(), PAUSE_MS);
  };

  form.addEventListener("input", later);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(timer);
    void grade();
  });
  for (const choice of form.querySelectorAll<HTMLSelectElement>("select[data-fills]")) {
    choice.addEventListener("change", () => {
      const field = document.getElementById(choice.dataset.fills ?? "") as HTMLTextAreaElement | null;
      if (field && choice.value) field.value = choice.value;
    });
  }
}

const form = document.querySelector<HTMLFormElement>("form[data-preview]");
const place = document.getElementById("preview");
if (form && place) setUp(form, place);
