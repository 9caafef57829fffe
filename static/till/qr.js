// A text as a QR code: an <svg> that a camera reads from paper or from a screen. The codes of cards are short, so that versions
// 1 to 5 with medium correction hold them (ISO/IEC 18004). A module is true where it is dark.

import { h } from "./dom.js";

// The empty space around it, in modules; as on what the back-office prints.
const QUIET = 2;
const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
// Of versions 1 to 5: bytes of data and of correction in a block, and blocks.
const VERSIONS = [[16, 10, 1], [28, 16, 1], [44, 26, 1], [32, 18, 2], [43, 24, 2]];
const PADDING = [0xec, 0x11];
const CORNER = "1011101";
const ALWAYS_DARK = 15;

// --- The text as bits ------------------------------------------------------------------------------------

const bits = (value, length) => [...value.toString(2).padStart(length, "0")].map(Number);

function grouped(text, size) {
  const groups = [];
  for (let at = 0; at < text.length; at += size) groups.push(text.slice(at, at + size));
  return groups;
}

// Each way of writing it: its number, the length of the count, and the bits of the text; the densest that can be is taken.
function encoded(text) {
  if (/^\d+$/.test(text)) {
    return [...bits(1, 4), ...bits(text.length, 10), ...grouped(text, 3).flatMap((digits) => bits(Number(digits), [0, 4, 7, 10][digits.length]))];
  }
  if ([...text].every((sign) => SIGNS.includes(sign))) {
    const pair = ([first, second]) => (second ? bits(SIGNS.indexOf(first) * 45 + SIGNS.indexOf(second), 11) : bits(SIGNS.indexOf(first), 6));
    return [...bits(2, 4), ...bits(text.length, 9), ...grouped(text, 2).flatMap(pair)];
  }
  return [...bits(4, 4), ...bits(text.length, 8), ...[...text].flatMap((sign) => bits(sign.charCodeAt(0), 8))];
}

// Return the bytes of data of a version, filled up as the standard wants it.
function filled(written, capacity) {
  const padded = [...written, ...Array(Math.min(4, capacity * 8 - written.length)).fill(0)];
  while (padded.length % 8) padded.push(0);
  const bytes = grouped(padded, 8).map((group) => group.reduce((byte, bit) => byte * 2 + bit, 0));
  for (let turn = 0; bytes.length < capacity; turn += 1) bytes.push(PADDING[turn % 2]);
  return bytes;
}

// --- Correction (Reed-Solomon over GF(256)) ---------------------------------------------------------------

const EXPONENTS = [];
for (let value = 1; EXPONENTS.length < 255; value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1) EXPONENTS.push(value);
const times = (a, b) => (a && b ? EXPONENTS[(EXPONENTS.indexOf(a) + EXPONENTS.indexOf(b)) % 255] : 0);

function generator(degree) {
  let polynomial = [1];
  for (let power = 0; power < degree; power += 1) {
    const shifted = [0, ...polynomial.map((factor) => times(factor, EXPONENTS[power]))];
    polynomial = shifted.map((factor, index) => factor ^ (polynomial[index] ?? 0));
  }
  return polynomial;
}

function correction(block, degree) {
  const divisor = generator(degree);
  const rest = [...block, ...Array(degree).fill(0)];
  for (let at = 0; at < block.length; at += 1) {
    const factor = rest[at];
    divisor.forEach((coefficient, index) => { rest[at + index] ^= times(coefficient, factor); });
  }
  return rest.slice(block.length);
}

const interleaved = (blocks) => blocks[0].flatMap((_byte, index) => blocks.map((block) => block[index]));

// --- The picture -----------------------------------------------------------------------------------------

const MASKS = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_row, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

