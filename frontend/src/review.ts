/** Reviewing by keyboard: from point to point, marks by number, confirm and skip; the point at hand lights its evidence. */

const form = document.querySelector<HTMLFormElement>("form[data-review]");

function setUp(review: HTMLFormElement): void {
  const points = [...review.querySelectorAll<HTMLFieldSetElement>("fieldset[data-point]")];

  const current = (): number => points.findIndex((point) => point.contains(document.activeElement));

  const goTo = (index: number): void => {
    const point = points[Math.min(Math.max(index, 0), points.length - 1)];
    if (!point) return;
    (point.querySelector<HTMLInputElement>("input:checked") ?? point.querySelector<HTMLInputElement>("input"))?.focus();
    point.scrollIntoView({ block: "nearest" });
  };

  const light = (number: string | undefined): void => {
    for (const mark of document.querySelectorAll<HTMLElement>("mark[data-points]")) {
      const lit = number !== undefined && (mark.dataset.points ?? "").split(" ").includes(number);
      mark.classList.toggle("lit", lit);
    }
  };

  review.addEventListener("focusin", (event) => {
    light((event.target as HTMLElement).closest<HTMLElement>("[data-point]")?.dataset.point);
  });
  review.addEventListener("focusout", () => { light(undefined); });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      review.requestSubmit();
      return;
    }
    const target = event.target as HTMLElement;
    const writes = target.matches("textarea, select, input:not([type=radio])");
    if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "k") {
      const index = current();
      goTo(index < 0 ? 0 : index + (event.key === "j" ? 1 : -1));
    } else if (event.key === "n") {
      document.querySelector<HTMLAnchorElement>("a[data-skip]")?.click();
    } else if (/^[1-9]$/.test(event.key)) {
      const mark = points[current()]?.querySelector<HTMLInputElement>(`input[data-key="${event.key}"]`);
      if (!mark) return;
      mark.checked = true;
      mark.focus();
    }
  });
}

if (form) setUp(form);
