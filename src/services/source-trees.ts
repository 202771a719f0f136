/** What lies below one root of application source; null where there is too much to look at. */
export interface SourceTree {
  path: string;
  digest: string | null;
}

/** The roots that no command may write. */
export interface SourceTrees {
  look(): Promise<SourceTree[]>;
}
