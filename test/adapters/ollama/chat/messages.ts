import * as fc from 'fast-check'
import t from 'tap'
import { decodeChatBody } from '../../../../src/adapters/ollama/chat/decode.ts'
import { developerSays, userSays } from '../../../fakes/chat-request.ts'
import { modelEntry } from '../../../fakes/model-entry.ts'

const OPTIONS = {
  sessionId: undefined,
  strict: false,
  webSearch: false,
  models: [modelEntry({ slug: 'demo' })],
  debugModel: undefined,
}
const hi = { role: 'user', content: 'hi' }
const decode = (body: object) => decodeChatBody({ model: 'demo', ...body }, OPTIONS)
const plan = (messages: readonly unknown[]) => {
  const decoded = decode({ messages }).plan
  if (decoded.type !== 'ask') throw new Error('nothing is asked')
  return decoded
}
const items = (...messages: readonly unknown[]) => plan(messages).request.items
const ignored = (...messages: readonly unknown[]) => decode({ messages }).ignored

const PNG = 'iVBORw0KGgo='

t.test('roles are read in any letter case, and keep their places', async t => {
  t.strictSame(
    items(
      { role: 'System', content: 'A' },
      { role: 'USER', content: 'q' },
      { role: 'assistant', content: 'a', thinking: 'hm' },
      { role: 'developer', content: 'B' },
      { role: 'user', content: 'r', name: 'ann' },
    ),
    [
      developerSays('A'),
      userSays('q'),
      { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'a' }] },
      developerSays('B'),
      userSays('r'),
    ],
  )
})

t.test('a role that only some models know speaks for the developer', async t => {
  t.strictSame(items({ role: 'Control', content: 'A' }, hi), [developerSays('A'), userSays('hi')])
})

t.test('images of who may have none are left out, and named', async t => {
  const messages = [
    { role: 'system', content: 'A', images: [PNG] },
    { role: 'user', content: 'hi', images: [] },
    { role: 'assistant', content: 'a', images: ['no image'] },
  ]
  t.strictSame(items(...messages), [
    developerSays('A'),
    userSays('hi'),
    { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'a' }] },
  ])
  t.strictSame(ignored(...messages), ['messages[0].images', 'messages[2].images'])
})

t.test('messages that say nothing are left out', async t => {
  t.strictSame(
    items(
      { role: 'system', content: '' },
      { role: 'user', content: null },
      { role: 'assistant', thinking: 'hm', tool_calls: [] },
      { role: 'user', content: [], images: [] },
      { role: 'user' },
      hi,
    ),
    [userSays('hi')],
  )
})

const HEADS: readonly (readonly [string, string])[] = [
  ['image/png', PNG],
  ['image/jpeg', Buffer.from('\xff\xd8\xff\xe0', 'latin1').toString('base64')],
  ['image/webp', Buffer.from('RIFF1234WEBPVP8 ').toString('base64')],
  ['image/gif', Buffer.from('GIF89a').toString('base64')],
]

t.test('images are named by what they are, whatever is said of them', async t => {
  const image = (value: string) => {
    const [item] = items({ role: 'user', content: 'look', images: [value] })
    return item?.type === 'message' ? item.parts : item
  }
  for (const [media, data] of HEADS) {
    const parts = (base64: string) => [
      { type: 'text', text: 'look' },
      { type: 'image', url: `data:${media};base64,${base64}`, detail: 'auto' },
    ]
    t.strictSame(image(data), parts(data))
    t.strictSame(image(`data:image/png;base64,${data}`), parts(data))
    t.strictSame(image(`DATA:;charset=x;BASE64,${data}`), parts(data))
    const bare = data.replace(/=+$/, '')
    t.strictSame(image(bare), parts(data), 'the padding is made up for')
    t.strictSame(image(`${bare}=`), parts(data), 'whatever there was of it')
    for (const lines of [`${data.slice(0, 4)}\r\n${data.slice(4)}\n`, `\n${bare}\r\n`]) {
      t.strictSame(image(lines), parts(data))
    }
  }
})

t.test('an image may come in many lines', async t => {
  const digits = `iVBORw0KGgoA${'AB+/'.repeat(10_000)}`
  t.match(items({ role: 'user', images: [[...digits].join('\n')] }), [
    { parts: [{ url: `data:image/png;base64,${digits}` }] },
  ])
})

