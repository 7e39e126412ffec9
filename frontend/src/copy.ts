/** Buttons that copy the text of the element they name. */

import { text } from "./strings";

export function setUpCopyButtons(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]:not([data-ready])")) {
    button.dataset.ready = "";
    button.addEventListener("click", () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.getElementById(button.dataset.copy ?? "");
  if (!source) return;
  const value = source instanceof HTMLInputElement ? source.value : (source.textContent ?? "");
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(value);
    button.textContent = text("copy.done");
  } catch {
    if (source instanceof HTMLInputElement) source.select();
    button.textContent = text("copy.failed");
  }
  window.setTimeout(() => (button.textContent = label), 2000);
}
