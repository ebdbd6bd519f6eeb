/** From the command line and the environment to a command. */

import { parseArgs } from 'node:util'
import { COMMANDS, type CommandName, commandNamed } from './commands.ts'
import { UsageError } from './exit.ts'
import { commandHelp, commandUsage, HELP } from './help.ts'
import {
  ACCOUNT_SETTINGS,
  type AccountSettings,
  type Environment,
  type Flags,
  readSettings,
  SERVE_SETTINGS,
  type ServeSettings,
} from './settings.ts'

/** What a command line asks for. */
export type Command =
  | { readonly type: 'serve'; readonly settings: ServeSettings; readonly network: NetworkSettings }
  | (LoginCommand & { readonly type: 'login' })
  | (AccountCommand & { readonly type: 'logout' })
  | (AccountCommand & { readonly type: 'info' | 'models'; readonly json: boolean })
  | { readonly type: 'help'; readonly text: string }
  | { readonly type: 'version' }

/** What the commands that use the account have in common. */
export interface AccountCommand {
  readonly settings: AccountSettings
  readonly network: NetworkSettings
  readonly verbose: boolean
}

/** How to sign in. */
export interface LoginCommand extends AccountCommand {
  /** With a code, on another device. */
  readonly headless: boolean
  readonly opensBrowser: boolean
}

/** How to reach the outside: the variables that all programs share. */
export interface NetworkSettings {
  /** Proxy URLs; '' for none. */
  readonly httpProxy: string
  readonly httpsProxy: string
  /** Hosts that are reached without a proxy, with commas between them. */
  readonly noProxy: string
  /** Files of certificate authorities to trust beside the ones that Node trusts by itself. */
  readonly authorityFiles: readonly string[]
}

/**
 * Reads a command line (without the names of the program).
 *
 * @throws UsageError for unknown commands and flags and for bad values.
 */
export function parseCommand(argv: readonly string[], environment: Environment): Command {
  const [name, ...rest] = argv
  switch (name) {
    case '--version':
    case '-V':
      return { type: 'version' }
    case '--help':
    case '-h':
      return { type: 'help', text: HELP }
    case 'help':
      return rest.length === 0
        ? { type: 'help', text: HELP }
        : parseCommand([...rest, '--help'], environment)
    case undefined:
      throw new UsageError(`No command.\n\n${HELP}`)
    default: {
      const command = commandNamed(name)
      if (command !== undefined) return parseNamed(command, rest, environment)
      const kind = name.startsWith('-') ? 'flag' : 'command'
      throw new UsageError(`Unknown ${kind}: ${name}\n\n${HELP}`)
    }
  }
}

function parseNamed(type: CommandName, argv: readonly string[], environment: Environment): Command {
  const flags = parseFlags(type, argv)
  if (flags['help']) return { type: 'help', text: commandHelp(type) }
  if (flags['version']) return { type: 'version' }
  const network = readNetwork(environment)
  if (type === 'serve') return { type, settings: readServeSettings(flags, environment), network }
  const account: AccountCommand = {
    settings: readSettings(ACCOUNT_SETTINGS, flags, environment),
    network,
    verbose: flags['verbose'] === true,
  }
  switch (type) {
    case 'login': {
      const headless = flags['headless'] === true || flags['device'] === true
      return { type, ...account, headless, opensBrowser: flags['browser'] !== false }
    }
    case 'logout':
      return { type, ...account }
    case 'info':
    case 'models':
      return { type, ...account, json: flags['json'] === true }
    default:
      return type satisfies never
  }
}

function readServeSettings({ demo, ...flags }: Flags, environment: Environment): ServeSettings {
  if (demo && flags['upstream'] !== undefined && flags['upstream'] !== 'demo') {
    throw new UsageError(`--demo and --upstream ${flags['upstream']} contradict each other.`)
  }
  return readSettings(SERVE_SETTINGS, demo ? { ...flags, upstream: 'demo' } : flags, environment)
}

function parseFlags(name: CommandName, argv: readonly string[]): Flags {
  const { switches, settings } = COMMANDS[name]
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'V' },
  }
  // The parser takes any flag that begins with "no-" for the opposite of another.
  for (const { flag } of switches) options[flag.replace(/^no-/, '')] = { type: 'boolean' }
  for (const { flag, kind } of Object.values(settings)) {
    if (flag !== undefined) options[flag] = { type: kind.placeholder === '' ? 'boolean' : 'string' }
  }
  try {
    return { ...parseArgs({ args: [...argv], options, allowNegative: true }).values }
  } catch (error) {
    // The parser's advice on "--" does not apply to a command without operands.
    const { message } = error as Error
    const sentence = message.replace(/\. To specify a positional.*$/s, '').replace(/\.$/, '')
    throw new UsageError(`${sentence}.\n${commandUsage(name)}`, { cause: error })
  }
}

function readNetwork(environment: Environment): NetworkSettings {
  const { SSL_CERT_FILE: own, NODE_EXTRA_CA_CERTS: nodes } = environment
  return {
    httpProxy: readProxy('HTTP_PROXY', environment),
    httpsProxy: readProxy('HTTPS_PROXY', environment),
    noProxy: either('NO_PROXY', environment),
    // Node reads its variable itself, but only into a list that naming any other file replaces.
    authorityFiles: own ? [own, ...(nodes ? [nodes] : [])] : [],
  }
}

/** Returns a proxy's URL; as for other programs, one without a scheme is spoken to in plain HTTP. */
function readProxy(name: string, environment: Environment): string {
  const value = either(name, environment)
  if (value === '') return ''
  const url = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    // The value is not repeated: a proxy's URL may hold a password.
    throw new UsageError(`${name} must be the http:// or https:// URL of a proxy, or host:port.`)
  }
  return url
}

/** Both spellings are in use; the lower-case one is the older and wins. */
function either(name: string, environment: Environment): string {
  return environment[name.toLowerCase()] || environment[name] || ''
}