t.test('what is no image in Base64 is refused by its place', async t => {
  for (const value of [
    '',
    'https://example.com/a.png',
    'file:///etc/passwd',
    '/etc/passwd',
    Buffer.from('%PDF-1.7').toString('base64'),
    Buffer.from('RIFF1234WAVE').toString('base64'),
    `${PNG}!`,
    `${PNG.slice(0, 8)}A`,
    `${PNG.slice(0, 11)}AA`,
    `${PNG}=====`,
    `${PNG}\n=====`,
    `${PNG}A`,
    `${PNG.slice(0, 4)} ${PNG.slice(4)}`,
    ` ${PNG}`,
    `data:image/png,${PNG}`,
    'data:image/png;base64,',
    'data:image/svg+xml;base64,PHN2Zz4=',
    PNG.replace('/', '_').slice(0, 3),
  ]) {
    t.throws(() => items(hi, { role: 'user', content: 'x', images: [PNG, value] }), {
      code: 'invalid_value',
      param: 'messages[1].images[1]',
      message:
        "Invalid value for 'messages[1].images[1]': expected a PNG, JPEG, WebP or GIF image, in Base64 or as a data: URL. Nothing is fetched.",
    })
  }
})

const call = (name: string, id?: string, args: unknown = {}) => ({
  ...(id !== undefined && { id }),
  function: { name, arguments: args },
})
const calls = (...tool_calls: readonly unknown[]) => ({
  role: 'assistant',
  content: '',
  tool_calls,
})
const result = (content: string, whose: object = {}) => ({ role: 'tool', content, ...whose })
const called = (callId: string, name = 'f', args = '{}') => ({
  type: 'tool-call',
  kind: 'function',
  callId,
  name,
  arguments: args,
})
const gave = (callId: string, output: unknown) => ({
  type: 'tool-result',
  kind: 'function',
  callId,
  output,
})
const INTERRUPTED = '[no output: the call was interrupted]'

t.test('calls have objects as arguments, and need neither id nor index nor type', async t => {
  t.strictSame(
    items(
      hi,
      {
        ...calls(
          {
            id: 'a',
            type: 'function',
            function: { index: 0, name: 'f', arguments: { city: 'Paris' } },
          },
          { id: '', function: { name: 'g', arguments: null, extra: 1 } },
          { function: { name: 'h' }, extra: 1 },
        ),
        content: 'let me see',
      },
      result('F', { tool_call_id: 'a' }),
      { role: 'tool', tool_name: 'g', content: null },
      result('H'),
    ),
    [
      userSays('hi'),
      { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'let me see' }] },
      called('a', 'f', '{"city":"Paris"}'),
      called('call_m1_1', 'g'),
      called('call_m1_2', 'h'),
      gave('a', 'F'),
      gave('call_m1_1', ''),
      gave('call_m1_2', 'H'),
    ],
  )
})

t.test('a result belongs to the call that it names, whatever its order', async t => {
  t.strictSame(
    items(
      calls(call('f', 'a'), call('f', 'b'), call('g', 'c')),
      result('C', { tool_call_id: 'c', tool_name: 'f' }),
      result('B', { tool_call_id: 'b' }),
      result('A', { tool_call_id: 'a' }),
    ).slice(3),
    [gave('c', 'C'), gave('b', 'B'), gave('a', 'A')],
  )
})

t.test('else to the first call of its tool, else to the first that is left', async t => {
  t.strictSame(
    items(
      calls(call('f'), call('g'), call('f'), call('h')),
      result('G', { tool_name: 'g' }),
      result('F1', { name: 'f' }),
      result('F2', { role: 'Function', tool_name: '', name: 'f' }),
      result('H', { tool_name: 'other', tool_call_id: 'x' }),
    ).slice(4),
    [
      gave('call_m0_1', 'G'),
      gave('call_m0_0', 'F1'),
      gave('call_m0_2', 'F2'),
      gave('call_m0_3', 'H'),
    ],
  )
})

t.test('a result takes no call that a later one names', async t => {
  t.strictSame(
    items(
      calls(call('f', 'a'), call('f', 'b'), call('g', 'c')),
      result('C'),
      result('B', { tool_name: 'f' }),
      result('A', { tool_call_id: 'a' }),
    ).slice(3),
    [gave('c', 'C'), gave('b', 'B'), gave('a', 'A')],
  )
})

t.test('results by their order belong to the latest turn', async t => {
  t.strictSame(
    items(calls(call('f')), result('1'), calls(call('f')), result('2'), calls(call('f')), hi),
    [
      called('call_m0_0'),
      gave('call_m0_0', '1'),
      called('call_m2_0'),
      gave('call_m2_0', '2'),
      called('call_m4_0'),
      gave('call_m4_0', INTERRUPTED),
      userSays('hi'),
    ],
  )
})

