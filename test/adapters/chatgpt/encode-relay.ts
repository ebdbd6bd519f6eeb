import t from 'tap'
import type { Form } from '../../../src/adapters/chatgpt/encode.ts'
import { encodeCompaction, encodeRelay } from '../../../src/adapters/chatgpt/encode-relay.ts'
import type { RelayRequest } from '../../../src/domain/relay-ports.ts'
import { relayRequest } from '../../fakes/relay-request.ts'

const wordingOf = (form: Form) => ({ form, withReasoning: true, withNamespaces: true })
const encode = (over: Partial<RelayRequest> = {}, form: Form = 'normal') =>
  JSON.parse(encodeRelay(relayRequest(over), wordingOf(form)).body)
const wrapsTools = (over: Partial<RelayRequest>, form: Form = 'lite') =>
  encodeRelay(relayRequest(over), wordingOf(form)).wrapsTools

const hi = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }
const look = { type: 'function', name: 'look', parameters: {}, strict: false }
const patch = { type: 'custom', name: 'patch' }
const search = { type: 'web_search', search_context_size: 'low' }
const theirs = { type: 'additional_tools', role: 'developer', tools: [look] }
const reasoning = { type: 'reasoning', summary: [], encrypted_content: 'sealed' }

t.test(
  'a request that leaves everything open is sent with what the backend insists on',
  async t => {
    t.strictSame(encode(), {
      model: 'gpt-5.5',
      instructions: '',
      input: [hi],
      parallel_tool_calls: true,
      reasoning: {},
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
    })
  },
)

t.test('everything that a request says is sent, and nothing else', async t => {
  const body = encode({
    instructions: 'Be short.',
    tools: [look, search],
    toolChoice: { type: 'function', name: 'look' },
    parallelToolCalls: false,
    text: { verbosity: 'low', format: { type: 'text' } },
    include: ['web_search_call.action.sources', 'reasoning.encrypted_content'],
    clientMetadata: { session_id: 's' },
    effort: 'high',
    summary: 'auto',
    priority: 'required',
    cacheKey: 'chat-1',
    temperature: 1,
    previous_response_id: 'resp_0',
  } as never)
  t.strictSame(body, {
    model: 'gpt-5.5',
    instructions: 'Be short.',
    input: [hi],
    tools: [look, search],
    tool_choice: { type: 'function', name: 'look' },
    parallel_tool_calls: false,
    reasoning: { effort: 'high', summary: 'auto' },
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
    prompt_cache_key: 'chat-1',
    text: { verbosity: 'low', format: { type: 'text' } },
    service_tier: 'priority',
    client_metadata: { session_id: 's' },
  })
})

t.test('a summary that is not wanted and a tier that is not required are not named', async t => {
  const body = encode({ summary: 'none', effort: 'low', priority: 'never' })
  t.strictSame(body.reasoning, { effort: 'low' })
  t.notOk('service_tier' in body)
})

t.test('a choice among no tools is not sent', async t => {
  t.notOk('tool_choice' in encode({ toolChoice: 'auto' }))
  t.equal(encode({ toolChoice: 'auto', tools: [look] }).tool_choice, 'auto')
  t.equal(encode({ toolChoice: 'auto', input: [theirs, hi] }, 'lite').tool_choice, 'auto')
})

t.test('the lite form has tools and instructions in the input', async t => {
  const body = encode(
    {
      instructions: 'Be short.',
      tools: [search, look, patch],
      toolChoice: 'auto',
      parallelToolCalls: true,
      effort: 'low',
      summary: 'auto',
    },
    'lite',
  )
  t.strictSame(body, {
    model: 'gpt-5.5',
    input: [
      {
        type: 'additional_tools',
        role: 'developer',
        tools: [
          { type: 'namespace', name: 'functions', description: '', tools: [look, patch] },
          search,
        ],
      },
      {
        type: 'message',
        role: 'developer',
        content: [{ type: 'input_text', text: 'Be short.' }],
      },
      hi,
    ],
    tool_choice: 'auto',
    parallel_tool_calls: false,
    reasoning: { effort: 'low', summary: 'auto', context: 'all_turns' },
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content'],
  })
})

t.test('the lite form of a request without tools and instructions adds no items', async t => {
  t.strictSame(encode({ instructions: '' }, 'lite').input, [hi])
  t.strictSame(encode({}, 'lite').input, [hi])
})

