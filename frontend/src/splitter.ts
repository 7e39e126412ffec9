/** The bar between two panes: drag it, or move it with the arrow keys. The place is kept per browser. */

const STEP = 2;

export function setUpSplitters(): void {
  for (const bar of document.querySelectorAll<HTMLElement>("[role=separator][data-split]")) setUp(bar);
}

function setUp(bar: HTMLElement): void {
  const box = bar.parentElement;
  const property = bar.dataset.split ?? "";
  if (!box) return;
  const vertical = bar.getAttribute("aria-orientation") === "vertical";
  const least = Number(bar.getAttribute("aria-valuemin"));
  const most = Number(bar.getAttribute("aria-valuemax"));

  const place = (percent: number): void => {
    const value = Math.round(Math.min(most, Math.max(least, percent)) * 10) / 10;
    box.style.setProperty(property, `${value}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(value)));
    localStorage.setItem(`split:${property}`, String(value));
  };
  const kept = Number(localStorage.getItem(`split:${property}`));
  if (kept) place(kept);

  bar.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      const area = box.getBoundingClientRect();
      place(
        vertical
          ? ((moved.clientX - area.left) / area.width) * 100
          : ((moved.clientY - area.top) / area.height) * 100,
      );
    };
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    place(Number(bar.getAttribute("aria-valuenow")) + step);
  });
}
