// A code as a Code 128 barcode: an <svg> that a scanner reads from paper.

import { h } from "./dom.js";

// The empty space that a scanner wants on both sides, in widths of the narrowest bar.
const QUIET = 10;
const FIRST = 32;
const START_B = 104;
const STOP = "2331112";
// Widths of bar, gap, bar, gap, bar, gap of each sign.
const SIGNS = [
  "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222",
  "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321",
  "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121",
  "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224",
  "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111",
  "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113",
  "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232",
].join(" ").split(" ");

export const canBeBarcode = (text) => /^[\x20-\x7e]{1,40}$/.test(text);

// Return the widths of bars and gaps in turn, beginning with a bar.
export function widthsOf(text) {
  const signs = [...text].map((symbol) => symbol.charCodeAt(0) - FIRST);
  const check = signs.reduce((sum, sign, index) => sum + sign * (index + 1), START_B) % 103;
  return [START_B, ...signs, check].map((sign) => SIGNS[sign]).join("") + STOP;
}

// Null for a text that no barcode can carry.
export function barcode(text) {
  if (!canBeBarcode(text)) return null;
  let at = QUIET;
  let path = "";
  [...widthsOf(text)].map(Number).forEach((width, index) => {
    if (index % 2 === 0) path += `M${at} 0h${width}v1h-${width}z`;
    at += width;
  });
  return h("svg", { class: "barcode", viewBox: `0 0 ${at + QUIET} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, h("path", { d: path }));
}
