import t from 'tap'
import { answer, message } from '../fakes/backend-events.ts'
import { functionTool, plays } from '../fakes/chat-service.ts'
import { type BadBody, CHAT, GENERATE, refusesEach, startOllama } from '../fakes/ollama-service.ts'

const hi = { role: 'user', content: 'hi' }
const says = (over: object) => ({ messages: [{ ...hi, ...over }] })
const answers = (over: object) => ({ messages: [hi, { role: 'assistant', ...over }] })
const called = (called: unknown) => answers({ tool_calls: [called] })
/** Base64 of the word CANARY: letters, and no image. */
const NO_IMAGE = 'Q0FOQVJZ'
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ'

/** Texts that say a span of time, but not one of Go's. */
const DURATIONS: readonly BadBody[] = [
  [{ keep_alive: '10' }, /^time: missing unit in duration "10"$/],
  [{ keep_alive: '-1' }, /^time: missing unit in duration "-1"$/],
  [{ keep_alive: 'x' }, /^time: invalid duration "x"$/],
  [{ keep_alive: '' }, /^time: invalid duration ""$/],
  [{ keep_alive: '5 m' }, /^time: /],
  [{ keep_alive: '5d' }, /^time: /],
  [{ keep_alive: 'm' }, /^time: invalid duration "m"$/],
  [{ keep_alive: '1h30' }, /^time: missing unit in duration "1h30"$/],
  [{ keep_alive: true }, 'keep_alive'],
  [{ keep_alive: ['CANARY'] }, 'keep_alive'],
  [{ keep_alive: { a: 'CANARY' } }, 'keep_alive'],
]

