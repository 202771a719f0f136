/** What was proven, line by line. */
export class Record {
  proven = 0;
  failed = 0;

  /** Goes on whatever happens: what is not proven is said with its reason. */
  readonly prove = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      this.proven += 1;
      console.log(`proven      ${what}`);
    } catch (error) {
      this.failed += 1;
      console.log(`not proven  ${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}
