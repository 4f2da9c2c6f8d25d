const MARK = '[key]';
// Shorter ones are words that stand for no key, such as the "test" of a local server: masked everywhere they would tear holes into paths.
const SHORTEST = 8;
// In the words of a server that was given the secret.
const SHORTEST_QUOTED = 4;

const known = new Map<string, RegExp>();

/** Keeps in mind what must not be shown by this process: API keys, passwords, addresses that are secrets themselves. */
export function learnSecrets(...secrets: (string | undefined)[]): void {
  for (const secret of secrets)
    if (secret !== undefined && secret.length >= SHORTEST && !known.has(secret)) known.set(secret, formsOf(secret));
}

/** Keeps in mind the password of an address. One that is also shown as a name, as in postgres:postgres@, hides nothing on its own. */
export function learnPassword(address: string | undefined): void {
  const url = address === undefined ? undefined : URL.parse(address);
  if (!url?.password) return;
  const password = decoded(url.password);
  learnSecrets(`${url.username}:${url.password}@`, `${decoded(url.username)}:${password}`);
  if (![decoded(url.username), url.hostname, url.pathname.slice(1), url.protocol.slice(0, -1)].includes(password)) learnSecrets(password);
}

/** Replaces the secrets this process knows by a mark, however they are written. The one place that everything printed or stored goes through. */
export function hideSecrets(text: string): string {
  let hidden = text;
  for (const forms of known.values()) hidden = hidden.replace(forms, MARK);
  return hidden;
}

/**
 * The same for the words of a server: also short secrets that it was given, and what merely looks like a key.
 *
 * @param secrets what it was given
 */
export function hideQuotedSecrets(text: string, secrets: readonly string[]): string {
  const quoted = secrets.filter((secret) => secret.length >= SHORTEST_QUOTED);
  return quoted
    .reduce((hidden, secret) => hidden.replace(formsOf(secret), MARK), hideSecrets(text))
    .replace(/\b(sk|pk|key)-[\w*-]{6,}/gi, MARK)
    .replace(/\b(Bearer|Basic) [\w+/=.~-]{8,}/gi, `$1 ${MARK}`)
    .replace(/:\/\/[^\s/@]+:[^\s/@]+@/g, `://${MARK}@`);
}

/** Every form that a secret is found in: as it is, each character escaped for an address, for JSON or HTML, or not; base64; hexadecimal. */
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
 * In base64 a secret that follows other bytes, as in `Bearer key` or `user:password`, looks different by how many there are, modulo three.
 * What is left is what the secret alone decides, and with it a character to both sides.
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
