/** One line of the result. */
export interface Figure {
  what: string;
  unit: string;
  /** Null where it cannot be measured here. */
  value: number | null;
  /** What it is held against, in the same unit and of the same run. */
  floor?: number;
  ratio?: number;
  /** Bounds the ratio where there is one, else the value. */
  goal?: { at: 'most' | 'least'; bound: number };
}

/** Null where it has no goal, or could not be measured. */
export function isMet({ value, ratio, goal }: Figure): boolean | null {
  const figure = ratio ?? value;
  if (!goal || figure === null) return null;
  return goal.at === 'most' ? figure <= goal.bound : figure >= goal.bound;
}

export function tableOf(figures: readonly Figure[]): string {
  const head = ['| | figure | floor | ratio | goal | met |', '|---|---|---|---|---|---|'];
  return [...head, ...figures.map(rowOf)].join('\n');
}

const WORDS = { true: 'yes', false: '**no**', null: '' };

function rowOf(figure: Figure): string {
  const { what, unit, value, floor, ratio, goal } = figure;
  const number = (n: number | null | undefined) =>
    n === undefined || n === null ? '' : `${readable(n)} ${unit}`.trim();
  const bound = goal ? `${goal.at === 'most' ? '≤' : '≥'} ${goal.bound}` : '';
  const cells = [
    what,
    value === null ? 'not here' : number(value),
    number(floor),
    ratio === undefined ? '' : ratio.toFixed(2),
    bound,
    WORDS[`${isMet(figure)}`],
  ];
  return `| ${cells.join(' | ')} |`;
}

const readable = (n: number) => (Math.abs(n) >= 100 ? n.toFixed(0) : n.toFixed(2));
