// Money is integer cents and quantities are integer thousandths, as in the engine: no binary fractions anywhere.
// Texts travel as the API writes them ("12.50"); people type and read them in their own language.

const language = document.documentElement.lang || "en";
const currency = document.documentElement.dataset.currency || "BRL";
const moneyFormat = new Intl.NumberFormat(language, { style: "currency", currency });
const editFormat = new Intl.NumberFormat(language, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  useGrouping: false,
});
const quantityFormat = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });

const groupSeparator = new Intl.NumberFormat(language, { useGrouping: true }).format(1000000)[1];

// Read what a person typed ("1.234,56", "12.5", "12") with up to `places` decimals; null when it is no such number.
// One separator before three digits means thousands only where the reader's language writes them so.
function parse(text, places) {
  const compact = String(text ?? "").replace(/^\s*R\$|\s/g, "");
  if (/^\d+$/.test(compact)) return join(compact, "", places);
  const plain = /^(\d+)[.,](\d+)$/.exec(compact);
  if (plain && plain[2].length <= places) return join(plain[1], plain[2], places);
  const grouped = /^([1-9]\d{0,2}(?:([.,])\d{3})(?:\2\d{3})*)(?:[.,](\d+))?$/.exec(compact);
  if (!grouped) return null;
  const [, whole, separator, decimals = ""] = grouped;
  const unclear = plain && separator !== groupSeparator;
  if (unclear || compact[whole.length] === separator || decimals.length > places) return null;
  return join(whole.replaceAll(separator, ""), decimals, places);
}

function join(whole, decimals, places) {
  const value = Number(whole + decimals.padEnd(places, "0"));
  return Number.isSafeInteger(value) ? value : null;
}

function write(value, places) {
  const digits = String(Math.abs(value)).padStart(places + 1, "0");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

export const parseMoney = (text) => parse(text, 2);
export const parseQuantity = (text) => parse(text, 3);

// The API's own texts: "12.50" -> 1250.
export const cents = (text) => {
  const negative = String(text).startsWith("-");
  const value = parse(String(text).replace("-", ""), 2) ?? 0;
  return negative ? -value : value;
};

export const moneyText = (value) => write(value, 2);
export const quantityText = (value) => write(value, 3).replace(/\.?0+$/, "");

// For people. Strings go to Intl as they are, so nothing passes through a binary fraction.
export const showMoney = (text) => moneyFormat.format(text || "0.00");
export const showCents = (value) => showMoney(moneyText(value));
export const showQuantity = (text) => quantityFormat.format(text);
export const editMoney = (text) => editFormat.format(text);
export const editQuantity = (text) => quantityFormat.format(text).replace(/\s/g, "");

// Quantity x unit price, half up to the cent, as the engine computes a line's gross.
export function grossCents(thousandths, unitCents) {
  const product = BigInt(thousandths) * BigInt(unitCents);
  return Number((product + 500n) / 1000n);
}
