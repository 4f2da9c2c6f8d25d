import { Argument, Command } from 'commander';
import { bashScript } from './completion/bash.ts';
import { type CommandLine, describeCommandLine } from './completion/command-line.ts';
import { fishScript } from './completion/fish.ts';
import { zshScript } from './completion/zsh.ts';

const SCRIPTS: Record<string, (commandLine: CommandLine) => string> = { bash: bashScript, zsh: zshScript, fish: fishScript };

const HELP = `
  reembed completion bash > /etc/bash_completion.d/reembed        or ~/.local/share/bash-completion/completions/reembed
  reembed completion zsh > "\${fpath[1]}/_reembed"
  reembed completion fish > ~/.config/fish/completions/reembed.fish

It completes the command reembed, so node_modules/.bin of your project, or a global installation, has to be in PATH.`;

/**
 * `reembed completion`: prints a script that completes commands, options and their values.
 *
 * @param loadProgram returns the program with all of its commands
 */
export function completionCommand(loadProgram: () => Promise<Command>): Command {
  return new Command('completion')
    .description('print a script for your shell that completes commands and options')
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action(async (shell: string) => {
      const script = SCRIPTS[shell]?.(describeCommandLine(await loadProgram()));
      if (script) process.stdout.write(script);
    });
}
