import t from 'tap'
import { refuseCombinations } from '../../src/app/combinations.ts'
import { readSettings, SERVE_SETTINGS } from '../../src/app/settings.ts'

type Given = Readonly<Record<string, string>>

const OPEN =
  'would let everybody who can reach this machine use your ChatGPT account. Use --host 127.0.0.1, or --insecure-no-auth if that is what you want.'

const cases: [title: string, environment: Given, refusal: string | undefined][] = [
  ['the defaults', {}, undefined],
  ['the name of this machine to itself', { CHATGPT_LOCAL_HOST: 'localhost' }, undefined],
  ['another loopback address', { CHATGPT_LOCAL_HOST: '127.1.2.3' }, undefined],
  ['the loopback address of IPv6', { CHATGPT_LOCAL_HOST: '::1' }, undefined],
  ['every address', { CHATGPT_LOCAL_HOST: '0.0.0.0' }, `Listening on 0.0.0.0 ${OPEN}`],
  ['every address of IPv6', { CHATGPT_LOCAL_HOST: '::' }, `Listening on :: ${OPEN}`],
  [
    'an address of the network',
    { CHATGPT_LOCAL_HOST: '192.168.1.2' },
    `Listening on 192.168.1.2 ${OPEN}`,
  ],
  [
    'a name that only begins like a loopback address',
    { CHATGPT_LOCAL_HOST: '127.example.com' },
    `Listening on 127.example.com ${OPEN}`,
  ],
  [
    'every address where that is wanted',
    { CHATGPT_LOCAL_HOST: '0.0.0.0', CHATGPT_LOCAL_INSECURE_NO_AUTH: '1' },
    undefined,
  ],
  [
    'every address where there is no account to lose',
    { CHATGPT_LOCAL_HOST: '0.0.0.0', CHATGPT_LOCAL_UPSTREAM: 'demo' },
    undefined,
  ],
  [
    'one port for both servers',
    { CHATGPT_LOCAL_PORT: '11434', CHATGPT_LOCAL_OLLAMA_PORT: '11434' },
    '--port and --ollama-port are both 11434. Use two ports, or leave --ollama-port out: Ollama clients are answered on --port too.',
  ],
  [
    'a port of its own for Ollama clients',
    { CHATGPT_LOCAL_PORT: '11435', CHATGPT_LOCAL_OLLAMA_PORT: '11434' },
    undefined,
  ],
  [
    'any free port for each server',
    { CHATGPT_LOCAL_PORT: '0', CHATGPT_LOCAL_OLLAMA_PORT: '0' },
    undefined,
  ],
  [
    'more time for the head than for the whole request',
    { CHATGPT_LOCAL_HEADERS_TIMEOUT: '3m' },
    'CHATGPT_LOCAL_HEADERS_TIMEOUT (180s) is longer than CHATGPT_LOCAL_REQUEST_TIMEOUT (120s), of which it is a part.',
  ],
  [
    'as much time for the head as for the whole request',
    { CHATGPT_LOCAL_HEADERS_TIMEOUT: '5s', CHATGPT_LOCAL_REQUEST_TIMEOUT: '5s' },
    undefined,
  ],
  [
    'time for the head where the whole has no limit',
    { CHATGPT_LOCAL_REQUEST_TIMEOUT: '0' },
    undefined,
  ],
]

for (const [title, environment, message] of cases) {
  t.test(`${message === undefined ? 'accepts' : 'refuses'} ${title}`, async t => {
    const check = () => refuseCombinations(readSettings(SERVE_SETTINGS, {}, environment))
    if (message === undefined) t.doesNotThrow(check)
    else t.throws(check, { name: 'RefusedConfiguration', exitCode: 78, message })
  })
}
