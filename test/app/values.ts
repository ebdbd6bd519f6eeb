import t from 'tap'
import * as values from '../../src/app/values.ts'

const HOME = '/home/ada'

const cases: [kind: values.ValueKind<unknown>, name: string, text: string, value: unknown][] = [
  [values.text, 'text', 'gpt-5', 'gpt-5'],
  [values.text, 'text', ' ', ' '],
  [values.text, 'text', '', undefined],

  [values.file, 'file', '/etc/prompt.md', '/etc/prompt.md'],
  [values.file, 'file', 'prompt.md', 'prompt.md'],
  [values.file, 'file', '~/.codex/auth.json', '/home/ada/.codex/auth.json'],
  [values.file, 'file', '~bob/prompt.md', '~bob/prompt.md'],
  [values.file, 'file', '', undefined],

  [
    values.list,
    'list',
    'https://a.example,https://b.example',
    ['https://a.example', 'https://b.example'],
  ],
  [values.list, 'list', ' one , ,two,', ['one', 'two']],
  [values.list, 'list', '', []],

  [values.port, 'port', '0', 0],
  [values.port, 'port', '8000', 8000],
  [values.port, 'port', '65535', 65_535],
  [values.port, 'port', '65536', undefined],
  [values.port, 'port', '-1', undefined],
  [values.port, 'port', '80.5', undefined],
  [values.port, 'port', '1e3', undefined],
  [values.port, 'port', ' 80', undefined],
  [values.port, 'port', 'http', undefined],
  [values.port, 'port', '', undefined],

  [values.portOrOff, 'port or off', '0', 0],
  [values.portOrOff, 'port or off', '11434', 11_434],
  [values.portOrOff, 'port or off', 'off', 'off'],
  [values.portOrOff, 'port or off', '65536', undefined],
  [values.portOrOff, 'port or off', 'on', undefined],
  [values.portOrOff, 'port or off', '', undefined],

  [values.boolean, 'boolean', '1', true],
  [values.boolean, 'boolean', 'true', true],
  [values.boolean, 'boolean', 'Yes', true],
  [values.boolean, 'boolean', 'ON', true],
  [values.boolean, 'boolean', '0', false],
  [values.boolean, 'boolean', 'False', false],
  [values.boolean, 'boolean', 'no', false],
  [values.boolean, 'boolean', 'off', false],
  [values.boolean, 'boolean', '2', undefined],
  [values.boolean, 'boolean', 'one', undefined],
  [values.boolean, 'boolean', '', undefined],

  [values.duration, 'duration', '500ms', 500],
  [values.duration, 'duration', '2s', 2000],
  [values.duration, 'duration', '10m', 600_000],
  [values.duration, 'duration', '1h', 3_600_000],
  [values.duration, 'duration', '30', 30_000],
  [values.duration, 'duration', '0', 0],
  [values.duration, 'duration', '1.5s', 1500],
  [values.duration, 'duration', '1.1s', 1100],
  [values.duration, 'duration', '0.4ms', 0],
  [values.duration, 'duration', '2147483647ms', 2_147_483_647],
  [values.duration, 'duration', '2147483648ms', undefined],
  [values.duration, 'duration', '25d', undefined],
  [values.duration, 'duration', '600h', undefined],
  [values.duration, 'duration', '-1s', undefined],
  [values.duration, 'duration', '1 s', undefined],
  [values.duration, 'duration', '.5s', undefined],
  [values.duration, 'duration', 's', undefined],
  [values.duration, 'duration', '', undefined],

  [values.positiveDuration, 'positive duration', '1ms', 1],
  [values.positiveDuration, 'positive duration', '15s', 15_000],
  [values.positiveDuration, 'positive duration', '0', undefined],
  [values.positiveDuration, 'positive duration', '0.4ms', undefined],
  [values.positiveDuration, 'positive duration', 'soon', undefined],

  [values.size, 'size', '4096', 4096],
  [values.size, 'size', '512KiB', 524_288],
  [values.size, 'size', '64MiB', 67_108_864],
  [values.size, 'size', '1gib', 1_073_741_824],
  [values.size, 'size', '64MB', undefined],
  [values.size, 'size', '1.5MiB', undefined],
  [values.size, 'size', 'MiB', undefined],
  [values.size, 'size', '', undefined],

  [values.secureUrl, 'URL', 'https://chatgpt.com/backend-api', 'https://chatgpt.com/backend-api'],
  [values.secureUrl, 'URL', 'https://chatgpt.com/backend-api//', 'https://chatgpt.com/backend-api'],
  [values.secureUrl, 'URL', 'HTTPS://Auth.OpenAI.com', 'https://auth.openai.com'],
  [values.secureUrl, 'URL', 'http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
  [values.secureUrl, 'URL', 'http://[::1]:9000/', 'http://[::1]:9000'],
  [values.secureUrl, 'URL', 'http://localhost:9000', 'http://localhost:9000'],
  [values.secureUrl, 'URL', 'http://chatgpt.com', undefined],
  [values.secureUrl, 'URL', 'http://127.0.0.1.example.com', undefined],
  [values.secureUrl, 'URL', 'ftp://127.0.0.1', undefined],
  [values.secureUrl, 'URL', 'https://ada:secret@chatgpt.com', undefined],
  [values.secureUrl, 'URL', 'https://chatgpt.com/?a=b', undefined],
  [values.secureUrl, 'URL', 'https://chatgpt.com/#a', undefined],
  [values.secureUrl, 'URL', 'chatgpt.com', undefined],
  [values.secureUrl, 'URL', '', undefined],

  [values.oneOf(['low', 'high']), 'choice', 'high', 'high'],
  [values.oneOf(['low', 'high']), 'choice', 'High', undefined],
  [values.oneOf(['low', 'high']), 'choice', 'hig', undefined],
  [values.oneOf(['low', 'high']), 'choice', '', undefined],
]

for (const [kind, name, text, value] of cases) {
  const reading = value === undefined ? 'refuses' : 'reads'
  t.test(`${reading} ${JSON.stringify(text)} as a ${name}`, async t => {
    t.strictSame(kind.read(text, HOME), value)
  })
}

t.test('says which words are allowed', async t => {
  const { allowed, placeholder } = values.oneOf(['low', 'high'])
  t.strictSame([allowed, placeholder], ['one of low, high', 'low|high'])
})

t.test('only a kind that stands alone as a flag has no placeholder', async t => {
  const { oneOf, ...kinds } = values
  const alone = Object.entries(kinds).filter(([, { placeholder }]) => placeholder === '')
  t.strictSame(
    alone.map(([name]) => name),
    ['boolean'],
  )
})
