import t from 'tap'
import type { Exchange, Protocol, Reply, Route } from '../../../src/adapters/http/exchange.ts'
import { createRouter, pathSegments } from '../../../src/adapters/http/router.ts'
import { ask, codeOf, connect, head, startService } from '../../fakes/http-service.ts'

const reply: Reply = { status: 500, headers: {}, body: {} }

function route(method: Route['method'], path: string): Route {
  return {
    method,
    path,
    handle: ({ response, parameter = '-', query }) => {
      response.end(`${method} ${path} ${parameter} ${query}`)
    },
  }
}

const routes: readonly Route[] = [
  route('GET', '/'),
  route('POST', '/v1/chat/completions'),
  route('GET', '/v1/models'),
  route('GET', '/v1/models/:id'),
  route('GET', '/v1/responses/:id/input_items'),
  route('GET', '/v1/responses/:id'),
  route('DELETE', '/v1/responses/:id'),
  route('GET', '/v1/responses/latest'),
]

const first: Protocol = { routes: [route('GET', '/one')], encodeError: () => reply }
const second: Protocol = { routes: [route('GET', '/two')], encodeError: () => reply }

t.test('cuts a target into decoded segments', async t => {
  const cases: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['/', []],
    ['', []],
    ['/v1/models', ['v1', 'models']],
    ['//v1//models', ['v1', 'models']],
    ['/v1/models/', ['v1', 'models']],
    ['/v1/models?a=/b', ['v1', 'models']],
    ['/v1/models#/b?c', ['v1', 'models']],
    ['/v1/models?a\n/b', ['v1', 'models']],
    ['/v1/v1/models', ['v1', 'models']],
    ['/v1/v1/v1/models', ['v1', 'v1', 'models']],
    ['/models/v1/v1', ['models', 'v1', 'v1']],
    ['http://localhost:8000/v1/models', ['v1', 'models']],
    ['HTTPS://localhost', []],
    ['//evil.com/v1/models', ['evil.com', 'v1', 'models']],
    ['/v1/models/a%2Fb', ['v1', 'models', 'a/b']],
    ['/v1/models/%C3%A9', ['v1', 'models', 'é']],
    ['/V1/models', ['V1', 'models']],
    ['/...', ['...']],
    ['/%zz', undefined],
    ['/%', undefined],
    ['/%ff', undefined],
    ['/.', undefined],
    ['/v1/../models', undefined],
    ['/v1/%2e%2E/models', undefined],
    ['/v1\\models', undefined],
    ['/v1/%5Cmodels', undefined],
    ['/v1/%00', undefined],
  ]
  for (const [target, segments] of cases) t.strictSame(pathSegments(target), segments, target)
})

t.test('names the protocol, the template, the parameter and the methods of a path', async t => {
  const router = createRouter([{ routes, encodeError: () => reply }])
  const { handle, protocol, ...match } = router.match('GET', '/v1/models/gpt-5')
  t.strictSame(match, {
    route: '/v1/models/:id',
    parameter: 'gpt-5',
    methods: ['GET', 'HEAD', 'OPTIONS'],
  })
  t.equal(protocol.routes, routes)
})

t.test('names the protocol that a path belongs to, and the first one for any other', async t => {
  const router = createRouter([first, second])
  t.equal(router.match('GET', '/one').protocol, first)
  t.equal(router.match('PUT', '/two').protocol, second)
  t.equal(router.match('GET', '/three').protocol, first)
  t.equal(router.match('GET', '/%zz').protocol, first)
})

