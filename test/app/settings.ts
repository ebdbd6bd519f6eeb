import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ACCOUNT_SETTINGS, readSettings, SERVE_SETTINGS } from '../../src/app/settings.ts'

const HOME = '/home/ada'

t.test('has a default for everything', async t => {
  t.strictSame(readSettings(SERVE_SETTINGS, {}, { HOME }), {
    host: '127.0.0.1',
    port: 8000,
    ollamaPort: 'off',
    upstream: 'chatgpt',
    demoPaceMs: 20,
    reasoningEffort: undefined,
    reasoningSummary: 'auto',
    reasoningCompat: 'reasoning-content',
    fastMode: false,
    enableWebSearch: false,
    exposeReasoningModels: false,
    strict: false,
    debugModel: undefined,
    prompt: undefined,
    authFile: undefined,
    baseUrl: 'https://chatgpt.com/backend-api',
    corsOrigins: [],
    allowedHosts: [],
    insecureNoAuth: false,
    shutdownGraceMs: 20_000,
    logLevel: 'info',
    logFormat: 'text',
    home: '/home/ada/.chatgpt-local',
    codexHome: '/home/ada/.codex',
    clientVersion: '0.169.0',
    modelSync: true,
    modelRefreshMs: 3_600_000,
    allowEphemeralRefresh: false,
    clientId: 'app_EMoamEEZ73f0CkXaXp7hrann',
    issuer: 'https://auth.openai.com',
    bodyLimitBytes: 67_108_864,
    connectTimeoutMs: 10_000,
    firstEventTimeoutMs: 120_000,
    idleTimeoutMs: 600_000,
    headersTimeoutMs: 15_000,
    requestTimeoutMs: 120_000,
    keepAliveTimeoutMs: 65_000,
    checkIntervalMs: 2000,
    heartbeatMs: 15_000,
    commitDelayMs: 10_000,
  })
})

t.test('the account has the same settings for every command', async t => {
  t.strictSame(readSettings(ACCOUNT_SETTINGS, { 'auth-file': 'a.json' }, { HOME }), {
    authFile: 'a.json',
    baseUrl: 'https://chatgpt.com/backend-api',
    home: '/home/ada/.chatgpt-local',
    codexHome: '/home/ada/.codex',
    clientId: 'app_EMoamEEZ73f0CkXaXp7hrann',
    issuer: 'https://auth.openai.com',
    clientVersion: '0.169.0',
    connectTimeoutMs: 10_000,
  })
})

t.test('asks the system for the home folder where HOME is not set', async t => {
  t.equal(readSettings(SERVE_SETTINGS, {}, {}).home, join(homedir(), '.chatgpt-local'))
  t.equal(readSettings(SERVE_SETTINGS, {}, { HOME: '' }).home, join(homedir(), '.chatgpt-local'))
})

const precedence: [
  title: string,
  flag: string | undefined,
  variable: string | undefined,
  port: number,
][] = [
  ['the default without anything', undefined, undefined, 8000],
  ['the environment before the default', undefined, '8001', 8001],
  ['the flag before the environment', '8002', '8001', 8002],
  ['the flag before a variable that makes no sense', '8002', 'none', 8002],
  ['the default where the variable is empty', undefined, '', 8000],
]
for (const [title, flag, variable, port] of precedence) {
  t.test(`takes ${title}`, async t => {
    t.equal(
      readSettings(SERVE_SETTINGS, { port: flag }, { HOME, CHATGPT_LOCAL_PORT: variable }).port,
      port,
    )
  })
}

t.test('a flag may take back what the environment says', async t => {
  const environment = { HOME, CHATGPT_LOCAL_INSECURE_NO_AUTH: 'yes' }
  t.equal(readSettings(SERVE_SETTINGS, {}, environment).insecureNoAuth, true)
  t.equal(
    readSettings(SERVE_SETTINGS, { 'insecure-no-auth': false }, environment).insecureNoAuth,
    false,
  )
  t.equal(readSettings(SERVE_SETTINGS, { 'insecure-no-auth': true }, { HOME }).insecureNoAuth, true)
})

