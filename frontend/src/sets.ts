/** The form of a question set: add, remove and order its problems. The rows are the form's own fields. */

import { text } from "./strings";

function weightOf(row: HTMLElement): number {
  return Number(row.querySelector<HTMLInputElement>("input[type=number]")?.value) || 0;
}

function setUp(): void {
  const list = document.querySelector<HTMLOListElement>("#set-items");
  const picker = document.querySelector<HTMLSelectElement>("#set-picker");
  const template = document.querySelector<HTMLTemplateElement>("#set-item-template");
  const announce = document.querySelector<HTMLElement>("#set-announce");
  if (!list || !picker || !template) return;

  const rows = (): HTMLLIElement[] => [...list.querySelectorAll<HTMLLIElement>("li[data-slug]")];
  const refresh = (): void => {
    const chosen = new Set(rows().map((row) => row.dataset.slug));
    for (const option of picker.options) option.disabled = option.value !== "" && chosen.has(option.value);
    const total = rows().reduce((sum, row) => sum + weightOf(row), 0);
    for (const row of rows()) {
      const share = row.querySelector("[data-share]");
      if (share) share.textContent = total > 0 ? `${Math.round((100 * weightOf(row)) / total)} %` : "";
    }
    document.getElementById("set-empty")?.toggleAttribute("hidden", rows().length > 0);
  };

  picker.addEventListener("change", () => {
    const option = picker.selectedOptions[0];
    if (!option || option.value === "") return;
    const row = template.content.firstElementChild?.cloneNode(true) as HTMLLIElement;
    row.dataset.slug = option.value;
    row.querySelector<HTMLInputElement>("input[name=problem]")!.value = option.value;
    row.querySelector("[data-name]")!.textContent = option.dataset.name ?? option.text;
    row.querySelector("[data-about]")!.textContent = option.dataset.about ?? "";
    const weight = row.querySelector<HTMLInputElement>("input[type=number]")!;
    weight.setAttribute("aria-label", text("set.weight", { name: option.dataset.name ?? option.text }));
    list.append(row);
    picker.value = "";
    if (announce) announce.textContent = text("set.added", { name: option.dataset.name ?? "" });
    refresh();
  });
  list.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLButtonElement>("button[data-move]");
    const row = button?.closest<HTMLLIElement>("li[data-slug]");
    if (!button || !row) return;
    if (button.dataset.move === "up") row.previousElementSibling?.before(row);
    else if (button.dataset.move === "down") row.nextElementSibling?.after(row);
    else row.remove();
    if (row.isConnected) button.focus();
    refresh();
  });
  list.addEventListener("input", refresh);
  refresh();
}

setUp();
