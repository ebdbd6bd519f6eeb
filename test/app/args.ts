import t from 'tap'
import { type NetworkSettings, parseCommand } from '../../src/app/args.ts'
import { commandHelp, HELP } from '../../src/app/help.ts'
import {
  ACCOUNT_SETTINGS,
  readSettings,
  SERVE_SETTINGS,
  type ServeSettings,
} from '../../src/app/settings.ts'

const HOME = '/home/ada'

const answered: [argv: string[], command: ReturnType<typeof parseCommand>][] = [
  [['--help'], { type: 'help', text: HELP }],
  [['-h'], { type: 'help', text: HELP }],
  [['help'], { type: 'help', text: HELP }],
  [['help', 'serve'], { type: 'help', text: commandHelp('serve') }],
  [['serve', '--help'], { type: 'help', text: commandHelp('serve') }],
  [['serve', '-h'], { type: 'help', text: commandHelp('serve') }],
  [['serve', '--port', 'none', '--help'], { type: 'help', text: commandHelp('serve') }],
  [['--version'], { type: 'version' }],
  [['-V'], { type: 'version' }],
  [['serve', '--version'], { type: 'version' }],
]
for (const [argv, command] of answered) {
  t.test(`understands chatmock ${argv.join(' ')}`, async t => {
    t.strictSame(parseCommand(argv, {}), command)
  })
}

const NO_NETWORK: NetworkSettings = {
  httpProxy: '',
  httpsProxy: '',
  noProxy: '',
  authorityFiles: [],
}

const served: [
  argv: string[],
  environment: Record<string, string>,
  settings: Partial<ServeSettings>,
][] = [
  [[], {}, {}],
  [['--port', '9000'], {}, { port: 9000 }],
  [['--port=9000'], {}, { port: 9000 }],
  [['--port', '1', '--port', '2'], {}, { port: 2 }],
  [['--port', '9000'], { CHATGPT_LOCAL_PORT: '9001' }, { port: 9000 }],
  [['--ollama-port', '11434'], {}, { ollamaPort: 11_434 }],
  [['--ollama-port=off'], { CHATGPT_LOCAL_OLLAMA_PORT: '11434' }, {}],
  [['--demo'], {}, { upstream: 'demo' }],
  [['--demo'], { CHATGPT_LOCAL_UPSTREAM: 'chatgpt' }, { upstream: 'demo' }],
  [['--demo', '--upstream', 'demo'], {}, { upstream: 'demo' }],
  [['--upstream', 'demo'], {}, { upstream: 'demo' }],
  [['--no-demo'], {}, {}],
  [['--insecure-no-auth'], {}, { insecureNoAuth: true }],
  [['--no-insecure-no-auth'], { CHATGPT_LOCAL_INSECURE_NO_AUTH: '1' }, {}],
  [['--host=::1', '--log-level=debug'], {}, { host: '::1', logLevel: 'debug' }],
]
for (const [argv, environment, settings] of served) {
  const variables = Object.entries(environment).map(pair => `${pair.join('=')} `)
  t.test(`understands ${variables.join('')}chatmock ${['serve', ...argv].join(' ')}`, async t => {
    t.strictSame(parseCommand(['serve', ...argv], { HOME, ...environment }), {
      type: 'serve',
      settings: { ...readSettings(SERVE_SETTINGS, {}, { HOME }), ...settings },
      network: NO_NETWORK,
    })
  })
}

const ACCOUNT = {
  settings: readSettings(ACCOUNT_SETTINGS, {}, { HOME }),
  network: NO_NETWORK,
  verbose: false,
}
const LOGIN = { type: 'login' as const, ...ACCOUNT, headless: false, opensBrowser: true }

const account: [argv: string[], command: ReturnType<typeof parseCommand>][] = [
  [['login'], LOGIN],
  [['login', '--headless'], { ...LOGIN, headless: true }],
  [['login', '--device'], { ...LOGIN, headless: true }],
  [['login', '--no-browser'], { ...LOGIN, opensBrowser: false }],
  [['login', '--verbose'], { ...LOGIN, verbose: true }],
  [['logout'], { type: 'logout', ...ACCOUNT }],
  [['info'], { type: 'info', ...ACCOUNT, json: false }],
  [['status'], { type: 'info', ...ACCOUNT, json: false }],
  [['info', '--json'], { type: 'info', ...ACCOUNT, json: true }],
  [['models', '--json', '--verbose'], { type: 'models', ...ACCOUNT, json: true, verbose: true }],
  [
    ['info', '--auth-file', '~/.codex/auth.json', '--base-url=http://127.0.0.1:9'],
    {
      type: 'info',
      ...ACCOUNT,
      settings: {
        ...ACCOUNT.settings,
        authFile: '/home/ada/.codex/auth.json',
        baseUrl: 'http://127.0.0.1:9',
      },
      json: false,
    },
  ],
]
for (const [argv, command] of account) {
  t.test(`understands chatmock ${argv.join(' ')}`, async t => {
    t.strictSame(parseCommand(argv, { HOME }), command)
  })
}

