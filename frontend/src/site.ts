/** What every page needs: theme, clocks, formulas, live verdicts, copy buttons, filters that apply at once. */

import { setUpCopyButtons } from "./copy";
import { setUpCountdowns } from "./countdown";
import { renderMath } from "./math";
import { setUpMenus } from "./menus";
import { setUpTheme } from "./theme";
import { localiseTimes } from "./times";
import { followPanels } from "./verdicts";

document.documentElement.classList.add("js");
setUpTheme();
setUpMenus();
setUpCountdowns();
setUpCopyButtons(document);
followPanels(document);
localiseTimes(document);
void renderMath(document);

document.addEventListener("htmx:afterSwap", (event) => {
  const target = (event as CustomEvent<{ target: HTMLElement }>).detail.target;
  followPanels(target);
  setUpCopyButtons(target);
  void renderMath(target);
});
