// Requests to the gateway.
import { parse } from "./json.js";
import { askForToken, token } from "./token.js";

/// The reason of a failed request: the gateway's problem document, or no response (status 0).
export class Problem extends Error {
  constructor(request, status, code, detail, body = {}) {
    super(status === 0 ? `${request}: no answer` : `${request}: ${status} ${code}${detail ? ", " + detail : ""}`);
    this.request = request;
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.body = body;  // the whole problem document
  }
  /// Whether the request might succeed later without a change.
  get isTemporary() { return this.status === 0 || this.status === 429 || this.status >= 500; }

  /// The problem's detail, for the user who made the request.
  get reason() {
    if (this.status === 0) return "The gateway does not answer.";
    return `${this.detail || "The request was refused"} (${this.status} ${this.code})`;
  }

  static async of(request, response) {
    try {
      const body = parse(await response.text());
      return new Problem(request, response.status, body.code ?? "", body.detail ?? "", body);
    } catch {
      return new Problem(request, response.status, response.statusText, "");
    }
  }
}

/// The parameters as a query string, without those that are undefined.
export const query = (parameters) =>
  new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined)).toString();

async function fetchOnce(path, options) {
  const headers = { ...options.headers, ...(token() ? { Authorization: "Bearer " + token() } : {}) };
  try {
    return await fetch(path, { cache: "no-store", ...options, headers });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(`${options.method ?? "GET"} ${path}`, 0, "", "");
  }
}

/// The response, whatever its status. Throws a Problem with status 0 if there is none. If the
/// gateway requires credentials, the user is asked for a token and the request is repeated.
export async function open(path, options = {}) {
  for (;;) {
    const sent = token();
    const response = await fetchOnce(path, options);
    if (response.status !== 401 || !(await askForToken(sent))) return response;
  }
}

/// A successful response. Throws a Problem otherwise.
export async function send(method, path, options = {}) {
  const response = await open(path, { ...options, method });
  if (!response.ok) throw await Problem.of(`${method} ${path}`, response);
  return response;
}

/// The text of a response. Throws a Problem if the connection ends before it is complete.
export async function textOf(response, request) {
  try {
    return await response.text();
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(request, 0, "", "");
  }
}

/// The document of a successful response. Throws a Problem.
export async function get(path, options = {}) {
  const request = "GET " + path;
  return parse(await textOf(await send("GET", path, options), request));
}

export async function post(path, body, options = {}) {
  const request = "POST " + path;
  const headers = { "Content-Type": "application/json", ...options.headers };
  return parse(await textOf(await send("POST", path, { ...options, headers, body }), request));
}

/// The path of one record, as a parameter: no proxy and no browser changes it.
export const recordPath = (name, parameters = {}) => "/v1/records?" + query({ name, ...parameters });
