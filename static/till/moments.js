// Moments and days as the store's clocks show them, wherever the browser stands.

import { pairing } from "./state.js";

const MINUTE_MS = 60_000;
const language = document.documentElement.lang;
const written = (moment, locale, options) => new Intl.DateTimeFormat(locale, { ...options, timeZone: pairing()?.store.time_zone || undefined }).format(moment);

export const showMoment = (text) => (text ? written(new Date(text), language, { dateStyle: "short", timeStyle: "short" }) : "");

// What ends at a moment is over then: what ends at midnight has its last day before.
export const showLastDay = (end) => written(new Date(end) - 1, language, { dateStyle: "medium" });

// A day as the API writes it, "2026-11-22".
export const showDay = (day) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${day}T12:00Z`));

// "2026-11-22", as Swedes write it: ticket numbers begin again with the store's day.
export const businessDate = (instant) => written(instant, "sv-SE");
export const today = () => businessDate(new Date());

// RFC 3339 with the store's offset.
export function storeInstant(date) {
  const offset = offsetAt(date.getTime());
  const pad = (value) => String(Math.trunc(Math.abs(value))).padStart(2, "0");
  const local = new Date(date.getTime() + offset * MINUTE_MS).toISOString().slice(0, 23);
  return `${local}${offset < 0 ? "-" : "+"}${pad(offset / 60)}:${pad(offset % 60)}`;
}

// "2026-11-22T10:00" by the store's clocks. The offset of that very moment counts, which may be another one nearby.
export function typedInstant(text) {
  const asUtc = Date.parse(`${text}Z`);
  const near = asUtc - offsetAt(asUtc) * MINUTE_MS;
  return storeInstant(new Date(asUtc - offsetAt(near) * MINUTE_MS));
}

// By how many minutes the store's clocks are ahead of UTC.
function offsetAt(instant) {
  const shown = written(instant, "sv-SE", { dateStyle: "short", timeStyle: "medium" });
  return Math.round((Date.parse(`${shown.replace(" ", "T")}Z`) - instant) / MINUTE_MS);
}