t.test('a bad setting of the server is no obstacle to signing in', async t => {
  t.strictSame(parseCommand(['login'], { HOME, CHATGPT_LOCAL_PORT: 'none' }), LOGIN)
})

const refused: [argv: string[], message: string][] = [
  [[], `No command.\n\n${HELP}`],
  [['sreve'], `Unknown command: sreve\n\n${HELP}`],
  [['--demo'], `Unknown flag: --demo\n\n${HELP}`],
  [['help', 'sreve'], `Unknown command: sreve\n\n${HELP}`],
  [
    ['serve', '--prot', '1'],
    "Unknown option '--prot'.\nUsage: chatmock serve [flags]\nchatmock serve --help lists the flags.",
  ],
  [
    ['serve', 'now'],
    "Unexpected argument 'now'. This command does not take positional arguments.\nUsage: chatmock serve [flags]\nchatmock serve --help lists the flags.",
  ],
  [
    ['login', '--port', '1'],
    "Unknown option '--port'.\nUsage: chatmock login [flags]\nchatmock login --help lists the flags.",
  ],
  [['toString'], `Unknown command: toString\n\n${HELP}`],
  [
    ['serve', '--port'],
    "Option '--port <value>' argument missing.\nUsage: chatmock serve [flags]\nchatmock serve --help lists the flags.",
  ],
  [
    ['serve', '--demo=yes'],
    "Option '--demo' does not take an argument.\nUsage: chatmock serve [flags]\nchatmock serve --help lists the flags.",
  ],
  [
    ['serve', '--port', 'none'],
    '--port is "none"; it must be a port number from 0 (any free one) to 65535.',
  ],
  [
    ['serve', '--demo', '--upstream', 'chatgpt'],
    '--demo and --upstream chatgpt contradict each other.',
  ],
]
for (const [argv, message] of refused) {
  t.test(`refuses ${['chatmock', ...argv].join(' ')}`, async t => {
    t.throws(() => parseCommand(argv, { HOME }), { name: 'UsageError', exitCode: 2, message })
  })
}

const networks: [
  title: string,
  environment: Record<string, string>,
  network: Partial<NetworkSettings>,
][] = [
  [
    'the variables in capitals',
    { HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://b', NO_PROXY: 'c,d', SSL_CERT_FILE: '/ca.pem' },
    { httpProxy: 'http://a', httpsProxy: 'http://b', noProxy: 'c,d', authorityFiles: ['/ca.pem'] },
  ],
  [
    'the small ones before those in capitals',
    { https_proxy: 'http://small', HTTPS_PROXY: 'http://capital' },
    { httpsProxy: 'http://small' },
  ],
  [
    'the ones in capitals where the small are empty',
    { no_proxy: '', NO_PROXY: 'a' },
    { noProxy: 'a' },
  ],
  ['empty ones as not set', { HTTPS_PROXY: '', SSL_CERT_FILE: '' }, {}],
]
for (const [title, environment, network] of networks) {
  t.test(`reaches the outside with ${title}`, async t => {
    const command = parseCommand(['serve'], { HOME, ...environment })
    t.strictSame(command.type === 'serve' && command.network, { ...NO_NETWORK, ...network })
  })
}

t.test('a proxy may be named without a scheme, and one that is none is refused unseen', async t => {
  const proxies = (environment: Record<string, string>) => {
    const command = parseCommand(['serve'], environment)
    return command.type === 'serve' ? command.network : undefined
  }
  t.match(proxies({ HTTPS_PROXY: '127.0.0.1:3128', http_proxy: 'proxy.corp:3128' }), {
    httpProxy: 'http://proxy.corp:3128',
    httpsProxy: 'http://127.0.0.1:3128',
  })
  t.match(proxies({ HTTPS_PROXY: 'https://ann:secret@proxy' }), {
    httpsProxy: 'https://ann:secret@proxy',
  })
  for (const value of ['socks5://ann:secret@proxy', 'http://', 'a b']) {
    t.throws(() => proxies({ HTTPS_PROXY: value }), {
      name: 'UsageError',
      message: 'HTTPS_PROXY must be the http:// or https:// URL of a proxy, or host:port.',
    })
  }
})