t.test('tools that the input brings are left alone, and stay before the instructions', async t => {
  const developer = {
    type: 'message',
    role: 'developer',
    content: [{ type: 'input_text', text: 'Be short.' }],
  }
  const request = { instructions: 'Be short.', input: [theirs, hi] }
  t.strictSame(encode(request, 'lite').input, [theirs, developer, hi])
  t.strictSame(encode({ ...request, tools: [search] }, 'lite').input, [
    { type: 'additional_tools', role: 'developer', tools: [search] },
    theirs,
    developer,
    hi,
  ])
  t.strictSame(encode({ ...request, input: [theirs] }, 'lite').input, [theirs, developer])
  t.strictSame(encode(request, 'normal').input, [theirs, hi])
})

t.test('only what goes into a namespace of ours counts as wrapped', async t => {
  const namespace = { type: 'namespace', name: 'functions', tools: [look] }
  t.equal(wrapsTools({ tools: [look] }), true)
  t.equal(wrapsTools({ tools: [look] }, 'normal'), false)
  t.equal(wrapsTools({ tools: [search] }), false)
  t.equal(wrapsTools({ tools: [look], input: [theirs, hi] }), false)
  t.equal(wrapsTools({ tools: [namespace, patch] }), false)
  t.equal(wrapsTools({ tools: [{ ...namespace, name: 'files' }, patch] }), true)
})

t.test("a client's own namespace is sent as it is", async t => {
  const namespace = { type: 'namespace', name: 'functions', description: 'd', tools: [look] }
  t.strictSame(encode({ tools: [namespace, patch] }, 'lite').input[0].tools, [namespace, patch])
  const files = { ...namespace, name: 'files' }
  t.strictSame(encode({ tools: [files, patch] }, 'lite').input[0].tools, [
    { type: 'namespace', name: 'functions', description: '', tools: [patch] },
    files,
  ])
})

t.test('the lite form drops the detail of images wherever they are', async t => {
  const image = { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'high' }
  const bare = { type: 'input_image', image_url: 'data:image/png;base64,AA==' }
  const text = { type: 'input_text', text: 'a', detail: 'kept' }
  const input = [
    { type: 'message', role: 'user', content: [text, image, 'odd', null] },
    { type: 'function_call_output', call_id: 'call_1', output: [image] },
    { type: 'function_call_output', call_id: 'call_2', output: 'input_image detail' },
  ]
  t.strictSame(encode({ input }).input, input)
  t.strictSame(encode({ input }, 'lite').input, [
    { type: 'message', role: 'user', content: [text, bare, 'odd', null] },
    { type: 'function_call_output', call_id: 'call_1', output: [bare] },
    { type: 'function_call_output', call_id: 'call_2', output: 'input_image detail' },
  ])
})

t.test('the namespace is taken off calls that are sent again, another one is not', async t => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' }
  const input = [
    { ...call, namespace: 'functions' },
    { ...call, namespace: 'files' },
  ]
  for (const form of ['normal', 'lite'] as const) {
    t.strictSame(encode({ input }, form).input, [call, { ...call, namespace: 'files' }], form)
  }
})

t.test('every namespace is left out where it is not wanted', async t => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' }
  const input = [hi, { ...call, namespace: 'files' }, { ...call, namespace: 'functions' }]
  const encoded = encodeRelay(relayRequest({ input }), wordingOf('normal'))
  t.equal(encoded.hasNamespaces, true)
  const ours = encodeRelay(relayRequest({ input: [hi, input[2] ?? {}] }), wordingOf('normal'))
  t.equal(ours.hasNamespaces, false, 'ours is left out anyway')
  for (const form of ['normal', 'lite'] as const) {
    const wording = { ...wordingOf(form), withNamespaces: false }
    const without = encodeRelay(relayRequest({ input }), wording)
    t.equal(without.hasNamespaces, false)
    t.strictSame(JSON.parse(without.body).input, [hi, call, call], form)
  }
  const shorter = encodeCompaction(relayRequest({ input }), {
    ...wordingOf('normal'),
    withNamespaces: false,
  })
  t.strictSame(JSON.parse(shorter.body).input, [hi, call, call])
})

const jsonText = { format: { type: 'json_object' } }
const developerSays = (text: string) => ({
  type: 'message',
  role: 'developer',
  content: [{ type: 'input_text', text }],
})

t.test('JSON mode keeps the instructions among the messages, after the tools', async t => {
  const request = { text: jsonText, instructions: 'Reply in JSON.', input: [theirs, hi] }
  const body = encode(request)
  t.equal(body.instructions, '')
  t.strictSame(body.input, [theirs, developerSays('Reply in JSON.'), hi])
  t.strictSame(body.text, jsonText)
  const lite = encode(request, 'lite')
  t.notOk('instructions' in lite)
  t.strictSame(lite.input, body.input)
  const schema = { format: { type: 'json_schema', name: 'a', schema: {} } }
  t.equal(encode({ ...request, text: schema }).instructions, 'Reply in JSON.')
  t.strictSame(encode({ ...request, text: schema }).input, [theirs, hi])
})

