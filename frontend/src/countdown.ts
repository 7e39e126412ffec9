/** The clock of a timed attempt. The server says how long is left; the browser's own date is never trusted. */

import { text } from "./strings";

export function setUpCountdowns(): void {
  for (const clock of document.querySelectorAll<HTMLElement>("[data-seconds-left]")) start(clock);
}

function start(clock: HTMLElement): void {
  const endsAt = performance.now() + Number(clock.dataset.secondsLeft) * 1000;
  const face = clock.querySelector<HTMLElement>("[data-face]") ?? clock;
  const announce = clock.querySelector<HTMLElement>("[data-announce]");
  const announced = new Set<number>();

  const tick = (): void => {
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    face.textContent = format(left);
    clock.dataset.urgency = left <= 60 ? "last" : left <= 300 ? "soon" : "";
    for (const minutes of [10, 5, 1]) {
      if (left <= minutes * 60 && left > minutes * 60 - 5 && !announced.has(minutes)) {
        announced.add(minutes);
        if (announce) announce.textContent = text("clock.left", { minutes });
      }
    }
    if (left === 0) {
      document.dispatchEvent(new CustomEvent("touchstone:time-over"));
      if (announce) announce.textContent = text("clock.over");
      return;
    }
    window.setTimeout(tick, 500);
  };
  tick();
}

function format(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