/** What both endpoints refuse. */
const EITHER: readonly BadBody[] = [
  ...DURATIONS,
  [{ stream: 'CANARY' }, 'stream'],
  [{ stream: 1 }, 'stream'],
  [{ stream: {} }, 'stream'],
  [{ think: 'ultra' }, /^invalid think value: "ultra" \(must be /],
  [{ think: 1 }, 'think'],
  [{ think: ['CANARY'] }, 'think'],
  [{ think: { effort: 'CANARY' } }, 'think'],
  [{ format: 'CANARY' }, /^invalid format.*JSON/s],
  [{ format: 'JSON' }, /^invalid format.*JSON/s],
  [{ format: 3 }, /format/],
  [{ format: true }, /format/],
  [{ format: ['CANARY'] }, /format/],
  [{ options: 'CANARY' }, 'options'],
  [{ options: 3 }, 'options'],
  [{ options: ['CANARY'] }, 'options'],
  [{ options: { temperature: 'CANARY' } }, 'options.temperature'],
  [{ options: { temperature: true } }, 'options.temperature'],
  [{ options: { top_p: ['CANARY'] } }, 'options.top_p'],
  [{ options: { top_k: 'CANARY' } }, 'options.top_k'],
  [{ options: { min_p: {} } }, 'options.min_p'],
  [{ options: { typical_p: 'CANARY' } }, 'options.typical_p'],
  [{ options: { num_predict: 'CANARY' } }, 'options.num_predict'],
  [{ options: { num_ctx: '4096' } }, 'options.num_ctx'],
  [{ options: { num_batch: 'CANARY' } }, 'options.num_batch'],
  [{ options: { num_gpu: 'CANARY' } }, 'options.num_gpu'],
  [{ options: { main_gpu: 'CANARY' } }, 'options.main_gpu'],
  [{ options: { num_thread: 'CANARY' } }, 'options.num_thread'],
  [{ options: { num_keep: 'CANARY' } }, 'options.num_keep'],
  [{ options: { use_mmap: 'CANARY' } }, 'options.use_mmap'],
  [{ options: { seed: 'CANARY' } }, 'options.seed'],
  [{ options: { repeat_last_n: 'CANARY' } }, 'options.repeat_last_n'],
  [{ options: { repeat_penalty: 'CANARY' } }, 'options.repeat_penalty'],
  [{ options: { presence_penalty: 'CANARY' } }, 'options.presence_penalty'],
  [{ options: { frequency_penalty: 'CANARY' } }, 'options.frequency_penalty'],
  [{ options: { stop: 3 } }, 'options.stop'],
  [{ options: { stop: { a: 'CANARY' } } }, 'options.stop'],
  [{ options: { stop: ['a', 3] } }, 'options.stop'],
  [{ options: { stop: ['a', ['CANARY']] } }, 'options.stop'],
  [{ options: { stop: Array.from({ length: 10_000 }, () => 'CANARY') } }, 'options.stop'],
  [{ logprobs: true }, 'logprobs'],
  [{ logprobs: 'CANARY' }, 'logprobs'],
  [{ top_logprobs: 5 }, 'logprobs'],
  [{ top_logprobs: 21 }, /^top_logprobs must be between 0 and 20$/],
  [{ top_logprobs: -1 }, /^top_logprobs must be between 0 and 20$/],
  [{ logprobs: true, top_logprobs: 21 }, /^top_logprobs must be between 0 and 20$/],
  [{ top_logprobs: 'CANARY' }, 'top_logprobs'],
  [{ truncate: 'CANARY' }, 'truncate'],
  [{ shift: 1 }, 'shift'],
  [{ fast_mode: 'CANARY' }, 'fast_mode'],
  [{ fast_mode: [] }, 'fast_mode'],
  [{ service_tier: 3 }, 'service_tier'],
]

const CHATS: readonly BadBody[] = [
  ...EITHER,
  [{ messages: 'CANARY' }, 'messages'],
  [{ messages: { role: 'CANARY' } }, 'messages'],
  [{ messages: 3 }, 'messages'],
  [{ messages: ['CANARY'] }, 'messages[0]'],
  [{ messages: [null] }, 'messages[0]'],
  [{ messages: [hi, ['CANARY']] }, 'messages[1]'],
  [{ messages: Array.from({ length: 10_001 }, () => hi) }, 'messages'],
  [says({ content: '' }), 'messages'],
  [{ messages: [{ role: 'assistant' }, { role: 'user', content: null }] }, 'messages'],
  [says({ role: 3 }), 'messages[0].role'],
  [says({ role: ['CANARY'] }), 'messages[0].role'],
  [says({ role: '' }), 'messages[0].role'],
  [says({ role: undefined }), 'messages[0].role'],
  [says({ content: 3 }), 'messages[0].content'],
  [says({ content: { a: 'CANARY' } }), 'messages[0].content'],
  [says({ content: ['CANARY'] }), 'messages[0].content'],
  [says({ content: [{ type: 'text', text: 'CANARY' }] }), 'messages[0].content'],
  [answers({ content: 'a', thinking: 3 }), 'messages[1].thinking'],
  [says({ images: 'CANARY' }), 'messages[0].images'],
  [says({ images: { 0: PNG } }), 'messages[0].images'],
  [says({ images: [3] }), 'messages[0].images[0]'],
  [says({ images: [''] }), 'messages[0].images[0]'],
  [says({ images: [PNG, 'CANARY!'] }), 'messages[0].images[1]'],
  [says({ images: [`${PNG}=CANARY`] }), 'messages[0].images[0]'],
  [says({ images: [NO_IMAGE] }), 'messages[0].images[0]'],
  [says({ images: [`data:text/plain;base64,${NO_IMAGE}`] }), 'messages[0].images[0]'],
  [says({ images: [`data:image/png;base64,${NO_IMAGE}`] }), 'messages[0].images[0]'],
  [says({ images: ['data:image/png,CANARY'] }), 'messages[0].images[0]'],
  [says({ images: ['http://canary.invalid/a.png'] }), 'messages[0].images[0]'],
  [says({ images: ['https://canary.invalid/a.png'] }), 'messages[0].images[0]'],
  [says({ images: ['file:///CANARY.png'] }), 'messages[0].images[0]'],
  [says({ images: ['/home/CANARY.png'] }), 'messages[0].images[0]'],
  [answers({ tool_calls: 'CANARY' }), 'messages[1].tool_calls'],
  [answers({ tool_calls: { 0: 'CANARY' } }), 'messages[1].tool_calls'],
  [called('CANARY'), 'messages[1].tool_calls[0]'],
  [called({}), 'messages[1].tool_calls[0].function'],
  [called({ function: 'CANARY' }), 'messages[1].tool_calls[0].function'],
  [called({ function: { arguments: {} } }), 'messages[1].tool_calls[0].function.name'],
  [called({ function: { name: 3 } }), 'messages[1].tool_calls[0].function.name'],
  [called({ function: { name: '' } }), 'messages[1].tool_calls[0].function.name'],
  [called({ function: { name: 'CANARY\n' } }), 'messages[1].tool_calls[0].function.name'],
  [
    called({ function: { name: 'f', arguments: '{"a":"CANARY"}' } }),
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    called({ function: { name: 'f', arguments: ['CANARY'] } }),
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    called({ function: { name: 'f', arguments: 3 } }),
    'messages[1].tool_calls[0].function.arguments',
  ],
  [called({ id: 3, function: { name: 'f' } }), 'messages[1].tool_calls[0].id'],
  [says({ role: 'tool', tool_call_id: 3 }), 'messages[0].tool_call_id'],
  [says({ role: 'tool', tool_name: ['CANARY'] }), 'messages[0].tool_name'],
  [{ tools: 'CANARY' }, 'tools'],
  [{ tools: { 0: functionTool('f') } }, 'tools'],
  [{ tools: ['CANARY'] }, 'tools[0]'],
  [{ tools: [null] }, 'tools[0]'],
  [{ tools: [{ type: 'function' }] }, 'tools[0]'],
  [{ tools: [{ type: 'function', function: { description: 'CANARY' } }] }, 'tools[0].function'],
  [{ tools: [{ type: 'function', function: { name: 'f', parameters: 'CANARY' } }] }, 'tools[0]'],
  [{ tools: [{ type: 'function', function: { name: 'f', description: 3 } }] }, 'tools[0]'],
  [{ tools: [functionTool('f'), { type: 'CANARY', name: 'x' }] }, 'tools[1].type'],
  [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0]'],
  [{ tools: [{ type: 'mcp', server_label: 'CANARY' }] }, 'tools[0].type'],
  [{ tools: [functionTool('f'), functionTool('f')] }, "Two tools are named 'f'"],
  [{ tools: Array.from({ length: 513 }, (_, i) => functionTool(`f${i}`)) }, 'tools'],
  [{ tool_choice: 'CANARY' }, 'tool_choice'],
  [{ tool_choice: 'required' }, 'tool_choice'],
  [{ tools: [functionTool('f')], tool_choice: functionTool('g') }, 'tool_choice'],
  [{ parallel_tool_calls: 'CANARY' }, 'parallel_tool_calls'],
  [{ responses_tools: 'CANARY' }, 'responses_tools'],
  [{ responses_tools: [functionTool('f')] }, 'responses_tools[0]'],
  [{ responses_tool_choice: 'CANARY' }, 'responses_tool_choice'],
]

const TEXTS: readonly BadBody[] = [
  ...EITHER,
  [{ prompt: 3 }, 'prompt'],
  [{ prompt: ['CANARY'] }, 'prompt'],
  [{ prompt: { a: 'CANARY' } }, 'prompt'],
  [{ suffix: 3 }, 'suffix'],
  [{ suffix: ['CANARY'] }, 'suffix'],
  [{ system: 3 }, 'system'],
  [{ system: ['CANARY'] }, 'system'],
  [{ template: 3 }, 'template'],
  [{ raw: 'CANARY' }, 'raw'],
  [{ raw: 1 }, 'raw'],
  [{ context: 'CANARY' }, 'context'],
  [{ context: { 0: 1 } }, 'context'],
  [{ context: [1, 'CANARY'] }, 'context'],
  [{ context: [1.5] }, 'context'],
  [{ context: [null] }, 'context'],
  [{ images: 'CANARY' }, 'images'],
  [{ images: [3] }, 'images[0]'],
  [{ images: [PNG, 'CANARY!'] }, 'images[1]'],
  [{ images: [NO_IMAGE] }, 'images[0]'],
  [{ images: ['https://canary.invalid/a.png'] }, 'images[0]'],
]

t.test('a chat that cannot be meant is refused by name, and nothing is asked', async t => {
  await refusesEach(t, await startOllama(t, CHAT), CHATS)
})

t.test('a text that cannot be meant is refused by name, and nothing is asked', async t => {
  await refusesEach(t, await startOllama(t, GENERATE), TEXTS)
})

t.test('what is wrong is refused even where the model is only to be loaded', async t => {
  await refusesEach(t, await startOllama(t, CHAT), [
    [{ messages: [], think: 'ultra' }, /^invalid think value: "ultra"/],
    [{ messages: [], keep_alive: '10' }, /^time: missing unit/],
    [{ messages: [], stream: 'CANARY' }, 'stream'],
    [{ messages: [], logprobs: true }, 'logprobs'],
    [{ messages: [], tools: [{ bad: 1 }] }, 'tools[0].type'],
  ])
})

t.test('what has no effect is refused by name where that is wished', async t => {
  const strict = { CHATGPT_LOCAL_STRICT: 'on' }
  const chat = await startOllama(t, CHAT, strict)
  await refusesEach(t, chat, [
    [{ options: { temperature: 0.7 } }, "'options.temperature'"],
    [{ options: { num_ctx: 4096 } }, "'options.num_ctx'"],
    [{ options: { num_predict: 100 } }, "'options.num_predict'"],
    [{ options: { brand_new: 'CANARY' } }, "'options.brand_new'"],
    [{ temperature: 0.7 }, "'temperature'"],
    [{ truncate: false }, "'truncate'"],
    [{ brand_new: 'CANARY' }, "'brand_new'"],
    [{ messages: [], brand_new: 'CANARY' }, "'brand_new'"],
  ])
  await refusesEach(t, await startOllama(t, GENERATE, strict), [
    [{ template: 'CANARY' }, "'template'"],
    [{ context: [1, 2, 3] }, "'context'"],
    [{ options: { seed: 1 } }, "'options.seed'"],
  ])
  chat.upstream.play(plays(answer(message(0, ['ok']))))
  const fine = await chat.ask({
    keep_alive: '5m',
    think: 'low',
    format: 'json',
    truncate: true,
    options: { stop: 'x', num_predict: -1, temperature: null },
    tools: [functionTool('f')],
    tool_choice: 'auto',
    logprobs: false,
  })
  t.equal(fine.status, 200)
  await fine.arrayBuffer()
})
