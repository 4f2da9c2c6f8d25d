const MARK = '[key]';
// Shorter values are ordinary words, such as the "test" of a local server: masking them everywhere would corrupt paths.
const SHORTEST = 8;
// Minimum length in the message of a server that was given the secret.
const SHORTEST_QUOTED = 4;

const known = new Map<string, RegExp>();

/** Registers secrets that this process must not show: API keys, passwords, addresses that are secrets themselves. */
export function learnSecrets(...secrets: (string | undefined)[]): void {
  for (const secret of secrets)
    if (secret !== undefined && secret.length >= SHORTEST && !known.has(secret)) known.set(secret, formsOf(secret));
}

/**
 * Registers the password of an address. A password equal to a name that is also shown, as in postgres:postgres@, is not
 * masked on its own.
 */
export function learnPassword(address: string | undefined): void {
  const url = address === undefined ? undefined : URL.parse(address);
  if (!url?.password) return;
  const password = decoded(url.password);
  learnSecrets(`${url.username}:${url.password}@`, `${decoded(url.username)}:${password}`);
  if (![decoded(url.username), url.hostname, url.pathname.slice(1), url.protocol.slice(0, -1)].includes(password)) learnSecrets(password);
}

/** Replaces the secrets known to this process by a mark, in every encoding. Everything printed or stored passes through here. */
export function hideSecrets(text: string): string {
  let hidden = text;
  for (const forms of known.values()) hidden = hidden.replace(forms, MARK);
  return hidden;
}

/**
 * The same for the message of a server: also masks short secrets that it was given, and anything that looks like a key.
 *
 * @param secrets secrets that the server was given
 */
export function hideQuotedSecrets(text: string, secrets: readonly string[]): string {
  const quoted = secrets.filter((secret) => secret.length >= SHORTEST_QUOTED);
  return quoted
    .reduce((hidden, secret) => hidden.replace(formsOf(secret), MARK), hideSecrets(text))
    .replace(/\b(sk|pk|key)-[\w*-]{6,}/gi, MARK)
    .replace(/\b(Bearer|Basic) [\w+/=.~-]{8,}/gi, `$1 ${MARK}`)
    .replace(/:\/\/[^\s/@]+:[^\s/@]+@/g, `://${MARK}@`);
}

/** All forms in which a secret is found: each character literal or escaped for a URL, JSON or HTML; base64; hexadecimal. */
function formsOf(secret: string): RegExp {
  const forms = [Array.from(secret, characterForms).join(''), anyCase(Buffer.from(secret).toString('hex')), ...base64Forms(secret)];
  return new RegExp(forms.map((form) => `(?:${form})`).join('|'), 'g');
}

function characterForms(character: string): string {
  const code = anyCase((character.codePointAt(0) ?? 0).toString(16));
  const percent = [...Buffer.from(character)].map((byte) => `%(?:25)*${anyCase(byte.toString(16).padStart(2, '0'))}`).join('');
  const units = Array.from(
    { length: character.length },
    (_, at) => `\\\\u${anyCase(character.charCodeAt(at).toString(16).padStart(4, '0'))}`,
  );
  const escapes = [
    `\\\\*${character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}`,
    percent,
    units.join(''),
    `\\\\x${code}`,
    `&#0*${character.codePointAt(0)};`,
    `&#[xX]0*${code};`,
  ];
  if (character === ' ') escapes.push('\\+');
  const entity = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }[character];
  if (entity) escapes.push(`&${entity};`);
  return `(?:${escapes.join('|')})`;
}

/**
 * The base64 encoding of a secret that follows other bytes, as in `Bearer key` or `user:password`, depends on their number
 * modulo three. The forms contain the part that the secret alone determines, and match one more character on both sides.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    if (own.length < SHORTEST && before > 0) return [];
    const pattern = own.replace(/[+/]/g, (sign) => (sign === '+' ? '(?:[+-]|%2[bB])' : '(?:[/_]|\\\\/|%2[fF])'));
    return [`[\\w+/-]?${pattern}[\\w+/-]?(?:=|%3[dD]){0,2}`];
  });
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
