import t from 'tap'
import { inClientTerms } from '../../../../src/adapters/openai/chat/params.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'

const upstream = { status: 400, code: 'invalid_value', message: 'no' }

const nested = { type: 'function', function: { name: 'f' } }
const chat = {
  messages: [],
  response_format: {},
  verbosity: 'low',
  reasoning_effort: 'low',
  tools: [nested, { type: 'function', name: 'flat' }, { type: 'custom', custom: {} }],
}

t.test('what the upstream blames is told in the terms in which the client asked', async t => {
  const table: readonly (readonly [body: object, upstream: string, client: string])[] = [
    [chat, 'text.format.schema', 'response_format.json_schema.schema'],
    [chat, 'text.format.schema.properties.a', 'response_format.json_schema.schema'],
    [chat, 'text.format.name', 'response_format.json_schema.name'],
    [chat, 'text.format', 'response_format'],
    [chat, 'text.verbosity', 'verbosity'],
    [chat, 'reasoning.effort', 'reasoning_effort'],
    [chat, 'tools[0].parameters', 'tools[0].function.parameters'],
    [chat, 'tools[0].type', 'tools[0].type'],
    [chat, 'tools[1].name', 'tools[1].name'],
    [chat, 'tools[2].name', 'tools[2].custom.name'],
    [chat, 'tools[9].name', 'tools[9].name'],
    [chat, 'input[12].content[0].image_url', 'messages'],
    [chat, 'input', 'messages'],
    [chat, 'instructions', 'messages'],
    [chat, 'inputs', 'inputs'],
    [chat, 'model', 'model'],
    [{ prompt: 'p' }, 'input[0].content', 'prompt'],
    [{ input: [] }, 'input[0].content', 'input'],
    [{ input: [] }, 'text.format.schema', 'text.format.schema'],
    [{ input: [] }, 'text.verbosity', 'text.verbosity'],
    [{ input: [] }, 'reasoning.effort', 'reasoning.effort'],
    [{ functions: [{ name: 'f' }] }, 'tools[0].name', 'functions[0].name'],
  ]
  for (const [body, param, expected] of table) {
    const error = new ProxyError('upstream_refused', 'said', { param, upstream })
    const told = inClientTerms(error, { ...body })
    t.match(told, { code: 'upstream_refused', message: 'said', param: expected, upstream }, param)
  }
})

t.test('everything else about the error stays', async t => {
  const facts = { param: 'input', upstream, retryAfterSeconds: 3, cause: new Error('why') }
  const told = inClientTerms(new ProxyError('rate_limit_exceeded', 'said', facts), { messages: [] })
  t.match(told, { retryAfterSeconds: 3, cause: facts.cause })
})

t.test('errors of our own, and what is no error of ours, are left alone', async t => {
  const own = new ProxyError('invalid_value', 'said', { param: 'input[0]' })
  t.equal(inClientTerms(own, {}), own)
  const other = new Error('x')
  t.equal(inClientTerms(other, {}), other)
  const blameless = new ProxyError('upstream_error', 'said', { upstream })
  t.equal(inClientTerms(blameless, {}), blameless)
})

t.test('a search that is refused is blamed on the field that asked for it', async t => {
  const refused = { ...upstream, message: 'The web_search tool is not available.' }
  const told = (param: string | undefined, body: object) =>
    inClientTerms(new ProxyError('upstream_refused', 'said', { param, upstream: refused }), {
      ...body,
    })
  t.match(told('tools[0].type', { web_search_options: {} }), { param: 'web_search_options' })
  t.match(told(undefined, { responses_tools: [] }), { param: 'responses_tools' })
  t.match(told('tools[0].type', { web_search_options: null }), { param: 'tools[0].type' })
  t.match(told('model', { web_search_options: {} }), { param: 'model' })
  const other = new ProxyError('upstream_refused', 'said', { param: 'tools', upstream })
  t.equal(inClientTerms(other, { web_search_options: {} }), other)
})