t.test('a result that names its call may come after later calls', async t => {
  t.strictSame(
    items(
      calls(call('f', 'a'), call('g')),
      calls(call('h')),
      hi,
      calls(call('h', 'c')),
      result('A', { tool_call_id: 'a' }),
      result('G', { tool_name: 'g' }),
      result('C'),
    ),
    [
      called('a'),
      called('call_m0_1', 'g'),
      called('call_m1_0', 'h'),
      gave('call_m1_0', INTERRUPTED),
      userSays('hi'),
      called('c', 'h'),
      gave('a', 'A'),
      gave('call_m0_1', 'G'),
      gave('c', 'C'),
    ],
  )
})

t.test('an id that is used again means the later call, and the two are told apart', async t => {
  t.strictSame(
    items(
      calls(call('f', 'a'), call('g', 'a')),
      result('F', { tool_call_id: 'a' }),
      result('G', { tool_call_id: 'a' }),
      calls(call('h', 'a')),
      result('H', { tool_call_id: 'a' }),
    ),
    [
      called('a'),
      called('call_m0_1', 'g'),
      gave('a', 'F'),
      gave('call_m0_1', 'G'),
      called('call_m3_0', 'h'),
      gave('call_m3_0', 'H'),
    ],
  )
})

t.test(
  'an id or a name that is used again means the later call, even beside an open one',
  async t => {
    for (const whose of [{ tool_call_id: 'a' }, { tool_name: 'f' }]) {
      t.strictSame(
        items(calls(call('f', 'a')), hi, calls(call('g', 'b'), call('f', 'a')), result('F', whose)),
        [
          called('a'),
          gave('a', INTERRUPTED),
          userSays('hi'),
          called('b', 'g'),
          called('call_m2_1'),
          gave('call_m2_1', 'F'),
          gave('b', INTERRUPTED),
        ],
      )
    }
  },
)

t.test('an id of our own is changed where a client has the same', async t => {
  t.strictSame(items(calls(call('f', 'call_m0_1'), call('g')), result('F'), result('G')), [
    called('call_m0_1'),
    called('call_m0_1_', 'g'),
    gave('call_m0_1', 'F'),
    gave('call_m0_1_', 'G'),
  ])
})

t.test('the call of a result that has none is made up, right before it', async t => {
  t.strictSame(
    items(
      result('early', { tool_call_id: 'gone' }),
      hi,
      calls(call('f', 'a')),
      result('A', { tool_name: 'f' }),
      result('more', { tool_name: 'f' }),
    ),
    [
      called('call_m0', 'unknown_tool'),
      gave('call_m0', 'early'),
      userSays('hi'),
      called('a'),
      gave('a', 'A'),
      called('call_m4', 'f'),
      gave('call_m4', 'more'),
    ],
  )
})

t.test('a result may have images', async t => {
  const image = { type: 'image', url: `data:image/png;base64,${PNG}`, detail: 'auto' }
  t.strictSame(
    items(
      calls(call('f', 'a'), call('f', 'b')),
      { role: 'tool', content: 'shot', images: [PNG] },
      { role: 'tool', images: [PNG] },
    ).slice(2),
    [gave('a', [{ type: 'text', text: 'shot' }, image]), gave('b', [image])],
  )
})

t.test('whatever is said of calls and results, each has its other half, once', async () => {
  const id = fc.constantFrom(undefined, '', 'a', 'b', 'call_m0_0')
  const name = fc.constantFrom('f', 'g')
  const message = fc.oneof(
    fc.constant(hi),
    fc
      .array(fc.record({ id, function: fc.record({ name }) }), { maxLength: 3 })
      .map(tool_calls => calls(...tool_calls)),
    fc.record({
      role: fc.constant('tool'),
      content: fc.string(),
      tool_call_id: id,
      tool_name: name,
    }),
    fc.record({ role: fc.constant('tool'), content: fc.string(), tool_call_id: id }),
  )
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), messages => {
      const found = items(hi, ...messages)
      const open = new Set<string>()
      const all = new Set<string>()
      for (const item of found) {
        if (item.type === 'tool-call') {
          if (all.has(item.callId)) return false
          all.add(item.callId)
          open.add(item.callId)
        }
        if (item.type === 'tool-result' && !open.delete(item.callId)) return false
      }
      const outputs = found.flatMap(item => (item.type === 'tool-result' ? [item.output] : []))
      const given = messages.flatMap(each => (each.role === 'tool' ? [each.content] : []))
      return (
        open.size === 0 &&
        outputs.filter(output => output !== INTERRUPTED).join('\n') === given.join('\n')
      )
    }),
  )
})

