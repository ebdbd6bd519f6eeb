import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net'
import t, { type Test } from 'tap'
import type { FetchOptions } from '../../../src/adapters/undici/fetch.ts'
import { startFetch } from '../../fakes/outbound.ts'

async function listen(
  t: Test,
  server: Server | ReturnType<typeof createSocketServer>,
): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function post(t: Test, options: Partial<FetchOptions>) {
  const fetch = startFetch(t, options)
  return (url: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'x-own': 'yes' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
}

/** A proxy that opens tunnels and keeps where they lead. */
async function startProxy(t: Test): Promise<{ url: string; tunnels: string[] }> {
  const tunnels: string[] = []
  const proxy = createServer((_request, response) => response.writeHead(500).end())
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '')
    const [host, port] = (request.url ?? '').split(':')
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    for (const side of [target, socket]) side.on('error', () => {})
    socket.on('close', () => target.destroy())
  })
  return { url: await listen(t, proxy), tunnels }
}

async function startEcho(t: Test): Promise<string> {
  return await listen(
    t,
    createServer((request, response) => {
      response.setHeader('connection', 'close')
      response.end(`${request.method} ${request.headers['x-own']}`)
    }),
  )
}

t.test('without a proxy a request goes where it is told', async t => {
  const url = await startEcho(t)
  t.equal(await (await post(t, {})(url)).text(), 'POST yes')
})

t.test('a proxy is honoured, and so is the list of hosts that need none', async t => {
  const url = await startEcho(t)
  const proxy = await startProxy(t)
  t.equal(await (await post(t, { httpProxy: proxy.url })(url)).text(), 'POST yes')
  t.strictSame(proxy.tunnels, [new URL(url).host])
  const direct = post(t, { httpProxy: proxy.url, noProxy: '127.0.0.1' })
  t.equal(await (await direct(url)).text(), 'POST yes')
  t.equal(proxy.tunnels.length, 1)
})

t.test('the variables of the process have no say', async t => {
  const url = await startEcho(t)
  const proxy = await startProxy(t)
  t.intercept(process, 'env', {
    value: { ...process.env, http_proxy: proxy.url, HTTP_PROXY: proxy.url },
  })
  t.equal(await (await post(t, {})(url)).text(), 'POST yes')
  t.strictSame(proxy.tunnels, [])
})

t.test('a redirect is handed back, not followed', async t => {
  const url = await listen(
    t,
    createServer((_request, response) =>
      response.writeHead(307, { location: 'http://127.0.0.1:1/', connection: 'close' }).end(),
    ),
  )
  const response = await post(t, {})(url)
  t.equal(response.status, 307)
  await response.text()
})

t.test('authorities that cannot be read are told of with the request, not before', async t => {
  const send = post(t, { extraAuthorities: ['no certificate'] })
  const url = await listen(
    t,
    createSocketServer(socket => socket.destroy()),
  )
  await t.rejects(send(url.replace('http:', 'https:')))
})
