/** What `chatmock serve` tells the person who started it. */

import { quote } from './shell.ts'

/** What the screen shows. */
export interface ServeFacts {
  readonly version: string
  readonly upstream: string
  /** Base address without a path, e.g. `http://127.0.0.1:8000`. */
  readonly address: string
  /** The address that Ollama clients are given; the same, or that of a port of its own. */
  readonly ollamaAddress: string
  readonly models: readonly string[]
  /** What the person should know or do before it works, a sentence each. */
  readonly hints: readonly string[]
}

/** Returns the screen, with the command to try. */
export function serveScreen(facts: ServeFacts): string {
  const { version, upstream, address, ollamaAddress, models, hints } = facts
  const model = models[0] ?? 'MODEL'
  const body = JSON.stringify({
    model,
    stream: true,
    messages: [{ role: 'user', content: 'Hello! What can you do?' }],
  })
  const lines = [
    `chatmock ${version} (${upstream})`,
    '',
    `  Base URL   ${address}/v1`,
    `  Ollama     ${ollamaAddress}`,
    '  API key    any text will do',
    `  Models     ${models.join(', ') || 'none known yet'}`,
    ...(hints.length === 0 ? [] : ['', ...hints.map(hint => `  ${hint}`)]),
    '',
    '  Try it:',
    `  curl -N ${quote(`${address}/v1/chat/completions`)} -H 'content-type: application/json' -d ${quote(body)}`,
    '',
    'Press Ctrl-C to stop.',
  ]
  return `${lines.join('\n')}\n`
}
