/** Every setting: its names, its values, its default. */

import { homedir } from 'node:os'
import { REASONING_MODES } from '../adapters/openai/chat/reasoning.ts'
import { LOG_FORMATS, LOG_LEVELS } from '../adapters/terminal/log.ts'
import { EFFORTS, SUMMARIES } from '../domain/conversation.ts'
import { UsageError } from './exit.ts'
import {
  boolean,
  duration,
  file,
  list,
  oneOf,
  port,
  portOrOff,
  positiveDuration,
  secureUrl,
  size,
  text,
  type ValueKind,
  version,
} from './values.ts'

/** One setting. A flag wins over the environment, which wins over the default. */
export interface Setting<T> {
  readonly variable: string
  /** Without its dashes; `undefined` for the settings that few need, in a unit file. */
  readonly flag: string | undefined
  readonly kind: ValueKind<T>
  /** The default as a person would write it; `undefined` for none. */
  readonly fallback: string | undefined
  readonly help: string
}

/** The variables of a process. An empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The flags of a command line as they were given. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** What every command that uses the account needs to know. */
// biome-ignore format: a table
export const ACCOUNT_SETTINGS = {
  authFile:            optionalFlag('AUTH_FILE', file, 'the login to use; ~/.codex/auth.json is used in place'),
  baseUrl:             flag('BASE_URL', secureUrl, 'https://chatgpt.com/backend-api', 'where ChatGPT is'),

  home:                variable('HOME', file, '~/.chatgpt-local', 'where the login is kept'),
  codexHome:           { ...variable('', file, '~/.codex', 'where the Codex CLI keeps its login'), variable: 'CODEX_HOME' },
  clientId:            variable('CLIENT_ID', text, 'app_EMoamEEZ73f0CkXaXp7hrann', 'OAuth client'),
  issuer:              variable('ISSUER', secureUrl, 'https://auth.openai.com', 'OAuth issuer'),
  clientVersion:       variable('CLIENT_VERSION', version, '0.169.0', 'the Codex version whose models to ask for'),
  connectTimeoutMs:    variable('CONNECT_TIMEOUT', positiveDuration, '10s', 'upstream: to connect'),
}

/** The settings of `chatmock serve`, in the order of the help text. */
// biome-ignore format: a table
export const SERVE_SETTINGS = {
  host:                flag('HOST', text, '127.0.0.1', 'address to listen on'),
  port:                flag('PORT', port, '8000', 'port to listen on; 0 takes a free one'),
  ollamaPort:          flag('OLLAMA_PORT', portOrOff, 'off', 'a second port, on which it passes for Ollama: 11434'),
  upstream:            flag('UPSTREAM', oneOf(['chatgpt', 'demo']), 'chatgpt', 'who answers: your account, or the embedded demo'),
  demoPaceMs:          flag('DEMO_PACE', duration, '20ms', 'pause of the demo between two words'),
  reasoningEffort:     optionalFlag('REASONING_EFFORT', oneOf(EFFORTS), 'how hard to think where a request does not say'),
  reasoningSummary:    flag('REASONING_SUMMARY', oneOf(SUMMARIES), 'auto', 'how much of the reasoning to tell'),
  reasoningCompat:     flag('REASONING_COMPAT', oneOf(REASONING_MODES), 'reasoning-content', 'where a chat answer puts the reasoning'),
  fastMode:            flag('FAST_MODE', boolean, 'off', 'use the fast tier where the model has one'),
  enableWebSearch:     flag('ENABLE_WEB_SEARCH', boolean, 'off', 'let the model search the web in every request'),
  exposeReasoningModels: flag('EXPOSE_REASONING_MODELS', boolean, 'off', 'list each model with each of its efforts too'),
  strict:              flag('STRICT', boolean, 'off', 'refuse fields without effect rather than ignore them'),
  debugModel:          optionalFlag('DEBUG_MODEL', text, 'use this model for every request'),
  modelSync:           flag('MODEL_SYNC', boolean, 'on', 'whether to ask ChatGPT for the models of the account'),
  modelRefreshMs:      flag('MODEL_REFRESH_INTERVAL', duration, '1h', 'how old the list of models may get'),
  prompt:              optionalFlag('PROMPT', file, 'system text for requests that bring none'),
  corsOrigins:         flag('CORS_ORIGINS', list, '', 'more web origins that may call'),
  allowedHosts:        flag('ALLOWED_HOSTS', list, '', 'more host names to answer to'),
  insecureNoAuth:      flag('INSECURE_NO_AUTH', boolean, 'off', 'listen beyond this machine; anybody there can then use your account'),
  allowEphemeralRefresh: flag('ALLOW_EPHEMERAL_REFRESH', boolean, 'off', 'renew a login that cannot be saved'),
  shutdownGraceMs:     flag('SHUTDOWN_GRACE', duration, '20s', 'how long running answers may take after Ctrl-C'),
  logLevel:            flag('LOG_LEVEL', oneOf(LOG_LEVELS), 'info', 'how much to log'),
  logFormat:           flag('LOG_FORMAT', oneOf(LOG_FORMATS), 'text', 'how to log'),
  ...ACCOUNT_SETTINGS,

  bodyLimitBytes:      variable('BODY_LIMIT', size, '64MiB', 'largest request body'),
  firstEventTimeoutMs: variable('FIRST_EVENT_TIMEOUT', positiveDuration, '120s', 'upstream: to begin'),
  idleTimeoutMs:       variable('IDLE_TIMEOUT', positiveDuration, '600s', 'upstream: silence'),
  headersTimeoutMs:    variable('HEADERS_TIMEOUT', duration, '15s', 'clients: to send the head'),
  requestTimeoutMs:    variable('REQUEST_TIMEOUT', duration, '120s', 'clients: to send it all'),
  keepAliveTimeoutMs:  variable('KEEPALIVE_TIMEOUT', duration, '65s', 'clients: idle connections'),
  checkIntervalMs:     variable('CHECK_INTERVAL', positiveDuration, '2s', 'how often those are looked at'),
  heartbeatMs:         variable('HEARTBEAT', positiveDuration, '15s', 'silence before a sign of life'),
  commitDelayMs:       variable('COMMIT_DELAY', duration, '10s', 'wait for output before the status'),
}

