/** TeX in statements: KaTeX is fetched only by pages that show a formula. */

let styles: Promise<void> | null = null;

function loadStyles(): Promise<void> {
  const url = document.querySelector<HTMLMetaElement>('meta[name="katex-css"]')?.content;
  if (!url) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url;
    link.onload = () => resolve();
    link.onerror = () => resolve();
    document.head.append(link);
  });
}

/** Replaces the TeX source in `.math` elements below `root`; what KaTeX cannot read stays as source. */
export async function renderMath(root: ParentNode): Promise<void> {
  const formulas = [...root.querySelectorAll<HTMLElement>(".math:not([data-rendered])")];
  if (formulas.length === 0) return;
  styles ??= loadStyles();
  const [katex] = await Promise.all([import("katex"), styles]);
  for (const formula of formulas) {
    const source = formula.textContent ?? "";
    formula.dataset.rendered = "";
    katex.default.render(source, formula, {
      displayMode: formula.classList.contains("display"),
      throwOnError: false,
      trust: false,
      maxExpand: 200,
    });
  }
}
