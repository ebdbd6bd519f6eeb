import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Reply } from '../../../src/adapters/http/exchange.ts'
import { sendFailure } from '../../../src/adapters/http/failure.ts'
import { connect, createGate, head, startWith } from '../../fakes/http-service.ts'

const REPLY: Reply = { status: 418, headers: {}, body: { tea: true } }

t.test('keeps the connection of a request without a body', async t => {
  const service = await startWith(t, ({ request, response }) =>
    sendFailure(request, response, REPLY),
  )
  for (const fields of [[], ['Content-Length: 0']]) {
    const client = await connect(t, service)
    client.send(head('POST /it', ...fields))
    const text = await client.until(/\}$/)
    t.match(text, /^HTTP\/1\.1 418 .*\{"tea":true\}$/s)
    t.match(text, /\r\nconnection: keep-alive\r\n/i)
  }
})

t.test('reads the rest of a short body before it closes', async t => {
  const service = await startWith(t, ({ request, response }) =>
    sendFailure(request, response, REPLY),
  )
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 10')}12345`)
  const text = await client.until(/\}$/)
  t.match(text, /\r\nconnection: close\r\n/i)
  // That it is left open has no event to wait for.
  await delay(50)
  t.equal(client.socket.readableEnded, false)
  client.send('67890')
  t.equal(await client.closed, text)
})

t.test('closes although the rest of the body never comes', async t => {
  const service = await startWith(t, ({ request, response }) =>
    sendFailure(request, response, REPLY),
  )
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 10')}12345`)
  t.match(await client.closed, /\{"tea":true\}$/)
})

t.test('a client that leaves instead of sending the rest is let go', async t => {
  const service = await startWith(t, ({ request, response }) =>
    sendFailure(request, response, REPLY),
  )
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 10')}12345`)
  await client.until(/\}$/)
  client.socket.destroy()
  await service.server.close(5000)
  t.equal(service.server.inFlight(), 0)
})

t.test('cuts an answer that is half written, so that nobody takes it for whole', async t => {
  const written = createGate()
  const service = await startWith(t, async ({ request, response }) => {
    response.write('part')
    await written.passed
    sendFailure(request, response, REPLY)
  })
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0'))
  await client.until(/part/)
  written.open()
  t.match(await client.closed, /\r\n\r\n4\r\npart\r\n$/)
})

t.test('leaves an answer alone that has been ended', async t => {
  const service = await startWith(t, ({ request, response }) => {
    response.end('whole')
    sendFailure(request, response, REPLY)
  })
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0', 'Connection: close'))
  t.match(await client.closed, /^HTTP\/1\.1 200 .*whole$/s)
})
