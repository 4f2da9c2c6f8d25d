import type { CommandLine, CompletedCommand, CompletedOption } from './command-line.ts';

/** A completion for fish, with the descriptions of the help. */
export function fishScript(commands: CommandLine): string {
  return `# fish completion for reembed; written by reembed completion fish
complete -c reembed -f
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, words, options }: CompletedCommand): string[] {
  const names = words.map(({ name }) => name).join(' ');
  const within = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const before = words.length === 0 ? [] : [path.length === 0 ? '__fish_use_subcommand' : `not __fish_seen_subcommand_from ${names}`];
  const condition = (parts: readonly string[]) => (parts.length === 0 ? '' : ` -n '${parts.join('; and ')}'`);
  return [
    ...words.map(({ name, description }) => `complete -c reembed${condition([...within, ...before])} -a ${name} -d '${description}'`),
    ...options.map((option) => `complete -c reembed${condition([...within, ...before])} ${optionOf(option)}`),
  ];
}

function optionOf({ long, short, description, value, choices }: CompletedOption): string {
  const takes = { none: '', text: ' -x', file: ' -rF', choice: ` -xa '${choices.join(' ')}'` }[value];
  return `-l ${long.replace(/^--/, '')}${short ? ` -s ${short.replace(/^-/, '')}` : ''}${takes} -d '${description}'`;
}
