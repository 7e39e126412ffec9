/** The page's translated strings, written by the server as JSON so that no text lives in scripts. */

let table: Record<string, string> | null = null;

export function text(key: string, values: Record<string, string | number> = {}): string {
  if (table === null) {
    const source = document.getElementById("strings");
    table = source ? (JSON.parse(source.textContent ?? "{}") as Record<string, string>) : {};
  }
  let found = table[key] ?? key;
  for (const [name, value] of Object.entries(values)) found = found.replace(`%(${name})s`, String(value));
  return found;
}
