import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { listenOnLoopback, PortsInUseError } from '../../../src/adapters/oauth/loopback.ts'

/** Takes a port, or any free one. */
async function hold(t: Test, address: string, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer()
  server.listen(port, address)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

/** Listens for a test; returns the port and the addresses. */
async function listen(t: Test, ports: readonly number[], addresses?: readonly string[]) {
  const { port, servers } = await listenOnLoopback(ports, createServer, addresses)
  t.teardown(() => servers.map(server => server.close()))
  return { port, bound: servers.map(server => server.address() as AddressInfo) }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => t.fail('expected it to fail'),
    (reason: unknown) => reason,
  )
}

async function hasIPv6(): Promise<boolean> {
  const server = createServer()
  server.listen(0, '::1')
  const works = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  server.close()
  return works
}

const withoutIPv6 = (await hasIPv6()) ? false : 'there is no ::1 on this machine'

t.test('listens on both loopback addresses, on one port', { skip: withoutIPv6 }, async t => {
  const { port, bound } = await listen(t, [0])
  t.strictSame(bound, [
    { address: '127.0.0.1', family: 'IPv4', port },
    { address: '::1', family: 'IPv6', port },
  ])
})

t.test('does without an address that the machine does not have', async t => {
  // 192.0.2.1 is kept for documentation (RFC 5737): it is nobody's.
  for (const addresses of [
    ['192.0.2.1', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.1'],
  ]) {
    const { bound } = await listen(t, [0], addresses)
    t.match(bound, [{ address: '127.0.0.1' }])
    t.equal(bound.length, 1)
  }
})

t.test('cannot do without any', async t => {
  t.match(await failureOf(listen(t, [0], ['192.0.2.1'])), {
    message: 'This machine has no loopback address.',
  })
})

t.test('goes on to the next port when one is taken on either address', async t => {
  for (const taken of ['127.0.0.1', '127.0.0.2']) {
    const { port: first } = await hold(t, taken)
    const { port } = await listen(t, [first, 0], ['127.0.0.1', '127.0.0.2'])
    t.not(port, first)
    const other = taken === '127.0.0.1' ? '127.0.0.2' : '127.0.0.1'
    await hold(t, other, first)
    t.pass('it has let go of the other address')
  }
})

t.test('names all ports, and who has them, when none is free', async t => {
  const one = await hold(t, '127.0.0.1')
  const two = await hold(t, '127.0.0.1')
  const error = await failureOf(listen(t, [one.port, two.port]))
  if (!(error instanceof PortsInUseError)) throw error
  t.strictSame(error.ports, [one.port, two.port])
  t.match(
    error.message,
    new RegExp(
      `^The browser can only call back on port ${one.port} or ${two.port}, and that is in use: ${one.port} by .+, ${two.port} by .+\\. Stop that program, or sign in with a code instead\\. Run: chatmock login --headless$`,
    ),
  )
})

t.test('hands on what it cannot get round', async t => {
  t.match(await failureOf(listen(t, [0], ['localhost.invalid'])), { code: 'ENOTFOUND' })
})