t.test('JSON mode gets the word JSON if no message has it', async t => {
  const ours = developerSays('Answer with one JSON object.')
  for (const form of ['normal', 'lite'] as const) {
    t.strictSame(encode({ text: jsonText }, form).input, [hi, ours], form)
    t.strictSame(encode({ text: jsonText, instructions: 'Be short.' }, form).input, [
      developerSays('Be short.'),
      hi,
      ours,
    ])
    const output = { type: 'function_call_output', call_id: 'call_1', output: '{"json":1}' }
    t.strictSame(encode({ text: jsonText, input: [hi, output] }, form).input, [hi, output, ours])
    const said = [
      { type: 'message', role: 'user', content: 'As json' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'JSON?' }] },
    ]
    for (const message of said) {
      t.strictSame(encode({ text: jsonText, input: [message] }, form).input, [message])
    }
    t.strictSame(encode({}, form).input, [hi], 'not in another mode')
  }
})

t.test('the Base64 of images and files is put right, and nothing else is changed', async t => {
  const url = (data: string) => `data:image/png;base64,${data}`
  const loose = url('-_8')
  const strict = url('+/8=')
  const text = { type: 'input_text', text: loose, image_url: loose }
  const image = { type: 'input_image', image_url: loose, detail: 'low' }
  const file = { type: 'input_file', filename: 'a.pdf', file_data: loose }
  const kept = [
    { type: 'input_image', image_url: 'https://example.com/a-_b' },
    { type: 'input_image', file_id: 'file-1' },
    { type: 'input_image', image_url: 7 },
    { type: 'input_file', file_url: loose },
    null,
    'odd',
  ]
  const request = {
    input: [
      { type: 'message', role: 'user', content: [text, image, file, ...kept] },
      { type: 'function_call_output', call_id: 'call_1', output: [image] },
      { type: 'future', image_url: loose, content: { image_url: loose } },
    ],
  }
  const expected = [
    {
      type: 'message',
      role: 'user',
      content: [
        text,
        { type: 'input_image', image_url: strict, detail: 'low' },
        { type: 'input_file', filename: 'a.pdf', file_data: strict },
        ...kept,
      ],
    },
    {
      type: 'function_call_output',
      call_id: 'call_1',
      output: [{ type: 'input_image', image_url: strict, detail: 'low' }],
    },
    { type: 'future', image_url: loose, content: { image_url: loose } },
  ]
  t.strictSame(encode(request).input, expected)
  const { body } = encodeCompaction(relayRequest(request), wordingOf('normal'))
  t.strictSame(JSON.parse(body).input, expected)
  t.equal(encode(request, 'lite').input[1].output[0].image_url, strict)
  t.equal(image.image_url, loose, 'what the client sent stays as it was')
})

t.test('the reasoning of earlier turns goes along, or is left out', async t => {
  const request = relayRequest({ input: [hi, reasoning, hi] })
  const whole = encodeRelay(request, wordingOf('normal'))
  t.equal(whole.hasReasoning, true)
  t.strictSame(JSON.parse(whole.body).input, [hi, reasoning, hi])
  const without = encodeRelay(request, { ...wordingOf('lite'), withReasoning: false })
  t.equal(without.hasReasoning, false)
  t.strictSame(JSON.parse(without.body).input, [hi, hi])
})

t.test('half a character is not sent', async t => {
  const input = [{ type: 'message', role: 'user', content: 'a\ud83d' }]
  t.equal(encode({ input }).input[0].content, 'a\ufffd')
})

t.test('a conversation to make shorter is sent without what is about answers', async t => {
  const request = relayRequest({
    input: [hi, reasoning],
    instructions: 'Be short.',
    tools: [look],
    toolChoice: 'auto',
    effort: 'high',
    cacheKey: 'chat-1',
    priority: 'required',
  })
  const { body, hasReasoning } = encodeCompaction(request, wordingOf('normal'))
  t.strictSame(JSON.parse(body), {
    model: 'gpt-5.5',
    instructions: 'Be short.',
    input: [hi, reasoning],
  })
  t.equal(hasReasoning, true)
  const without = encodeCompaction(relayRequest({ input: [hi, reasoning] }), {
    ...wordingOf('normal'),
    withReasoning: false,
  })
  t.strictSame(JSON.parse(without.body), { model: 'gpt-5.5', instructions: '', input: [hi] })
  t.equal(without.hasReasoning, false)
})
