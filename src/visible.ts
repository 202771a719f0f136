/** All but newline and tab that a terminal obeys or an eye cannot see: controls, line separators, marks that reorder text. */
const UNSEEN = /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Writes `\u001b` for such a character. JSON stays the same JSON: there they stand inside of strings only. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
