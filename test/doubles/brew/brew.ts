/** `brew` of Homebrew: what there is stands in `$HOME/brew.json`. What is not known is not imitated. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Formula {
  stable: string | null;
  revision?: number;
  installed: string[];
  linked?: string;
  aliases?: string[];
  needed_by?: string;
}

const path = join(process.env['HOME'] ?? '', 'brew.json');
const formulae = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Formula>;

function end(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(code);
}

const [verb = '', ...rest] = process.argv.slice(2);
const name = rest.at(-1) ?? '';
const [own, formula] =
  Object.entries(formulae).find(([key, { aliases }]) => key === name || aliases?.includes(name)) ?? [];
if (process.env['HOMEBREW_NO_AUTO_UPDATE'] !== '1') end(64, 'the double of brew updates nothing');
if (!own || !formula) end(1, `Error: No available formula with the name "${name}".`);

function info({ stable, revision = 0, installed, linked }: Formula): string {
  const entry = {
    name: own,
    full_name: own,
    versions: { stable, head: null, bottle: true },
    revision,
    installed: installed.map((version) => ({ version, installed_on_request: true })),
    linked_keg: linked ?? null,
  };
  return JSON.stringify({ formulae: [entry], casks: [] });
}

function keep(installed: string[]): void {
  if (own && formula) formulae[own] = { ...formula, installed };
  writeFileSync(path, JSON.stringify(formulae));
}

const newest = (formula.revision ?? 0) > 0 ? `${formula.stable}_${formula.revision}` : (formula.stable ?? '');
const line = [verb, ...rest.slice(0, -1)].join(' ');
if (line === 'info --json=v2 --formula') end(0, info(formula));
else if (line === 'install --formula' && formula.installed.length === 0) keep([newest]);
else if (line === 'upgrade --formula' && formula.installed.length > 0) keep([newest]);
else if (line === 'uninstall --formula' && formula.needed_by)
  end(
    1,
    `Error: Refusing to uninstall ${own} because it is required by ${formula.needed_by}, which is currently installed.`,
  );
else if (line === 'uninstall --formula' && formula.installed.length > 0) keep(formula.installed.slice(0, -1));
else end(64, `the double of brew knows no ${line}`);
