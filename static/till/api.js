// The public API and nothing else: every call carries the terminal's key, never the manager's session.

import { pairing, state, update } from "./state.js";
import { MASK, withoutCodes } from "./stored.js";

const BASE = "/api/v1/";
const TIMEOUT_MS = 15_000;
const language = document.documentElement.lang;

// The API refused: `body` is its problem document (RFC 9457).
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || String(status));
    this.status = status;
    this.body = body;
    this.code = body.code ?? "";
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
  }

  // Says what became of the request: asking the same again changes nothing. Overload, outages and keys say nothing of it.
  get isFinal() {
    return this.status < 500 && this.status !== 429 && this.status !== 401;
  }
}

// No answer arrived, so nobody knows whether the request was carried out.
export class Unreachable extends Error {}

// Return {status, body, headers}; throw Problem or Unreachable.
// `quiet` keeps background look-ups out of the request drawer.
export async function call(method, path, { body, headers = {}, signal, key, quiet = false } = {}) {
  const started = performance.now();
  const url = BASE + path;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const credential = key ?? pairing()?.key ?? "";
  let response;
  let text;
  try {
    response = await fetch(url, {
      method,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headers: {
        Accept: "application/json",
        "Accept-Language": language,
        Authorization: `Api-Key ${credential}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    note({ quiet, method, url, body, headers, status: 0, answer: null, started });
    setOnline(false);
    throw new Unreachable(String(error));
  }
  setOnline(true);
  const answer = parse(text);
  note({ quiet, method, url, body, headers, status: response.status, answer: answer ?? text, started });
  if (!response.ok) {
    const problem = answer && typeof answer === "object" ? answer : { title: response.statusText, detail: "" };
    const retryAfter = Number(response.headers.get("Retry-After")) || null;
    if (problem.code === "lookups_locked" && credential === pairing()?.key) noteLock(retryAfter);
    throw new Problem(response.status, problem, retryAfter);
  }
  return { status: response.status, body: answer, headers: response.headers };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function note({ quiet, method, url, body, headers, status, answer, started }) {
  if (quiet) return;
  const milliseconds = Math.round(performance.now() - started);
  update(() => {
    state.exchangeLog = {
      method, url: url.replace(/(\/stored-values\/)[^/]+/, `$1${MASK}`), body: withoutCodes(body), headers, status, answer: withoutCodes(answer), milliseconds,
    };
  });
}

// Whatever asked: no code of this terminal is checked for that long (lookups.js).
function noteLock(seconds) {
  const since = Date.now();
  update(() => { state.history.lock = { since, until: since + seconds * 1000 }; });
}

function setOnline(online) {
  if (state.online !== online) update(() => { state.online = online; });
}

export const query = (text) => encodeURIComponent(text);
