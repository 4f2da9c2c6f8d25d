import type { CommandLine, CompletedCommand } from './command-line.ts';

/** A completion for bash 3 and newer, without the package bash-completion. */
export function bashScript(commands: CommandLine): string {
  const options = commands.flatMap((command) => command.options);
  const choices = new Map(options.filter(({ value }) => value === 'choice').map((option) => [option.long, option.choices]));
  const files = new Set(options.filter(({ value }) => value === 'file').map(({ long }) => long));
  const texts = new Set(options.filter(({ value }) => value === 'text').map(({ long }) => long));
  return `# bash completion for reembed; written by reembed completion bash
# Readline itself quotes names of files; bash before version 4 cannot be asked to.
_reembed_files() {
  local name
  compopt -o default 2> /dev/null || while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$1")
}
_reembed() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command="" words="" i
  COMPREPLY=()
  # bash takes the sign of --option=value for a word.
  if [ "$current" = "=" ]; then
    current=""
  elif [ "$previous" = "=" ]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${commands
        .filter(({ path }) => path.length > 0)
        .map(({ path }) => `" ${path.join(' ')}"`)
        .join(' | ')}) command="$command \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$previous" in
${[...choices].map(([long, values]) => `    ${long}) COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$current")); return ;;`).join('\n')}
    ${[...files].join(' | ')}) _reembed_files "$current"; return ;;
    ${[...texts].join(' | ')}) return ;;
  esac
  case "$command" in
${commands.map((command) => `    "${command.path.map((word) => ` ${word}`).join('')}") words='${wordsOf(command)}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _reembed reembed
`;
}

function wordsOf({ words, options }: CompletedCommand): string {
  return [...words.map(({ name }) => name), ...options.map(({ long }) => long)].join(' ');
}
