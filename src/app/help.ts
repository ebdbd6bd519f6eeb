/** What `--help` prints. */

import { COMMANDS, type CommandName } from './commands.ts'
import type { Setting } from './settings.ts'

/** The widest name that still has its text beside it; a longer one has it below. */
const MAX_NAME_WIDTH = 34

/** The help of the program. */
export const HELP = `chatmock: your ChatGPT account as a local OpenAI and Ollama API

Usage: chatmock COMMAND [flags]

Commands:
${table(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]))}

  --help     this text; chatmock COMMAND --help tells of one command
  --version  the version
`

/** Returns what follows the complaint about a flag of a command. */
export function commandUsage(name: CommandName): string {
  return `Usage: chatmock ${name} [flags]\nchatmock ${name} --help lists the flags.`
}

/** Returns the help of a command, made from its description. */
export function commandHelp(name: CommandName): string {
  const { description, switches, settings } = COMMANDS[name]
  const all: readonly Setting<unknown>[] = Object.values(settings)
  const rows = [
    ...switches.map(({ flag, help }) => [`--${flag}`, help]),
    ...all
      .filter(({ flag }) => flag !== undefined)
      .map(setting => [spelling(setting), describe(setting)]),
  ]
  const variables = all.filter(({ flag }) => flag === undefined)
  return `Usage: chatmock ${name} [flags]

${description}

Flags:
${table(rows)}

Environment: each setting above is also a variable, --auth-file for instance
CHATGPT_LOCAL_AUTH_FILE. A flag wins. Variables without a flag:
${table(variables.map(setting => [setting.variable, describe(setting)]))}

Proxies and authorities: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS and SSL_CERT_FILE
are honoured.
`
}

/** Returns a flag as it is typed; one that is on by itself is there to switch it off. */
function spelling({ flag, kind, fallback }: Setting<unknown>): string {
  const isOn = kind.placeholder === '' && fallback === 'on'
  return `--${isOn ? 'no-' : ''}${flag} ${kind.placeholder}`.trimEnd()
}

function describe({ help, fallback }: Setting<unknown>): string {
  return fallback ? `${help} (${fallback})` : help
}

function table(rows: readonly (readonly string[])[]): string {
  const widest = Math.min(MAX_NAME_WIDTH, Math.max(...rows.map(([name = '']) => name.length)))
  return rows
    .map(([name = '', text = '']) =>
      name.length > widest
        ? `  ${name}\n  ${' '.repeat(widest)}  ${text}`
        : `  ${name.padEnd(widest)}  ${text}`,
    )
    .join('\n')
}
