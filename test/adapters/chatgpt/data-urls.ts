import t from 'tap'
import { encodeRequest } from '../../../src/adapters/chatgpt/encode.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import type { Part } from '../../../src/domain/conversation.ts'
import { chatRequest } from '../../fakes/chat-request.ts'

function sent(part: Part) {
  const request = chatRequest({ items: [{ type: 'message', role: 'user', parts: [part] }] })
  const options = { names: createToolNames(request), recall: () => undefined }
  return JSON.parse(encodeRequest(request, 'normal', options).body).input[0].content[0]
}
const sentUrl = (url: string): string => sent({ type: 'image', url, detail: 'auto' }).image_url

t.test('Base64 is sent in its strict form, whatever form it came in', async t => {
  const png = 'data:image/png;base64,'
  for (const [data, expected] of [
    ['+/+/AA==', '+/+/AA=='],
    ['-_-_AA==', '+/+/AA=='],
    ['+/+/AA', '+/+/AA=='],
    ['+/+/AA=', '+/+/AA=='],
    ['+/+/AAA', '+/+/AAA='],
    ['+/+/AAAA', '+/+/AAAA'],
    ['%2B%2f-_AA%3D%3d', '+/+/AA=='],
    [' +/+/\r\n AA\t==\n', '+/+/AA=='],
    ['+/+/%0D%0AAA==', '+/+/AA=='],
    ['-_ AA = \n= ', '+/AA'],
    [' \f', ''],
    ['', ''],
  ] as const) {
    t.equal(sentUrl(png + data), png + expected, data)
  }
  t.equal(
    sentUrl('DATA:image/svg+xml;charset=utf-8;BASE64,-_-_'),
    'DATA:image/svg+xml;charset=utf-8;BASE64,+/+/',
  )
})

t.test('what is no Base64 is left alone', async t => {
  for (const url of [
    'https://example.com/a-b_c.png?x=%2B',
    'data:image/svg+xml,%3Csvg%20a-b_c%3E',
    'data:,a-b',
    'data:image/png;base64',
    'data:image/png;base64,A',
    'data:image/png;base64,-AAAA',
    'data:image/png;base64,-=AA',
    'data:image/png;base64,-A===',
    'data:image/png;base64,-AAA====',
    'data:image/png;base64,-A!A',
    'data:image/png;base64,-A%zzA',
    'data:image/png;base64,-A%C3%A9',
    'data:image/png;base64,-A\u0141A',
    'data:image/png;base64,-A \u202fA',
    'data:image/png;base64,- A A AA',
    'data:image/png;base64,-A=A=',
  ]) {
    t.equal(sentUrl(url), url)
  }
})

t.test('files are sent in the strict form too', async t => {
  const part: Part = { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,-_-_' }
  t.equal(sent(part).file_data, 'data:application/pdf;base64,+/+/')
})

t.test('data of many megabytes is put right in linear time', async t => {
  const digits = 'A-_/'.repeat(4 * 1024 * 1024)
  const long = `data:image/png;base64,${digits}`
  t.equal(sentUrl(long).length, long.length)
  const spaced = `data:image/png;base64,${'A '.repeat(4 * 1024 * 1024)}`
  t.equal(sentUrl(spaced), `data:image/png;base64,${'A'.repeat(4 * 1024 * 1024)}`)
  const padded = `data:image/png;base64,AAA=${' '.repeat(1024 * 1024)}!`
  t.equal(sentUrl(padded), padded)
  const broken = `data:image/png;base64,${'='.repeat(1024 * 1024)}`
  t.equal(sentUrl(broken), broken)
  const headless = `data:${';base64'.repeat(1024 * 1024)}`
  t.equal(sentUrl(headless), headless)
})
