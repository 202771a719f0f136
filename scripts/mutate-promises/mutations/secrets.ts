import type { Mutation } from '../mutation.ts';

export const SECRETS: readonly Mutation[] = [
  {
    name: 'secrets are not masked',
    file: 'src/secret.ts',
    from: 'text.replace(this.#pattern, MASK)',
    to: 'text',
    tests: ['test/secret.test.ts'],
  },
  {
    name: 'secrets are not masked in base64',
    file: 'src/secret.ts',
    from: '...plain.flatMap(asInBytes)',
    to: '',
    tests: ['test/secret.test.ts'],
  },
  {
    name: 'the log is written as it comes',
    file: 'src/log.ts',
    from: 'const text = visible(redactor.redact(line));',
    to: 'const text = visible(line);',
    tests: ['test/log.test.ts'],
  },
  {
    name: 'output is masked chunk by chunk',
    file: 'src/adapters/plain-text.ts',
    from: 'this.#rest = text.slice(end);\n    return this.#clean(text.slice(0, end));',
    to: "this.#rest = '';\n    return this.#clean(text);",
    tests: ['test/adapters/plain-text.test.ts'],
  },
  {
    name: 'a colour in a secret hides it',
    file: 'src/adapters/plain-text.ts',
    from: "this.#redactor.redact(lines.replaceAll(SEQUENCE, '').replaceAll(INVISIBLE, ''))",
    to: "this.#redactor.redact(lines).replaceAll(SEQUENCE, '').replaceAll(INVISIBLE, '')",
    tests: ['test/adapters/plain-text.test.ts'],
  },
  {
    name: 'the dashboard shows names as they are',
    file: 'src/dashboard/redacted.ts',
    from: '[redactor.redact(name), redacted(item, redactor)]',
    to: '[name, redacted(item, redactor)]',
    tests: ['test/dashboard/board.test.ts'],
  },
  {
    name: "the runner gets the daemon's environment",
    file: 'src/adapters/runner.ts',
    from: 'env: compileCache(),',
    to: 'env: undefined,',
    tests: ['test/adapters/runner.test.ts'],
  },
];
