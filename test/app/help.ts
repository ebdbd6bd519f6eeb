import t from 'tap'
import { COMMANDS } from '../../src/app/commands.ts'
import { commandHelp, HELP } from '../../src/app/help.ts'
import { SERVE_SETTINGS } from '../../src/app/settings.ts'

t.test('the help of the program names the commands', async t => {
  t.match(HELP, /^Usage: chatmock COMMAND \[flags\]$/m)
  t.match(HELP, /^ {2}serve {3}run the server/m)
  t.match(HELP, /^ {2}login {3}sign in to ChatGPT$/m)
})

const lines = [
  '  --demo                              answer from the embedded demo: no account, no network',
  '  --port PORT                         port to listen on; 0 takes a free one (8000)',
  '  --ollama-port PORT                  a second port, on which it passes for Ollama: 11434 (off)',
  '  --debug-model TEXT                  use this model for every request',
  '  --cors-origins LIST                 more web origins that may call',
  '  --no-model-sync                     whether to ask ChatGPT for the models of the account (on)',
  '  --reasoning-effort none|minimal|low|medium|high|xhigh|max|ultra',
  '                                      how hard to think where a request does not say',
  '  --log-format text|json              how to log (text)',
  '  CHATGPT_LOCAL_HOME                 where the login is kept (~/.chatgpt-local)',
  '  CHATGPT_LOCAL_BODY_LIMIT           largest request body (64MiB)',
]
for (const line of lines) {
  t.test(`the help of serve has the line "${line.trim()}"`, async t => {
    t.ok(commandHelp('serve').split('\n').includes(line))
  })
}

t.test('the help of serve names every setting once', async t => {
  const names = commandHelp('serve')
    .split('\n')
    .flatMap(
      line =>
        /^ {2}(?:--(?:no-)?([a-z-]+)|((?:CHATGPT_LOCAL|CODEX)_[A-Z_]+))/.exec(line)?.slice(1) ?? [],
    )
    .filter(name => name !== undefined)
  const settings = Object.values(SERVE_SETTINGS).map(({ flag, variable }) => flag ?? variable)
  t.strictSame(names, ['demo', ...settings])
})

for (const [name, { switches }] of Object.entries(COMMANDS)) {
  t.test(`the help of ${name} names its switches`, async t => {
    const help = commandHelp(name as keyof typeof COMMANDS)
    t.match(help, new RegExp(`^Usage: chatmock ${name} \\[flags\\]$`, 'm'))
    for (const { flag, help: text } of switches)
      t.match(help, new RegExp(`^  --${flag} +${text}`, 'm'))
  })
}
