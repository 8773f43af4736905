// Refusal is the server's "no" to a request: its code and sentence, and how long it asks to wait.
export class Refusal extends Error {
  code: string; // stable, in snake case; "" where the answer was none of the server's
  status: number; // of HTTP
  wait: number; // ms; 0 where the server asks for none

  constructor(code: string, message: string, status: number, wait: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.wait = wait;
  }
}

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

const patience = 15_000; // ms for one answer

// ask makes one request and reads its answer. It throws a Refusal, or whatever fetch throws where there is no line.
export async function ask<T>(fetch: Fetch, address: string, body: unknown, secret?: string): Promise<T> {
  const response = await post(fetch, address, body, secret, AbortSignal.timeout(patience));
  return await response.json() as T;
}

// post makes one request; the answer's body is still to be read. It throws what ask throws.
export async function post(fetch: Fetch, address: string, body: unknown, secret: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (secret) headers["Authorization"] = `Bearer ${secret}`;
  const response = await fetch(address, { method: "POST", credentials: "omit", headers, body: JSON.stringify(body), signal });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({})) as { code?: string; message?: string };
  throw new Refusal(said.code ?? "", said.message ?? response.statusText, response.status, 1000 * Number(response.headers.get("Retry-After") || 0));
}
