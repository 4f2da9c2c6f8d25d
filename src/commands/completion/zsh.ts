import type { CommandLine, CompletedCommand } from './command-line.ts';

/** A completion for zsh, with the descriptions of the help. */
export function zshScript(commands: CommandLine): string {
  const options = commands.flatMap((command) => command.options);
  const choices = new Map(options.filter(({ value }) => value === 'choice').map((option) => [option.long, option.choices]));
  const files = new Set(options.filter(({ value }) => value === 'file').map(({ long }) => long));
  const texts = new Set(options.filter(({ value }) => value === 'text').map(({ long }) => long));
  return `#compdef reembed
# zsh completion for reembed; written by reembed completion zsh
_reembed() {
  local command="" word
  local -a entries
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command $word" in
      ${commands
        .filter(({ path }) => path.length > 0)
        .map(({ path }) => `" ${path.join(' ')}"`)
        .join('|')}) command="$command $word" ;;
    esac
  done
  case "$words[CURRENT-1]" in
${[...choices].map(([long, values]) => `    ${long}) compadd -- ${values.join(' ')}; return ;;`).join('\n')}
    ${[...files].join('|')}) _files; return ;;
    ${[...texts].join('|')}) return ;;
  esac
  case "$command" in
${commands.map(entriesOf).join('\n')}
  esac
  _describe 'reembed' entries
}
# Called when it is loaded from fpath, defined when it is sourced.
if [ "$funcstack[1]" = "_reembed" ]; then _reembed "$@"; else compdef _reembed reembed; fi
`;
}

function entriesOf({ path, words, options }: CompletedCommand): string {
  const entries = [...words, ...options.map(({ long, description }) => ({ name: long, description }))];
  const lines = entries.map(({ name, description }) => `      '${name}:${description}'`);
  return `    "${path.map((word) => ` ${word}`).join('')}") entries=(\n${lines.join('\n')}\n    ) ;;`;
}