t.test('for a path that nobody has, the protocol of its first segment answers', async t => {
  const encodeError = () => reply
  const api: Protocol = { root: 'api', routes: [route('GET', '/api/tags')], encodeError }
  const other: Protocol = { root: 'api', routes: [], encodeError }
  const router = createRouter([first, api, other])
  const paths = ['/api', '/api/nope', '//api//nope/', '/api/tags/x?y', '/api/%zz', '/api/../x']
  for (const path of paths) {
    t.match(router.match('GET', path), { route: '*', methods: [] }, path)
    t.equal(router.match('GET', path).protocol, api, path)
  }
  for (const path of ['/', '/v1/api', '/API/nope', '/apis', '/../api/nope', '*']) {
    t.equal(router.match('GET', path).protocol, first, path)
  }
  t.equal(createRouter([api, first]).match('GET', '/').protocol, api)
  t.equal(createRouter([first, second]).match('GET', '/').protocol, first)
})

t.test('of two protocols with the same path and method the first is taken', async t => {
  const answering = (text: string): Route => ({
    method: 'GET',
    path: '/same',
    handle: ({ response }) => void response.setHeader('x', text),
  })
  const encodeError = () => reply
  const one: Protocol = { routes: [answering('one')], encodeError }
  const other: Protocol = { routes: [answering('other'), route('POST', '/same')], encodeError }
  const router = createRouter([one, other])
  const match = router.match('GET', '/same')
  t.equal(match.protocol, one)
  t.strictSame(match.methods, ['GET', 'POST', 'HEAD', 'OPTIONS'])
  const told: string[] = []
  const response = { setHeader: (_: string, text: string) => told.push(text) }
  match.handle({ response } as unknown as Exchange)
  t.strictSame(told, ['one'])
  t.equal(router.match('POST', '/same').protocol, one)
})

t.test('never names in the log template what the client typed', async t => {
  const router = createRouter([{ routes, encodeError: () => reply }])
  const cases = [
    ['/v1/models/secret', '/v1/models/:id'],
    ['/v1/responses/secret/input_items', '/v1/responses/:id/input_items'],
    ['//v1/models/', '/v1/models'],
    ['/secret', '*'],
    ['/%zz', '*'],
    ['*', '*'],
  ]
  for (const [target = '', template] of cases) {
    t.equal(router.match('GET', target).route, template, target)
  }
})

t.test('takes an exact path before a parameter', async t => {
  const router = createRouter([{ routes, encodeError: () => reply }])
  t.equal(router.match('GET', '/v1/responses/latest').route, '/v1/responses/latest')
  t.equal(router.match('GET', '/v1/responses/later').route, '/v1/responses/:id')
})

t.test('takes the rest of a path where nothing else fits', async t => {
  const router = createRouter([
    { routes: [...routes, route('GET', '/v1/*')], encodeError: () => reply },
  ])
  const found = (target: string) => {
    const { route, parameter } = router.match('GET', target)
    return `${route} ${parameter}`
  }
  t.equal(found('/v1/files'), '/v1/* undefined')
  t.equal(found('/v1/files/a/content'), '/v1/* undefined')
  t.equal(found('/v1/models/a'), '/v1/models/:id a')
  t.equal(found('/v1/models/a/b'), '/v1/* undefined')
  t.equal(found('/v1'), '* undefined')
  t.equal(found('/v2/files'), '* undefined')
  t.equal(found('/%2A'), '* undefined')
})

t.test('does not let an encoded segment pose as a path of the table', async t => {
  const router = createRouter([{ routes, encodeError: () => reply }])
  t.equal(router.match('GET', '/%2F').route, '*')
  t.equal(router.match('GET', '/v1%2Fmodels').route, '*')
  t.equal(router.match('GET', '/v1/responses%2Fx').route, '*')
  t.match(router.match('GET', '/v1/models/:'), { route: '/v1/models/:id', parameter: ':' })
  t.match(router.match('GET', '/v1/models/:id'), { route: '/v1/models/:id', parameter: ':id' })
  t.equal(router.match('GET', '/v1/responses/:/:').route, '*')
})

t.test('knows every method for the server as a whole', async t => {
  const match = createRouter([first]).match('OPTIONS', '*')
  t.strictSame(match.methods, ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])
  t.throws(() => match.handle({ request: { url: '*' } } as Exchange), { code: 'unknown_url' })
})

