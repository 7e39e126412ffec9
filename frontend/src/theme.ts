/** Light, dark, or as the system says; kept in a cookie so that the server renders it without a flash. */

type Choice = "auto" | "light" | "dark";

export function setUpTheme(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-choice]")) {
    const choice = button.dataset.themeChoice as Choice;
    button.addEventListener("click", () => apply(choice));
  }
  mark(document.documentElement.dataset.theme ?? "auto");
}

function apply(choice: Choice): void {
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  mark(choice);
}

function mark(choice: string): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}
