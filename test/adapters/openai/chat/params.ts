import t from 'tap'
import { inChatTerms } from '../../../../src/adapters/openai/chat/params.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'

const upstream = { status: 400, code: 'invalid_value', message: 'no' }

t.test('what the upstream blames is told in the names of the chat API', async t => {
  const table: readonly (readonly [string, string])[] = [
    ['text.format.schema', 'response_format.json_schema.schema'],
    ['text.format.name', 'response_format.json_schema.name'],
    ['text.format', 'response_format'],
    ['text.verbosity', 'verbosity'],
    ['reasoning.effort', 'reasoning_effort'],
    ['tools[3].parameters', 'tools[3].function.parameters'],
    ['tools[0].type', 'tools[0].type'],
    ['input[12].content[0].image_url', 'messages'],
    ['input', 'messages'],
    ['instructions', 'messages'],
    ['inputs', 'inputs'],
    ['model', 'model'],
  ]
  for (const [param, expected] of table) {
    const error = new ProxyError('upstream_refused', 'said', { param, upstream })
    const told = inChatTerms(error, {})
    t.match(told, { code: 'upstream_refused', message: 'said', param: expected, upstream }, param)
  }
})

t.test('everything else about the error stays', async t => {
  const facts = { param: 'input', upstream, retryAfterSeconds: 3, cause: new Error('why') }
  const told = inChatTerms(new ProxyError('rate_limit_exceeded', 'said', facts), {})
  t.match(told, { retryAfterSeconds: 3, cause: facts.cause })
})

t.test('errors of our own, and what is no error of ours, are left alone', async t => {
  const own = new ProxyError('invalid_value', 'said', { param: 'input[0]' })
  t.equal(inChatTerms(own, {}), own)
  const other = new Error('x')
  t.equal(inChatTerms(other, {}), other)
  const blameless = new ProxyError('upstream_error', 'said', { upstream })
  t.equal(inChatTerms(blameless, {}), blameless)
})

t.test('a search that is refused is blamed on the field that asked for it', async t => {
  const refused = { ...upstream, message: 'The web_search tool is not available.' }
  const told = (param: string | undefined, body: object) =>
    inChatTerms(new ProxyError('upstream_refused', 'said', { param, upstream: refused }), {
      ...body,
    })
  t.match(told('tools[0].type', { web_search_options: {} }), { param: 'web_search_options' })
  t.match(told(undefined, { responses_tools: [] }), { param: 'responses_tools' })
  t.match(told('tools[0].type', { web_search_options: null }), { param: 'tools[0].type' })
  t.match(told('model', { web_search_options: {} }), { param: 'model' })
  const other = new ProxyError('upstream_refused', 'said', { param: 'tools', upstream })
  t.equal(inChatTerms(other, { web_search_options: {} }), other)
})
