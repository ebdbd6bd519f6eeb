import t from 'tap'
import { sendEmpty, sendJson, sendReply, writeReply } from '../../../src/adapters/http/reply.ts'
import { connect, head, post, startWith } from '../../fakes/http-service.ts'

t.test('sends JSON with its type and its length in bytes', async t => {
  const service = await startWith(t, ({ response }) =>
    sendJson(response, 201, { text: 'é€😀' }, { 'x-extra': 'yes' }),
  )
  const answer = await post(service, '')
  t.match(answer, {
    status: 201,
    text: '{"text":"é€😀"}',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': '20',
      'x-extra': 'yes',
    },
  })
  t.equal(answer.headers['transfer-encoding'], undefined)
})

t.test('lets a header of the caller replace the usual one', async t => {
  const service = await startWith(t, ({ response }) =>
    sendJson(response, 200, {}, { 'content-type': 'application/problem+json' }),
  )
  t.equal((await post(service, '')).headers['content-type'], 'application/problem+json')
})

t.test('sends a reply with its status, headers and body', async t => {
  const service = await startWith(t, ({ response }) =>
    sendReply(response, { status: 429, headers: { 'retry-after': '3' }, body: { error: null } }),
  )
  t.match(await post(service, ''), {
    status: 429,
    text: '{"error":null}',
    headers: { 'retry-after': '3' },
  })
})

t.test('sends plain text as it is, with its length in bytes', async t => {
  const service = await startWith(t, ({ response }) =>
    sendReply(response, { status: 404, headers: { 'x-extra': 'yes' }, text: '"404" – €' }),
  )
  t.match(await post(service, ''), {
    status: 404,
    text: '"404" – €',
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '13',
      'x-extra': 'yes',
    },
  })
})

t.test('sends an empty answer without a type', async t => {
  const service = await startWith(t, ({ response }) => sendEmpty(response, { allow: 'GET' }))
  const answer = await post(service, '')
  t.match(answer, { status: 204, text: '', headers: { allow: 'GET' } })
  t.equal(answer.headers['content-type'], undefined)
})

t.test('a written reply is whole for the client before the response is ended', async t => {
  const service = await startWith(t, ({ response }) =>
    writeReply(response, { status: 413, headers: {}, body: { too: 'large' } }),
  )
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0'))
  t.match(await client.until(/\}$/), /\r\ncontent-length: 15\r\n.*\r\n\r\n\{"too":"large"\}$/s)
  t.equal(service.server.inFlight(), 1)
})