const fromEnvironment: [
  variable: string,
  text: string,
  name: keyof typeof SERVE_SETTINGS,
  value: unknown,
][] = [
  ['CHATGPT_LOCAL_HOST', '::1', 'host', '::1'],
  ['CHATGPT_LOCAL_OLLAMA_PORT', '11434', 'ollamaPort', 11_434],
  ['CHATGPT_LOCAL_UPSTREAM', 'demo', 'upstream', 'demo'],
  ['CHATGPT_LOCAL_DEMO_PACE', '1s', 'demoPaceMs', 1000],
  ['CHATGPT_LOCAL_REASONING_EFFORT', 'xhigh', 'reasoningEffort', 'xhigh'],
  ['CHATGPT_LOCAL_REASONING_SUMMARY', 'none', 'reasoningSummary', 'none'],
  ['CHATGPT_LOCAL_DEBUG_MODEL', 'gpt-5', 'debugModel', 'gpt-5'],
  ['CHATGPT_LOCAL_PROMPT', 'own.md', 'prompt', 'own.md'],
  ['CHATGPT_LOCAL_AUTH_FILE', '~/.codex/auth.json', 'authFile', '/home/ada/.codex/auth.json'],
  ['CHATGPT_LOCAL_BASE_URL', 'http://127.0.0.1:9/', 'baseUrl', 'http://127.0.0.1:9'],
  ['CHATGPT_LOCAL_CORS_ORIGINS', 'https://a.example', 'corsOrigins', ['https://a.example']],
  ['CHATGPT_LOCAL_ALLOWED_HOSTS', 'a, b', 'allowedHosts', ['a', 'b']],
  ['CHATGPT_LOCAL_SHUTDOWN_GRACE', '0', 'shutdownGraceMs', 0],
  ['CHATGPT_LOCAL_LOG_LEVEL', 'debug', 'logLevel', 'debug'],
  ['CHATGPT_LOCAL_LOG_FORMAT', 'json', 'logFormat', 'json'],
  ['CHATGPT_LOCAL_HOME', '/srv/chatmock', 'home', '/srv/chatmock'],
  ['CHATGPT_LOCAL_CLIENT_ID', 'app_1', 'clientId', 'app_1'],
  ['CHATGPT_LOCAL_ISSUER', 'https://issuer.example/', 'issuer', 'https://issuer.example'],
  ['CODEX_HOME', '~/codex', 'codexHome', '/home/ada/codex'],
  ['CHATGPT_LOCAL_CLIENT_VERSION', '1.2.3', 'clientVersion', '1.2.3'],
  ['CHATGPT_LOCAL_MODEL_SYNC', 'off', 'modelSync', false],
  ['CHATGPT_LOCAL_MODEL_REFRESH_INTERVAL', '60', 'modelRefreshMs', 60_000],
  ['CHATGPT_LOCAL_ALLOW_EPHEMERAL_REFRESH', '1', 'allowEphemeralRefresh', true],
  ['CHATGPT_LOCAL_BODY_LIMIT', '1KiB', 'bodyLimitBytes', 1024],
  ['CHATGPT_LOCAL_CONNECT_TIMEOUT', '1s', 'connectTimeoutMs', 1000],
  ['CHATGPT_LOCAL_FIRST_EVENT_TIMEOUT', '2s', 'firstEventTimeoutMs', 2000],
  ['CHATGPT_LOCAL_IDLE_TIMEOUT', '3s', 'idleTimeoutMs', 3000],
  ['CHATGPT_LOCAL_HEADERS_TIMEOUT', '4s', 'headersTimeoutMs', 4000],
  ['CHATGPT_LOCAL_REQUEST_TIMEOUT', '5s', 'requestTimeoutMs', 5000],
  ['CHATGPT_LOCAL_KEEPALIVE_TIMEOUT', '6s', 'keepAliveTimeoutMs', 6000],
  ['CHATGPT_LOCAL_CHECK_INTERVAL', '7s', 'checkIntervalMs', 7000],
  ['CHATGPT_LOCAL_HEARTBEAT', '8s', 'heartbeatMs', 8000],
  ['CHATGPT_LOCAL_COMMIT_DELAY', '9s', 'commitDelayMs', 9000],
]
for (const [variable, text, name, value] of fromEnvironment) {
  t.test(`reads ${variable}`, async t => {
    t.strictSame(readSettings(SERVE_SETTINGS, {}, { HOME, [variable]: text })[name], value)
  })
}

