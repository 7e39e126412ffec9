/** Requests to our own pages: same origin, with the CSRF token, answered by an HTML fragment or JSON. */

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`the server answered ${status}`);
  }
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** Throws `Refused` for an answer outside 2xx; network failures reject as fetch does. */
export async function post(url: string, body: FormData | URLSearchParams): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    body,
    credentials: "same-origin",
    headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true", Accept: "text/html, application/json" },
  });
  if (!response.ok) throw new Refused(response.status, await response.text());
  return response;
}

export async function fragment(url: string): Promise<Response> {
  const response = await fetch(url, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  if (!response.ok) throw new Refused(response.status, await response.text());
  return response;
}
