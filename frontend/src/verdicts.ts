/** A verdict panel: shows each test as it is judged, then the server's own rendering of the end. */

import { follow } from "./follow";
import { renderMath } from "./math";
import { fragment } from "./requests";
import { text } from "./strings";

const following = new WeakMap<Element, () => void>();

/** Follows every panel below `root` that is still being judged. */
export function followPanels(root: ParentNode): void {
  for (const panel of root.querySelectorAll<HTMLElement>("[data-events]")) {
    if (!following.has(panel)) following.set(panel, followPanel(panel));
  }
}

/** Stops the streams of panels that are about to be replaced. */
export function forgetPanels(root: ParentNode): void {
  for (const panel of root.querySelectorAll<HTMLElement>("[data-events]")) following.get(panel)?.();
}

function followPanel(panel: HTMLElement): () => void {
  const { events, refresh } = panel.dataset;
  if (!events || !refresh) return () => undefined;
  const stageLabel = panel.querySelector<HTMLElement>("[data-stage]");
  const strip = panel.querySelector<HTMLElement>("[data-strip]");
  const count = panel.querySelector<HTMLElement>("[data-count]");
  let final: string | null = null;
  const seen = new Set<number>();

  const load = async (): Promise<boolean> => {
    const response = await fragment(refresh);
    final = await response.text();
    return response.headers.get("X-Judging") === "over";
  };

  return follow(events, {
    stage(stage) {
      if (stageLabel) stageLabel.textContent = text(`stage.${stage}`);
      panel.dataset.stageNow = stage;
      // A worker that starts anew (after an infrastructure failure) judges every test again.
      if (stage === "compiling" || stage === "queued") {
        seen.clear();
        strip?.replaceChildren();
      }
    },
    case(result) {
      if (seen.has(result.position)) return;
      seen.add(result.position);
      strip?.append(dot(result.position, result.verdict ?? ""));
      if (count) count.textContent = text("tests.judged", { n: seen.size });
    },
    poll: load,
    async finished() {
      try {
        while (!(await load())) await new Promise((resolve) => window.setTimeout(resolve, 300));
      } catch {
        if (stageLabel) stageLabel.textContent = text("error.network");
        return;
      }
      replacePanel(panel, final ?? "");
    },
  });
}

function dot(position: number, verdict: string): HTMLElement {
  const item = document.createElement("li");
  item.className = "dot";
  item.dataset.verdict = verdict;
  item.title = `${position + 1}: ${verdict}`;
  item.textContent = verdict;
  return item;
}

function replacePanel(panel: HTMLElement, html: string): void {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  if (!(fresh instanceof HTMLElement)) return;
  panel.replaceWith(fresh);
  void renderMath(fresh);
  document.dispatchEvent(new CustomEvent("touchstone:judged", { detail: fresh.dataset }));
}
