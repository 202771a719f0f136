/** A small piece of an installation. Doing it again changes nothing. */
export interface Stage {
  /** What is there when it is done, e.g. `/opt/savorg-ops/etc`. */
  what: string;
  isDone(): Promise<boolean> | boolean;
  make(): Promise<void> | void;
}

export type Say = (line: string) => void;

/** Does what is not done yet, in order, and says each. Returns how many had to be done. */
export async function runStages(stages: readonly Stage[], say: Say): Promise<number> {
  let made = 0;
  for (const stage of stages) {
    const isDone = await stage.isDone();
    if (!isDone) await stage.make();
    say(`${isDone ? 'as it was' : 'done     '}  ${stage.what}`);
    if (!isDone) made += 1;
  }
  return made;
}