t.test('a long conversation with many calls is read in one go', async t => {
  const many = Array.from({ length: 1000 }, () => [
    calls(...Array.from({ length: 9 }, () => call('f', 'same'))),
    result('x', { tool_call_id: 'same' }),
  ]).flat()
  t.equal(items(...many).length, 18_000)
  const turn = calls(...Array.from({ length: 9999 }, () => call('f', 'same')))
  const results = Array.from({ length: 9999 }, () => result('x', { tool_name: 'f' }))
  t.equal(items(turn, ...results).length, 2 * 9999)
})

const said = (role: string, over: object) => ({ messages: [hi, { role, content: 'x', ...over }] })
const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['messages that are no list', { messages: 'hi' }, 'invalid_type', 'messages'],
  ['too many messages', { messages: Array(10_001).fill(hi) }, 'invalid_value', 'messages'],
  ['messages without content', { messages: [{ role: 'user' }] }, 'invalid_value', 'messages'],
  ['a message that is no object', { messages: ['hi'] }, 'invalid_type', 'messages[0]'],
  ['no role', { messages: [{ content: 'x' }] }, 'missing_required_parameter', 'messages[0].role'],
  ['an empty role', said('', {}), 'invalid_value', 'messages[1].role'],
  [
    'content in parts',
    said('user', { content: [{ type: 'text', text: 'x' }] }),
    'invalid_type',
    'messages[1].content',
  ],
  ['content as an object', said('user', { content: {} }), 'invalid_type', 'messages[1].content'],
  ['content as a number', said('tool', { content: 5 }), 'invalid_type', 'messages[1].content'],
  [
    'thinking that is no text',
    said('user', { thinking: 5 }),
    'invalid_type',
    'messages[1].thinking',
  ],
  ['images that are no list', said('user', { images: PNG }), 'invalid_type', 'messages[1].images'],
  [
    'an image that is no text',
    said('user', { images: [5] }),
    'invalid_type',
    'messages[1].images[0]',
  ],
  [
    'an image in a result that is none',
    said('tool', { images: ['x'] }),
    'invalid_value',
    'messages[1].images[0]',
  ],
  [
    'calls that are no list',
    said('assistant', { tool_calls: {} }),
    'invalid_type',
    'messages[1].tool_calls',
  ],
  [
    'a call without a function',
    said('assistant', { tool_calls: [{ id: 'a' }] }),
    'missing_required_parameter',
    'messages[1].tool_calls[0].function',
  ],
  [
    'a call without a name',
    said('assistant', { tool_calls: [{ function: {} }] }),
    'missing_required_parameter',
    'messages[1].tool_calls[0].function.name',
  ],
  [
    'a call with an empty name',
    said('assistant', { tool_calls: [call('')] }),
    'invalid_value',
    'messages[1].tool_calls[0].function.name',
  ],
  [
    'arguments that are a text',
    said('assistant', { tool_calls: [call('f', 'a', '{}')] }),
    'invalid_type',
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    'arguments that are a list',
    said('assistant', { tool_calls: [call('f', 'a', [])] }),
    'invalid_type',
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    'an index that is none',
    said('assistant', { tool_calls: [{ function: { name: 'f', index: 'x' } }] }),
    'invalid_type',
    'messages[1].tool_calls[0].function.index',
  ],
  [
    'an id that is no text',
    said('assistant', { tool_calls: [{ id: 5, function: { name: 'f' } }] }),
    'invalid_type',
    'messages[1].tool_calls[0].id',
  ],
  [
    'a result with an id that is no text',
    said('tool', { tool_call_id: 5 }),
    'invalid_type',
    'messages[1].tool_call_id',
  ],
  [
    'a result of no tool',
    said('tool', { tool_name: 'a\nb' }),
    'invalid_value',
    'messages[1].tool_name',
  ],
  [
    'a result of no function',
    said('function', { name: 'a\nb' }),
    'invalid_value',
    'messages[1].name',
  ],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}

t.test('a refusal quotes nothing of a message', async t => {
  for (const messages of [
    [{ role: 'user', content: { CANARY: 1 } }],
    [{ role: 'user', content: 'x', images: ['CANARY'] }],
    [{ role: 'assistant', tool_calls: [call('f', 'a', 'CANARY')] }],
    [{ role: 'tool', content: 'CANARY', tool_name: 'CANARY\n' }],
  ]) {
    try {
      items(...messages)
      t.fail('it was not refused')
    } catch (error) {
      t.notMatch((error as Error).message, 'CANARY')
    }
  }
})
