/** The commands and what each of them understands. */

import { ACCOUNT_SETTINGS, SERVE_SETTINGS, type SettingsTable } from './settings.ts'

/** The names of all commands. */
export type CommandName = 'serve' | 'login' | 'logout' | 'info' | 'models'

/** A flag that stands alone and is no setting. */
export interface Switch {
  /** Without its dashes. */
  readonly flag: string
  readonly help: string
}

/** What a command understands. */
export interface CommandDescription {
  /** What it does, for the list of commands. */
  readonly summary: string
  /** The first sentences of its own help. */
  readonly description: string
  readonly switches: readonly Switch[]
  readonly settings: SettingsTable
}

const verbose: Switch = { flag: 'verbose', help: 'tell on standard error what happens' }
const json: Switch = { flag: 'json', help: 'print JSON, without secrets, for programs' }

/** All commands, in the order of the help text. */
export const COMMANDS: Readonly<Record<CommandName, CommandDescription>> = {
  serve: {
    summary: 'run the server (--demo: without an account)',
    description: 'Runs the server.',
    switches: [{ flag: 'demo', help: 'answer from the embedded demo: no account, no network' }],
    settings: SERVE_SETTINGS,
  },
  login: {
    summary: 'sign in to ChatGPT',
    description:
      'Signs in to ChatGPT. The login that is there stays in use until the new one is complete.',
    switches: [
      { flag: 'headless', help: 'sign in with a code, on any other device' },
      { flag: 'device', help: 'the same as --headless' },
      { flag: 'no-browser', help: 'print the address to open instead of opening a browser' },
      verbose,
    ],
    settings: ACCOUNT_SETTINGS,
  },
  logout: {
    summary: 'sign out and remove the login',
    description:
      'Removes the login and ends it at ChatGPT. A login of the Codex CLI that is used in place is\nleft alone.',
    switches: [verbose],
    settings: ACCOUNT_SETTINGS,
  },
  info: {
    summary: 'show the account, its usage and where things are kept',
    description: 'Shows the account, its usage and where things are kept.',
    switches: [json, verbose],
    settings: ACCOUNT_SETTINGS,
  },
  models: {
    summary: 'list the models of the account',
    description: 'Lists the models of the account.',
    switches: [json, verbose],
    settings: ACCOUNT_SETTINGS,
  },
}

/** Returns the command of a name that people use, or `undefined`. */
export function commandNamed(name: string): CommandName | undefined {
  if (name === 'status') return 'info'
  return Object.hasOwn(COMMANDS, name) ? (name as CommandName) : undefined
}
