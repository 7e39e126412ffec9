/** Saves the unsent text on the server. A revision keeps a stale tab from writing over a newer one. */

import { Refused, post } from "./requests";
import { text } from "./strings";

const QUIET_MS = 1200;

interface Saved {
  revision: number;
}

export class Drafts {
  private timer: number | undefined;
  private saving = false;
  private dirty = false;
  private refused = false;
  private pending: Promise<void> = Promise.resolve();

  constructor(
    private readonly url: string,
    private revision: number,
    private readonly read: () => { language: string; source: string },
    private readonly status: HTMLElement,
  ) {
    window.addEventListener("pagehide", () => this.sendNow());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.sendNow();
    });
  }

  changed(): void {
    if (this.refused) return;
    this.dirty = true;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), QUIET_MS);
  }

  /** Saves what there is before another text takes this one's place: its number, and whether it is saved. */
  async leave(): Promise<{ revision: number; saved: boolean }> {
    await this.pending;
    await this.save();
    window.clearTimeout(this.timer);
    const saved = !this.dirty;
    this.dirty = false;
    return { revision: this.revision, saved };
  }

  /** Goes on with another text, whose last saved number is `revision`. */
  enter(revision: number, saved: boolean): void {
    this.revision = revision;
    this.refused = false;
    this.show("");
    if (!saved) this.changed();
  }

  private body(): URLSearchParams {
    const { language, source } = this.read();
    return new URLSearchParams({ language, source, revision: String(this.revision) });
  }

  private async save(): Promise<void> {
    if (!this.dirty || this.refused) return;
    if (this.saving) {
      this.changed();
      return;
    }
    this.pending = this.transfer();
    await this.pending;
  }

  private async transfer(): Promise<void> {
    this.saving = true;
    this.dirty = false;
    this.show(text("draft.saving"));
    try {
      const answer = await post(this.url, this.body());
      this.revision = ((await answer.json()) as Saved).revision;
      this.show(text("draft.saved"));
    } catch (error) {
      if (error instanceof Refused && error.status === 409) {
        this.refused = true;
        this.show(text("draft.stale"), true);
      } else {
        this.dirty = true;
        this.timer = window.setTimeout(() => void this.save(), 5000);
        this.show(text("draft.failed"), true);
      }
    } finally {
      this.saving = false;
    }
  }

  /** The page is going away: a request that outlives it. */
  private sendNow(): void {
    if (!this.dirty || this.saving || this.refused) return;
    const body = this.body();
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    this.dirty = false;
    void fetch(this.url, { method: "POST", body, keepalive: true, headers: { "X-CSRFToken": token } })
      .then(async (answer) => {
        if (answer.ok) this.revision = ((await answer.json()) as Saved).revision;
      })
      .catch(() => (this.dirty = true));
  }

  private show(message: string, bad = false): void {
    this.status.textContent = message;
    this.status.classList.toggle("bad", bad);
  }
}
