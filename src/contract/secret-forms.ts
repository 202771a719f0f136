/**
 * What a form is called, and what it looks like. The cost of each grows with the length of the text and no faster:
 * repetitions are bounded, or begin only where none of theirs went before.
 */
const FORMS: readonly (readonly [string, RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY/],
  ['a private JWK', /"kty"[^{}]{0,500}"d"\s{0,4}:\s{0,4}"[\w-]{40}|"d"\s{0,4}:\s{0,4}"[\w-]{40}[^{}]{0,500}"kty"/],
  ['an age identity', /AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{50}/i],
  ['an AWS access key', /(?<![\w+/-])(?:AKIA|ASIA)[A-Z2-7]{16}(?![\w+/-])/],
  ['a GitHub token', /(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})/],
  ['a GitLab token', /(?<![\w-])gl(?:pat|dt|rt|cbt|ptt|soat)-[\w-]{20}/],
  ['a Slack token', /(?<![\w-])xox[abeoprs]-[\w-]{10}/],
  ['a Slack webhook', /hooks\.slack\.com\/(?:services|workflows)\/[\w/]{20}/],
  ['a Stripe key', /(?<![\w-])(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16}/],
  ['a Google API key', /(?<![\w-])AIza[\w-]{35}(?![\w-])/],
  ['an npm token', /(?<![\w-])npm_[A-Za-z0-9]{36}(?![\w-])/],
  ['a PyPI token', /(?<![\w-])pypi-[\w-]{50}/],
  ['a Docker token', /(?<![\w-])dckr_(?:pat|oat)_[\w-]{20}/],
  ['a DigitalOcean token', /(?<![\w-])do[opr]_v1_[a-f0-9]{64}/],
  ['a Hugging Face token', /(?<![\w-])hf_[A-Za-z0-9]{34}(?![\w-])/],
  ['an API key', /(?<![\w-])sk-(?:(?:ant|proj|svcacct|admin|or)-[\w-]{20}|[A-Za-z0-9]{20}T3BlbkFJ)/],
  ['a SendGrid key', /(?<![\w-])SG\.[\w-]{22}\.[\w-]{43}(?![\w-])/],
  ['a Telegram token', /(?<!\w)\d{8,10}:AA[\w-]{33}(?![\w-])/],
  ['a 1Password token', /(?<![\w-])ops_eyJ[\w-]{20}/],
  ['an Azure key', /(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40}/],
  ['a JSON Web Token', /(?<![\w.-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16}/],
  ['credentials in a header', /\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)\s{1,4}[\w+/.~-]{16}/i],
  // Not where another one is to be put in: `${PASSWORD}`, `{{password}}`, `<password>`, `***`.
  ['a URL with a password', /:\/\/[^\s/?#:@]{0,128}:[^\s/?#@$*<{][^\s/?#@]{0,128}@/],
];

/** How the names of secrets end: `DB_PASSWORD`, `PGPASSWORD`, `db.password`, `apiKey`. */
const WORDS =
  'PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|API_?KEY|SECRET_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CONNECTION_?STRING';
const NAME = new RegExp(`(?:^|[^A-Z])(?:${WORDS})$|PASSWORD$`);

/** A shorter value guards nothing. */
const SHORTEST = 6;

/** The value comes from elsewhere: `${NAME}`, `$(cat …)`, `{{name}}`, `<name>`, a reference. */
const FROM_ELSEWHERE = /^(?:[$<`]|\{\{|secret:)/;

/** `NAME=value` in a line of its own, as files of variables have it. */
const ASSIGNMENT = /^(?:export )?([A-Z][A-Z0-9_]{0,63})=["']?([^\s"']{0,256})/gm;

/** Which form of a secret stands in this text, in words; undefined where none does. */
export function secretFormIn(text: string): string | undefined {
  const form = FORMS.find(([, pattern]) => pattern.test(text));
  if (form) return form[0];
  const assigned = text.matchAll(ASSIGNMENT).some(([, name = '', value = '']) => isNamedSecret(name, value));
  return assigned ? 'a password' : undefined;
}

/** Whether a variable or key of this name has a secret for its value, and not what stands for one. */
export function isNamedSecret(name: string, value: string): boolean {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  return NAME.test(words) && value.length >= SHORTEST && !FROM_ELSEWHERE.test(value);
}