t.test('over HTTP', async t => {
  const service = await startService(t, routes)

  t.test('calls the handler of the path', async t => {
    const cases = [
      ['/v1/models', 'GET /v1/models - '],
      ['/v1/models/', 'GET /v1/models - '],
      ['//v1//models', 'GET /v1/models - '],
      ['/v1/v1/models', 'GET /v1/models - '],
      ['/v1/models?limit=2&x=a%20b', 'GET /v1/models - limit=2&x=a+b'],
      ['/v1/models/org%2Fmodel', 'GET /v1/models/:id org/model '],
      ['/v1/responses/r1/input_items', 'GET /v1/responses/:id/input_items r1 '],
      [`http://localhost:${service.port}/v1/models`, 'GET /v1/models - '],
    ]
    for (const [path = '', text] of cases) {
      const answer = await ask(service, { path })
      t.match(answer, { status: 200, text }, path)
    }
  })

  t.test('answers 404 to paths that it does not have', async t => {
    for (const path of ['/nope', '/v1', '/V1/models', '/v1/models/a/b', '//evil.com/v1/models']) {
      const answer = await ask(service, { path })
      t.equal(answer.status, 404, path)
      t.equal(codeOf(answer), 'unknown_url', path)
      t.equal(answer.headers.allow, undefined, path)
    }
  })

  t.test('says what the base URL is to those who look for neither API', async t => {
    for (const path of ['/nope', '/chat/v1x', '/apis/tags']) {
      t.match((await ask(service, { path })).text, 'Clients want /v1 as base URL.', path)
    }
    for (const path of ['/v1/nope', '/api/nope', '/api']) {
      t.notMatch((await ask(service, { path })).text, 'base URL', path)
    }
  })

  t.test('answers 400 to paths that could mean two', async t => {
    for (const path of ['/v1/%zz', '/v1/../v1/models', '/v1/%2e%2e/models', '/v1\\models']) {
      const answer = await ask(service, { path })
      t.equal(answer.status, 400, path)
      t.equal(codeOf(answer), 'invalid_value', path)
    }
  })

  t.test('answers 405 with Allow to other methods', async t => {
    const cases = [
      ['GET', '/v1/chat/completions', 'POST, OPTIONS'],
      ['HEAD', '/v1/chat/completions', 'POST, OPTIONS'],
      ['DELETE', '/v1/models', 'GET, HEAD, OPTIONS'],
      ['TRACE', '/v1/models', 'GET, HEAD, OPTIONS'],
      ['PUT', '/v1/responses/r1', 'GET, DELETE, HEAD, OPTIONS'],
    ]
    for (const [method = '', path = '', allow] of cases) {
      const answer = await ask(service, { method, path })
      t.equal(answer.status, 405, `${method} ${path}`)
      t.equal(answer.headers.allow, allow, `${method} ${path}`)
      if (method !== 'HEAD') t.equal(codeOf(answer), 'method_not_allowed', `${method} ${path}`)
    }
  })

  t.test('answers HEAD as GET, without the body', async t => {
    for (const path of ['/', '/v1/models', '/v1/models/x']) {
      const answer = await ask(service, { method: 'HEAD', path })
      t.match(answer, { status: 200, text: '' }, path)
    }
  })

  t.test('answers OPTIONS with the methods of the path', async t => {
    const answer = await ask(service, { method: 'OPTIONS', path: '/v1/models' })
    t.match(answer, { status: 204, text: '', headers: { allow: 'GET, HEAD, OPTIONS' } })
    t.equal((await ask(service, { method: 'OPTIONS', path: '/nope' })).status, 404)
  })

  t.test('answers OPTIONS for the server as a whole', async t => {
    const client = await connect(t, service)
    client.send(head('OPTIONS *', 'Connection: close'))
    const text = await client.closed
    t.match(text, /^HTTP\/1\.1 204 /)
    t.match(text, /\r\nallow: GET, HEAD, POST, DELETE, OPTIONS\r\n/)
  })
})