/** Settings by the names that the code knows them by. */
export type SettingsTable = Readonly<Record<string, Setting<unknown>>>

type Value<S> = S extends Setting<infer T> ? T : never

/** The values of a table of settings, ready to use. */
export type SettingsOf<Table> = { readonly [Name in keyof Table]: Value<Table[Name]> }
/** The values of {@link ACCOUNT_SETTINGS}. */
export type AccountSettings = SettingsOf<typeof ACCOUNT_SETTINGS>
/** The values of {@link SERVE_SETTINGS}. */
export type ServeSettings = SettingsOf<typeof SERVE_SETTINGS>

/**
 * Reads the settings of a table from the flags that were given and the environment.
 *
 * @throws UsageError on the first value that cannot be used; it names the setting, the value
 *   and what is allowed.
 */
export function readSettings<Table extends SettingsTable>(
  table: Table,
  flags: Flags,
  environment: Environment,
): SettingsOf<Table> {
  const entries = Object.entries(table).map(([name, setting]) => [
    name,
    readSetting(setting, flags, environment),
  ])
  return Object.fromEntries(entries) as SettingsOf<Table>
}

function readSetting(setting: Setting<unknown>, flags: Flags, environment: Environment): unknown {
  const given = setting.flag === undefined ? undefined : flags[setting.flag]
  const raw = given ?? (environment[setting.variable] || setting.fallback)
  if (raw === undefined) return undefined
  const value = setting.kind.read(String(raw), environment['HOME'] || homedir())
  if (value !== undefined) return value
  const name = given === undefined ? setting.variable : `--${setting.flag}`
  throw new UsageError(`${name} is ${JSON.stringify(raw)}; it must be ${setting.kind.allowed}.`)
}

function variable<T>(
  name: string,
  kind: ValueKind<T>,
  fallback: string | undefined,
  help: string,
): Setting<T> {
  return { variable: `CHATGPT_LOCAL_${name}`, flag: undefined, kind, fallback, help }
}

function flag<T>(
  name: string,
  kind: ValueKind<T>,
  fallback: string | undefined,
  help: string,
): Setting<T> {
  return {
    ...variable(name, kind, fallback, help),
    flag: name.toLowerCase().replaceAll('_', '-'),
  }
}

function optionalFlag<T>(name: string, kind: ValueKind<T>, help: string): Setting<T | undefined> {
  return flag<T | undefined>(name, kind, undefined, help)
}
