import { MIN_LENGTH } from './needles.ts';

/** Base64 encodes three bytes in four characters; it is wrapped between such groups. */
const GROUP = 4;

/** What a secret is looked for as; escapes are undone before it is. Each character is one byte. */
export function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n|\\n/).map((line) => line.trim());
  return [secret, ...lines].filter((piece) => piece.length >= MIN_LENGTH).flatMap(formsOfPiece);
}

function formsOfPiece(piece: string): string[] {
  const hex = inHex(piece);
  return [piece, piece.replaceAll(' ', '+'), ...hex, ...hex.map((part) => part.toUpperCase()), ...inBase64(piece)];
}

/** In parts of the shortest length, one at each byte: where it is wrapped between two, those of each line are found. */
function inHex(piece: string): string[] {
  const hex = Buffer.from(piece, 'latin1').toString('hex');
  const length = 2 * MIN_LENGTH;
  return Array.from({ length: piece.length - MIN_LENGTH + 1 }, (_, at) => hex.slice(2 * at, 2 * at + length));
}

/** Wherever in a longer text it begins: of that, what does not depend on its neighbours, in parts that no wrapping cuts. */
function inBase64(piece: string): string[] {
  const parts = [0, 1, 2].flatMap((before) => {
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + piece.length) * 8) / 6);
    const base64 = Buffer.from('\0'.repeat(before) + piece, 'latin1').toString('base64');
    const starts = [from, to - MIN_LENGTH];
    for (let start = GROUP; start < to - MIN_LENGTH; start += GROUP) starts.push(start);
    return starts.map((start) => base64.slice(start, start + MIN_LENGTH));
  });
  return [...parts, ...parts.map((part) => part.replaceAll('+', '-').replaceAll('/', '_'))];
}
