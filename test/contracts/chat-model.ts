import type { Test } from 'tap'
import type { ChatRequest } from '../../src/domain/conversation.ts'
import type { ModelEvent } from '../../src/domain/events.ts'
import type { ChatModel, Credentials } from '../../src/domain/ports.ts'

/** A model, with a request that it answers to the end and one whose answer begins and never ends. */
export interface ChatModelSubject {
  readonly model: ChatModel
  readonly credentials: Credentials
  readonly whole: ChatRequest
  readonly endless: ChatRequest
}

/** Checks what every {@link ChatModel} promises. */
export function chatModelContract(t: Test, create: (t: Test) => Promise<ChatModelSubject>): void {
  const reason = new Error('the client left')

  t.test(
    'an answer begins with "started", ends with "finished" and has nothing after it',
    async t => {
      const { model, credentials, whole } = await create(t)
      const answer = await model.respond(whole, credentials, new AbortController().signal)
      const events: ModelEvent[] = []
      for await (const event of answer) events.push(event)
      t.equal(events[0]?.type, 'started')
      t.equal(events.at(-1)?.type, 'finished')
      t.equal(events.filter(({ type }) => type === 'finished').length, 1)
    },
  )

  t.test('a signal that is aborted already rejects the call with its reason', async t => {
    const { model, credentials, whole } = await create(t)
    await t.rejects(model.respond(whole, credentials, AbortSignal.abort(reason)), reason)
  })

  t.test('a signal that aborts while an answer is awaited ends it with its reason', async t => {
    const { model, credentials, endless } = await create(t)
    const controller = new AbortController()
    const answer = await model.respond(endless, credentials, controller.signal)
    const events = answer[Symbol.asyncIterator]()
    t.match(await events.next(), { value: { type: 'started' } })
    let next = events.next()
    setImmediate(() => controller.abort(reason))
    await t.rejects(async () => {
      while (!(await next).done) next = events.next()
    }, reason)
    t.match(await events.next(), { done: true }, 'and nothing comes after it')
  })

  t.test('a reader that stops early may do so', async t => {
    const { model, credentials, endless } = await create(t)
    const answer = await model.respond(endless, credentials, new AbortController().signal)
    for await (const event of answer) {
      t.equal(event.type, 'started')
      break
    }
  })
}
