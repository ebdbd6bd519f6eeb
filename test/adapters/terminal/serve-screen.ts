import t from 'tap'
import { serveScreen } from '../../../src/adapters/terminal/serve-screen.ts'

t.test('tells where the service is and gives a command to try', async t => {
  const screen = serveScreen({
    version: '1.2.3',
    upstream: 'ChatGPT',
    address: 'http://127.0.0.1:8000',
    ollamaAddress: 'http://127.0.0.1:11434',
    models: ['gpt-5', 'gpt-5-codex'],
    hints: [],
  })
  t.equal(
    screen,
    `chatmock 1.2.3 (ChatGPT)

  Base URL   http://127.0.0.1:8000/v1
  Ollama     http://127.0.0.1:11434
  API key    any text will do
  Models     gpt-5, gpt-5-codex

  Try it:
  curl -N 'http://127.0.0.1:8000/v1/chat/completions' -H 'content-type: application/json' -d '{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"Hello! What can you do?"}]}'

Press Ctrl-C to stop.
`,
  )
})

t.test('says what has to be done first', async t => {
  const screen = serveScreen({
    version: '1.2.3',
    upstream: 'ChatGPT',
    address: 'http://[::1]:8000',
    ollamaAddress: 'http://[::1]:8000',
    models: ["ada's"],
    hints: ['Not signed in yet. Run: chatmock login', 'The Codex CLI is signed in.'],
  })
  t.equal(
    screen,
    `chatmock 1.2.3 (ChatGPT)

  Base URL   http://[::1]:8000/v1
  Ollama     http://[::1]:8000
  API key    any text will do
  Models     ada's

  Not signed in yet. Run: chatmock login
  The Codex CLI is signed in.

  Try it:
  curl -N 'http://[::1]:8000/v1/chat/completions' -H 'content-type: application/json' -d '{"model":"ada'\\''s","stream":true,"messages":[{"role":"user","content":"Hello! What can you do?"}]}'

Press Ctrl-C to stop.
`,
  )
})

t.test('says so where no model is known', async t => {
  const screen = serveScreen({
    version: '1.2.3',
    upstream: 'ChatGPT',
    address: 'http://127.0.0.1:8000',
    ollamaAddress: 'http://127.0.0.1:8000',
    models: [],
    hints: [],
  })
  t.match(screen, '\n  Models     none known yet\n')
  t.match(screen, '-d \'{"model":"MODEL",')
})