t.test('names each flag as its variable', async t => {
  const flags = Object.values(SERVE_SETTINGS).map(({ flag }) => flag)
  t.strictSame(
    flags.filter(flag => flag !== undefined),
    [
      'host',
      'port',
      'ollama-port',
      'upstream',
      'demo-pace',
      'reasoning-effort',
      'reasoning-summary',
      'reasoning-compat',
      'fast-mode',
      'enable-web-search',
      'expose-reasoning-models',
      'strict',
      'debug-model',
      'model-sync',
      'model-refresh-interval',
      'prompt',
      'cors-origins',
      'allowed-hosts',
      'insecure-no-auth',
      'allow-ephemeral-refresh',
      'shutdown-grace',
      'log-level',
      'log-format',
      'auth-file',
      'base-url',
    ],
  )
})

const refused: [
  title: string,
  flags: Record<string, string>,
  environment: Record<string, string>,
  message: string,
][] = [
  [
    'a flag by its name on the command line',
    { port: '70000' },
    {},
    '--port is "70000"; it must be a port number from 0 (any free one) to 65535.',
  ],
  [
    'a variable by its name',
    {},
    { CHATGPT_LOCAL_PORT: 'http' },
    'CHATGPT_LOCAL_PORT is "http"; it must be a port number from 0 (any free one) to 65535.',
  ],
  [
    'that a port may be off',
    { 'ollama-port': 'on' },
    {},
    '--ollama-port is "on"; it must be a port number from 0 (any free one) to 65535, or off.',
  ],
  [
    'an empty flag',
    { host: '' },
    { CHATGPT_LOCAL_HOST: '::1' },
    '--host is ""; it must be a text that is not empty.',
  ],
  [
    'the words that are allowed',
    { 'reasoning-summary': 'all' },
    {},
    '--reasoning-summary is "all"; it must be one of auto, concise, detailed, none.',
  ],
  [
    'the spellings of a boolean',
    {},
    { CHATGPT_LOCAL_INSECURE_NO_AUTH: 'sure' },
    'CHATGPT_LOCAL_INSECURE_NO_AUTH is "sure"; it must be 1, true, yes, on, 0, false, no or off.',
  ],
  [
    'the spellings of a size',
    {},
    { CHATGPT_LOCAL_BODY_LIMIT: '64MB' },
    'CHATGPT_LOCAL_BODY_LIMIT is "64MB"; it must be a size such as 64MiB, 512KiB or 1GiB (a bare number is bytes).',
  ],
  [
    'the spellings of a duration',
    { 'shutdown-grace': 'soon' },
    {},
    '--shutdown-grace is "soon"; it must be a duration such as 500ms, 2s, 10m or 1h (a bare number is seconds), at most 24 days.',
  ],
  [
    'a heartbeat without a pause',
    {},
    { CHATGPT_LOCAL_HEARTBEAT: '0' },
    'CHATGPT_LOCAL_HEARTBEAT is "0"; it must be above zero, and a duration such as 500ms, 2s, 10m or 1h (a bare number is seconds), at most 24 days.',
  ],
  [
    'a version that is none',
    {},
    { CHATGPT_LOCAL_CLIENT_VERSION: 'latest' },
    'CHATGPT_LOCAL_CLIENT_VERSION is "latest"; it must be a version such as 0.169.0.',
  ],
  [
    'an address that would get the tokens in the clear',
    { 'base-url': 'http://chatgpt.com' },
    {},
    '--base-url is "http://chatgpt.com"; it must be an https:// URL without user, query and fragment (http:// only for 127.0.0.1, [::1] and localhost).',
  ],
]
for (const [title, flags, environment, message] of refused) {
  t.test(`refuses and names ${title}`, async t => {
    t.throws(() => readSettings(SERVE_SETTINGS, flags, { HOME, ...environment }), {
      name: 'UsageError',
      exitCode: 2,
      message,
    })
  })
}
