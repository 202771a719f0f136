import { visible } from '../visible.ts';

/** Text that is HTML already. */
class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type { Html };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML of a template: whatever is put in is escaped, unless it is HTML itself. */
export function html(parts: TemplateStringsArray, ...values: (string | number | Html | readonly Html[])[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(written)));
}

function written(value: string | number | Html | readonly Html[]): string {
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.join('');
  return visible(String(value)).replaceAll(/[&<>"']/g, (mark) => ESCAPES[mark] ?? mark);
}
