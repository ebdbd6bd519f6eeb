import t from 'tap'
import { healthRoutes } from '../../../src/adapters/http/health.ts'
import { ask, startService } from '../../fakes/http-service.ts'

t.test('answers wherever programs look for a sign of life', async t => {
  const service = await startService(t, healthRoutes)
  for (const path of ['/', '/health', '/v1', '/v1/']) {
    const answer = await ask(service, { path })
    t.match(answer, { status: 200, text: '{"status":"ok"}' }, path)
    t.equal(answer.headers['content-type'], 'application/json; charset=utf-8', path)
  }
})

t.test('answers HEAD with the length and no body', async t => {
  const service = await startService(t, healthRoutes)
  const answer = await ask(service, { method: 'HEAD', path: '/' })
  t.match(answer, { status: 200, text: '', headers: { 'content-length': '15' } })
})
