/** Tabs after the ARIA pattern: arrows move, the chosen panel alone is shown. */

export function setUpTabs(root: ParentNode): void {
  for (const list of root.querySelectorAll<HTMLElement>("[role=tablist]")) setUpList(list);
}

function setUpList(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(list, tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next =
        event.key === "Home" ? tabs[0] : event.key === "End" ? tabs.at(-1) : step && tabs.at((index + step) % tabs.length);
      if (!next) return;
      event.preventDefault();
      choose(list, next);
      next.focus();
    });
  });
}

export function choose(list: HTMLElement, chosen: HTMLElement): void {
  for (const tab of list.querySelectorAll<HTMLElement>("[role=tab]")) {
    const active = tab === chosen;
    tab.setAttribute("aria-selected", String(active));
    tab.tabIndex = active ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (panel) panel.hidden = !active;
  }
  chosen.dispatchEvent(new CustomEvent("touchstone:tab", { bubbles: true }));
}

export function chooseById(id: string): void {
  const tab = document.getElementById(id);
  const list = tab?.closest<HTMLElement>("[role=tablist]");
  if (tab && list) choose(list, tab);
}
