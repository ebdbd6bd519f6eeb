/**
 * Measures a stream on its way through the service: time per event at full speed, and what a
 * client that does not read costs. Run it with `npm run bench`; Linux only, as it reads /proc.
 */

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { askForStream, startBenchService } from './service.ts'

const EVENTS = 300_000
const STALL_BYTES = 200 * 1024 * 1024

const delta = (text: string, number: number) =>
  `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${number},"item_id":"msg_0a1b2c3d4e5f60718293a4b5c6d7e8f9","output_index":0,"content_index":0,"delta":${JSON.stringify(text)},"logprobs":[],"obfuscation":"aZk29fkq"}\n\n`
const COMPLETED = 'event: response.completed\ndata: {"type":"response.completed","response":{}}\n\n'

let taken = 0
let play: (response: ServerResponse) => Promise<void> = async () => {}
const backend = createServer(async (request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  await play(response)
})
backend.listen(0, '127.0.0.1')
await once(backend, 'listening')
const { port } = backend.address() as AddressInfo

async function send(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text)) await once(response, 'drain')
  taken += text.length
}

async function measureSpeed(perWrite: number): Promise<void> {
  play = async response => {
    for (let i = 0; i < EVENTS; i += perWrite) {
      let text = ''
      for (let j = 0; j < perWrite; j++) text += delta(' word', i + j)
      await send(response, text)
    }
    response.end(COMPLETED)
  }
  const service = await startBenchService(`http://127.0.0.1:${port}`)
  await (await askForStream(service.port)).resume().toArray()
  const cpuBefore = service.cpuMs()
  const startedAt = performance.now()
  let bytes = 0
  for await (const chunk of await askForStream(service.port)) bytes += chunk.length
  const wall = performance.now() - startedAt
  const cpu = service.cpuMs() - cpuBefore
  console.log(
    `${EVENTS} events, ${perWrite} a write: ${((wall * 1000) / EVENTS).toFixed(2)} us wall and ${((cpu * 1000) / EVENTS).toFixed(2)} us cpu an event, ${(bytes / 2 ** 20).toFixed(0)} MiB out, start-up ${service.startUpMs.toFixed(0)} ms`,
  )
  await service.stop()
}

async function measureStall(): Promise<void> {
  play = async response => {
    const text = delta('x'.repeat(32 * 1024), 0)
    taken = 0
    while (taken < STALL_BYTES) await send(response, text)
    response.end(COMPLETED)
  }
  const service = await startBenchService(`http://127.0.0.1:${port}`)
  const before = service.memory()
  const answer = await askForStream(service.port)
  await sleep(5000)
  const mib = (count: number) => (count / 2 ** 20).toFixed(1)
  console.log(
    `a client that reads nothing for 5 s: ${mib(taken)} of ${mib(STALL_BYTES)} MiB taken in, memory ${mib(before)} -> ${mib(service.memory())} MiB`,
  )
  let bytes = 0
  for await (const chunk of answer) bytes += chunk.length
  console.log(`then it reads: ${mib(bytes)} MiB, memory ${mib(service.memory())} MiB`)
  await service.stop()
}

await measureSpeed(1)
await measureSpeed(10)
await measureSpeed(100)
await measureStall()
backend.close()
backend.closeAllConnections()
