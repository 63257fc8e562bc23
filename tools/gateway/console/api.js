// Requests to the gateway.
import { parse } from "./json.js";
import { askForToken, token } from "./token.js";

/// Why a request has failed: what the gateway says, or that it says nothing (status 0).
export class Problem extends Error {
  constructor(request, status, code, detail) {
    super(status === 0 ? `${request}: no answer` : `${request}: ${status} ${code}${detail ? ", " + detail : ""}`);
    this.request = request;
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
  /// Whether it will go away by itself.
  get isOfTheMoment() { return this.status === 0 || this.status === 429 || this.status >= 500; }

  static async of(request, response) {
    try {
      const body = await response.json();
      return new Problem(request, response.status, body.code ?? "", body.detail ?? "");
    } catch {
      return new Problem(request, response.status, response.statusText, "");
    }
  }
}

export const query = (parameters) =>
  new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined)).toString();

async function fetchOnce(path, options) {
  const headers = token() ? { Authorization: "Bearer " + token() } : {};
  try {
    return await fetch(path, { cache: "no-store", headers, ...options });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem("GET " + path, 0, "", "");
  }
}

/// The response, whatever it says, or a Problem with status 0. Where the gateway does not know who
/// asks, the user is asked for a token, and the request made again.
export async function open(path, options = {}) {
  for (;;) {
    const sent = token();
    const response = await fetchOnce(path, options);
    if (response.status !== 401 || !(await askForToken(sent))) return response;
  }
}

/// The document at a path. Throws a Problem.
export async function get(path, options = {}) {
  const response = await open(path, options);
  if (!response.ok) throw await Problem.of("GET " + path, response);
  try {
    return parse(await response.text());
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem("GET " + path, 0, "", "");
  }
}
