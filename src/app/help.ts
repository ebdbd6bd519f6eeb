/** What `--help` prints. */

import { SERVE_SETTINGS, type Setting } from './settings.ts'

/** The help of the program. */
export const HELP = `chatmock: your ChatGPT account as a local OpenAI API

Usage: chatmock COMMAND [flags]

Commands:
  serve      run the server (--demo: without an account)

  --help     this text; chatmock COMMAND --help tells of one command
  --version  the version
`

/** What follows the complaint about a flag of `chatmock serve`. */
export const SERVE_USAGE = `Usage: chatmock serve [flags]
chatmock serve --help lists the flags.`

/** Returns the help of `chatmock serve`, made from the table of settings. */
export function serveHelp(): string {
  const settings: readonly Setting<unknown>[] = Object.values(SERVE_SETTINGS)
  const flags = settings.filter(({ flag }) => flag !== undefined)
  const variables = settings.filter(({ flag }) => flag === undefined)
  const rows = [
    ['--demo', 'answer from the embedded demo: no account, no network'],
    ...flags.map(setting => [
      `--${setting.flag} ${setting.kind.placeholder}`.trimEnd(),
      describe(setting),
    ]),
  ]
  return `Usage: chatmock serve [flags]

Runs the server.

Flags:
${table(rows)}

Environment: each flag but --demo is also a variable, --log-level for instance
CHATGPT_LOCAL_LOG_LEVEL. A flag wins. Variables without a flag:
${table(variables.map(setting => [setting.variable, describe(setting)]))}

Proxies and authorities: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS and SSL_CERT_FILE
are honoured.
`
}

function describe({ help, fallback }: Setting<unknown>): string {
  return fallback ? `${help} (${fallback})` : help
}

/** The widest name that still has its text beside it; a longer one has it below. */
const MAX_NAME_WIDTH = 34

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
