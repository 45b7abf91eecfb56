// Characters that are there and not seen: controls, bidirectional marks, blanks without width, tags.
// They carry what a reader is not to read, and so are shown where a text stands as it was written.

// What takes them rightly: joined emoji, flags of regions, letters of scripts that join, variants of a letter.
const JOINING = String.raw`[\p{sc=Arab}\p{sc=Syrc}\p{sc=Mong}\p{sc=Deva}\p{sc=Beng}\p{sc=Gujr}\p{sc=Guru}\p{sc=Knda}\p{sc=Mlym}\p{sc=Orya}\p{sc=Sinh}\p{sc=Taml}\p{sc=Telu}\p{sc=Khmr}]`;
const RIGHTLY = [
  String.raw`\p{ExtPict}[\ufe0f\p{EMod}]*(?:\u200d\p{ExtPict}[\ufe0f\p{EMod}]*)+`,
  String.raw`\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}`,
  String.raw`${JOINING}\p{M}*[\u200c\u200d](?=${JOINING})`,
  String.raw`\p{Emoji}[\ufe0e\ufe0f]`,
  String.raw`\p{sc=Han}[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]`,
  String.raw`\r(?=\n)`,
].join("|");
const UNSEEN = String.raw`(?![\t\n\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]`;
// Accents by the hundred on one letter hide what is around them, and take a browser minutes to break into lines.
const UNSEEN_RUN = new RegExp(`${RIGHTLY}|((?:${UNSEEN}){1,2000}|\\p{M}{50,2000})`, "gu");
const UNSEEN_NAMES = {
  0x00: ["NUL", "null"], 0x08: ["BS", "backspace"], 0x0d: ["CR", "carriage return"], 0x1b: ["ESC", "escape"], 0x7f: ["DEL", "delete"], 0xad: ["SHY", "soft hyphen"],
  0x61c: ["ALM", "Arabic letter mark"], 0x200b: ["ZWSP", "zero width space"], 0x200c: ["ZWNJ", "zero width non-joiner"], 0x200d: ["ZWJ", "zero width joiner"],
  0x200e: ["LRM", "left-to-right mark"], 0x200f: ["RLM", "right-to-left mark"], 0x2028: ["LS", "line separator"], 0x2029: ["PS", "paragraph separator"],
  0x202a: ["LRE", "left-to-right embedding"], 0x202b: ["RLE", "right-to-left embedding"], 0x202c: ["PDF", "end of embedding or override"],
  0x202d: ["LRO", "left-to-right override"], 0x202e: ["RLO", "right-to-left override"], 0x2060: ["WJ", "word joiner"],
  0x2066: ["LRI", "left-to-right isolate"], 0x2067: ["RLI", "right-to-left isolate"], 0x2068: ["FSI", "first strong isolate"], 0x2069: ["PDI", "end of isolate"], 0xfeff: ["BOM", "byte order mark"],
};
const MOST_NAMED = 6, MOST_UNSEEN = 2000;

// Appends a text to an element, its unseen characters each as a sign with its name: at most `room.left` of them, as
// a browser needs minutes to lay out tens of thousands.
function appendSeen(box, text, room = { left: MOST_UNSEEN }) {
  let at = 0;
  for (const found of text.matchAll(UNSEEN_RUN)) {
    if (!found[1]) continue;
    if (room.left-- <= 0) break;
    if (found.index > at) box.append(text.slice(at, found.index));
    box.append(unseenElement(found[1]));
    at = found.index + found[1].length;
  }
  if (at < text.length) box.append(text.slice(at));
}

function countUnseen(text) {
  const unseen = { sum: 0, runs: 0 };
  for (const found of text.matchAll(UNSEEN_RUN)) {
    if (!found[1]) continue;
    unseen.runs++;
    unseen.sum += [...found[1]].length;
  }
  return unseen;
}

// The characters stay in the text, so that it is copied as it is; the style shows their sign instead.
function unseenElement(run) {
  const codes = [...run].map((character) => character.codePointAt(0));
  const box = element("span", "unseen", run);
  const isTags = codes.length > 1 && codes.every((code) => code >= 0xe0020 && code <= 0xe007e);
  const some = codes.slice(0, MOST_NAMED);
  const rest = codes.length > some.length ? ` and ${count(codes.length - some.length)} more` : "";
  box.dataset.sign = isTags
    ? `hidden: ${codes.map((code) => String.fromCharCode(code - 0xe0000)).join("")}`
    : `${some.map((code) => signOf(code)).join(" ")}${rest}`;
  box.title = `${some.map((code) => nameOf(code)).join(", ")}${rest}`;
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", isTags ? box.dataset.sign : box.title);
  return box;
}

const hexOf = (code) => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
const signOf = (code) => (UNSEEN_NAMES[code] || [hexOf(code)])[0];
const nameOf = (code) => (UNSEEN_NAMES[code] ? `${hexOf(code)} ${UNSEEN_NAMES[code][1]}` : hexOf(code));
