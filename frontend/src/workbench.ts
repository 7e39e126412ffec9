/** The problem page: editor, drafts, runs and submissions over one form that also works without scripts. */

import { Drafts } from "./drafts";
import type { Editor } from "./editor";
import { renderMath } from "./math";
import { Refused, post } from "./requests";
import { setUpSplitters } from "./splitter";
import { text } from "./strings";
import { chooseById, setUpTabs } from "./tabs";
import { followPanels, forgetPanels } from "./verdicts";

/** A form's field as text; a file is none. */
function typed(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}

/** The answer in one language: what the editor shows, what it began with, the draft's number (0: none). */
interface Edition {
  source: string;
  starter: string;
  revision: number;
  saved?: boolean;
}

class Workbench {
  private readonly results: HTMLElement;
  private readonly note: HTMLElement;
  private readonly drafts: Drafts | null;
  private readonly editions: Record<string, Edition>;
  private language: string;
  private busy = false;
  editor: Editor | null = null;

  constructor(private readonly form: HTMLFormElement) {
    this.results = document.getElementById("results") as HTMLElement;
    this.note = document.getElementById("form-note") as HTMLElement;
    this.editions = JSON.parse(document.getElementById("editions")?.textContent ?? "{}") as Record<string, Edition>;
    this.language = typed(new FormData(form), "language");
    const status = document.getElementById("draft-status");
    const url = form.dataset.draftUrl;
    this.drafts =
      url && status ? new Drafts(url, Number(form.dataset.draftRevision), () => this.answer(), status) : null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter as HTMLButtonElement | null;
      void this.send(button?.getAttribute("formaction") ?? form.action, button?.dataset.own !== undefined);
    });
    form.addEventListener("input", (event) => {
      if ((event.target as HTMLElement).id !== "answer-language") this.drafts?.changed();
    });
    document.addEventListener("touchstone:time-over", () => this.close());
  }

  private answer(): { language: string; source: string } {
    const data = new FormData(this.form);
    return { language: this.language, source: this.source(data) };
  }

  /** Choices are kept as a JSON list of option ids, everything else as the text itself. */
  private source(data: FormData): string {
    if (this.language === "choice") return JSON.stringify(data.getAll("option"));
    return typed(data, "source");
  }

  changed(): void {
    this.drafts?.changed();
  }

  /** Opens the answer in another language, once the one at hand is saved. */
  async turnTo(language: string): Promise<void> {
    const left = this.editions[this.language];
    const next = this.editions[language];
    if (!left || !next || language === this.language) return;
    this.lock(true);
    left.source = this.source(new FormData(this.form));
    Object.assign(left, await this.drafts?.leave());
    this.language = language;
    this.drafts?.enter(next.revision, next.saved ?? true);
    this.editor?.open(language, next.source);
    this.lock(false);
  }

  /** The text that the editor began with. */
  startOver(): void {
    this.editor?.replace(this.editions[this.language]?.starter ?? "");
    this.editor?.focus();
  }

  press(name: "run" | "submit"): void {
    const button = this.form.querySelector<HTMLButtonElement>(`button[data-action=${name}]`);
    if (button && !button.disabled) button.click();
  }

  private async send(url: string, own: boolean): Promise<void> {
    if (this.busy) return;
    this.lock(true);
    this.say("");
    const body = new FormData(this.form);
    if (!own) body.delete("own_input");
    try {
      const answer = await post(url, body);
      this.show(await answer.text());
    } catch (error) {
      // A refusal's body is the form's note, rendered by the server: what is wrong and what to do.
      if (error instanceof Refused && error.status < 500) this.show(error.body);
      else this.say(text("error.network"));
    } finally {
      this.lock(false);
    }
  }

  private show(html: string): void {
    forgetPanels(this.results);
    this.results.innerHTML = html;
    chooseById("tab-results");
    followPanels(this.results);
    void renderMath(this.results);
    if (window.matchMedia("(max-width: 899px)").matches) this.results.scrollIntoView({ block: "start" });
  }

  private say(message: string): void {
    this.note.textContent = message;
    this.note.hidden = message === "";
  }

  private lock(busy: boolean): void {
    this.busy = busy;
    this.form.setAttribute("aria-busy", String(busy));
    for (const button of this.form.querySelectorAll<HTMLButtonElement>("button[data-action]")) {
      button.setAttribute("aria-disabled", String(busy));
    }
  }

  private close(): void {
    for (const button of this.form.querySelectorAll<HTMLButtonElement>("button[data-action]")) button.disabled = true;
    this.say(text("clock.over"));
  }
}

async function setUp(): Promise<void> {
  setUpSplitters();
  setUpTabs(document);
  const form = document.querySelector<HTMLFormElement>("form[data-workbench]");
  if (!form) return;
  const bench = new Workbench(form);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    event.preventDefault();
    bench.press(event.shiftKey ? "submit" : "run");
  });
  const textarea = form.querySelector<HTMLTextAreaElement>("textarea[data-editor]");
  if (!textarea) return;
  const { mountEditor } = await import("./editor");
  bench.editor = mountEditor(textarea, {
    nonce: document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "",
    label: textarea.getAttribute("aria-label") ?? "",
    language: textarea.dataset.language ?? "",
    readOnly: textarea.readOnly,
    onChange: () => bench.changed(),
    onRun: () => bench.press("run"),
    onSubmit: () => bench.press("submit"),
  });
  form.dataset.ready = "";
  document.getElementById("reset-editor")?.addEventListener("click", () => bench.startOver());
  const languages = document.getElementById("answer-language") as HTMLSelectElement | null;
  languages?.addEventListener("change", () => void bench.turnTo(languages.value));
}

void setUp();
