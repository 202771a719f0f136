/** What a keychain and 1Password hold in tests, and how they fail. */
export interface Items {
  /** Of the System keychain, as `<service>/<account>`. A number: the exit code with which it is refused. */
  keychain: Record<string, string | number>;
  /** By `<vault>/<item>/<field>`, for who has the token. */
  op: Record<string, string>;
  token: string;
}
