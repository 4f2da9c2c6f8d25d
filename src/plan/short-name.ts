/** Appends an ending to a name, which is shortened to stay within PostgreSQL's 63 bytes. */
export function shortName(name: string, ending: string): string {
  let short = name;
  while (Buffer.byteLength(short + ending) > 63) short = short.slice(0, -1);
  return short + ending;
}