// Draw what is alike in every code of a version; what is left undefined takes data.
function frame(size) {
  const modules = Array.from({ length: size }, () => Array(size));
  const square = (top, left, reach, isDark) => {
    for (let row = -reach; row <= reach; row += 1) {
      for (let column = -reach; column <= reach; column += 1) {
        const line = modules[top + row];
        if (line && left + column >= 0 && left + column < size) line[left + column] = isDark(Math.max(Math.abs(row), Math.abs(column)));
      }
    }
  };
  for (let at = 0; at < size; at += 1) modules[6][at] = modules[at][6] = at % 2 === 0;
  for (const [top, left] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(top, left, 4, (ring) => ring !== 2 && ring !== 4);
  if (size > 21) square(size - 7, size - 7, 2, (ring) => ring !== 1);
  writeFormat(modules, () => false);
  return modules;
}

// What says which mask it is, at its places: twice, with one module that is always dark.
function writeFormat(modules, isDark) {
  const size = modules.length;
  for (let bit = 0; bit < 15; bit += 1) {
    modules[bit < 6 ? bit : bit < 8 ? bit + 1 : size - 15 + bit][8] = isDark(bit);
    modules[8][bit < 8 ? size - 1 - bit : bit < 9 ? 7 : 14 - bit] = isDark(bit);
  }
  modules[size - 8][8] = isDark(ALWAYS_DARK);
}

// Medium correction and the mask, with a correction of their own.
function formatOf(mask) {
  let rest = mask << 10;
  for (let bit = 14; bit >= 10; bit -= 1) if (rest & (1 << bit)) rest ^= 0x537 << (bit - 10);
  return ((mask << 10) | rest) ^ 0x5412;
}

// Data goes up and down in columns two wide, from the right, around what is drawn already.
function drawn(size, data, mask) {
  const modules = frame(size);
  let next = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right -= 1;
    const goesUp = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const row = goesUp ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (modules[row][column] !== undefined) continue;
        modules[row][column] = (data[next] === 1) !== MASKS[mask](row, column);
        next += 1;
      }
    }
  }
  return modules;
}

// Return how often a line looks like one through a corner, with room on one side of it.
function corners(line) {
  let count = 0;
  for (let at = line.indexOf(CORNER); at >= 0;) {
    const hasRoom = !line.slice(Math.max(at - 4, 0), at).includes("1") || !line.slice(at + 7, at + 11).includes("1");
    count += Number(hasRoom);
    at = line.indexOf(CORNER, at + (hasRoom ? 7 : 4));
  }
  return count;
}

// How hard it is to read: long runs, blocks, what looks like a corner, and too much of one colour.
function penalty(modules) {
  const size = modules.length;
  const rows = modules.map((row) => row.map((isDark) => (isDark ? "1" : "0")).join(""));
  const columns = modules.map((_row, column) => rows.map((row) => row[column]).join(""));
  let points = 0;
  for (const line of [...rows, ...columns]) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) points += run.length - 2;
    points += 40 * corners(line);
  }
  for (let row = 1; row < size; row += 1) {
    for (let column = 1; column < size; column += 1) {
      const block = rows[row].slice(column - 1, column + 1) + rows[row - 1].slice(column - 1, column + 1);
      if (block === "0000" || block === "1111") points += 3;
    }
  }
  const dark = rows.join("").replaceAll("0", "").length;
  return points + 10 * Math.floor(Math.abs((dark * 100) / size ** 2 - 50) / 5);
}

// Return the modules, row by row; null for a text that is too long or no ASCII.
export function modulesOf(text) {
  if (!/^[\x20-\x7e]+$/.test(text)) return null;
  const written = encoded(text);
  const version = VERSIONS.findIndex(([data, , blocks]) => data * blocks * 8 >= written.length);
  if (version < 0) return null;
  const [length, degree, count] = VERSIONS[version];
  const blocks = grouped(filled(written, length * count), length);
  const bytes = [...interleaved(blocks), ...interleaved(blocks.map((block) => correction(block, degree)))];
  const data = bytes.flatMap((byte) => bits(byte, 8));
  const candidates = MASKS.map((_mask, index) => drawn(21 + 4 * version, data, index));
  const points = candidates.map(penalty);
  const mask = points.indexOf(Math.min(...points));
  const format = formatOf(mask);
  writeFormat(candidates[mask], (bit) => bit === ALWAYS_DARK || Boolean(format & (1 << bit)));
  return candidates[mask];
}

export function qrCode(text) {
  const modules = modulesOf(text);
  if (!modules) return null;
  const path = modules.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join("");
  const side = modules.length + 2 * QUIET;
  return h("svg", { class: "qr", viewBox: `0 0 ${side} ${side}`, "shape-rendering": "crispEdges", "aria-hidden": "true" }, h("path", { d: path }));
}
