/** What the browser shows at the end: pages without scripts and without anything from elsewhere. */

const STYLE = `
:root { color-scheme: light dark; --ground: #f6f6f4; --card: #ffffff; --ink: #1c1c1a; --soft: #5d5d58;
  --line: #e3e3de; --good: #0f7b54; --bad: #b3362b; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #141413; --card: #1e1e1c; --ink: #f1f1ec; --soft: #a6a69e; --line: #33332f;
    --good: #4cc38a; --bad: #ff8a7a; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 28rem; padding: 2.5rem 2rem; text-align: center; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
svg { width: 3.25rem; height: 3.25rem; fill: none; stroke-width: 2; stroke-linecap: round;
  stroke-linejoin: round; }
h1, p { text-wrap: balance; overflow-wrap: anywhere; }
h1 { margin: 1rem 0 .75rem; font-size: 1.4rem; line-height: 1.25; }
p { margin: .5rem 0 0; }
.soft { color: var(--soft); }
.good { stroke: var(--good); } .bad { stroke: var(--bad); } .plain { stroke: var(--soft); }
`

const RING = '<circle cx="12" cy="12" r="10"/>'

const MARKS = {
  good: `${RING}<path d="m7.5 12.5 3 3 6-6.5"/>`,
  bad: `${RING}<path d="m8.5 8.5 7 7m0-7-7 7"/>`,
  plain: `${RING}<path d="M12 11v5.5M12 7.6v.1"/>`,
} as const

/** Returns the page for a login that is stored. */
export function successPage(): string {
  return page('good', 'You are signed in', 'chatmock can now use your ChatGPT account.')
}

/** Returns the page for a login that came to nothing; `reason` is plain text. */
export function failurePage(reason: string): string {
  return page('bad', 'The sign-in was not finished', reason)
}

/** Returns the page for an answer that came after the first one. */
export function lateCallbackPage(): string {
  return page('plain', 'Nothing left to do', 'chatmock has had an answer to this sign-in already.')
}

function page(mark: keyof typeof MARKS, heading: string, text: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(heading)} · chatmock</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<svg class="${mark}" viewBox="0 0 24 24" aria-hidden="true">${MARKS[mark]}</svg>
<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(text)}</p>
<p class="soft">You can close this window and go back to the terminal.</p>
</main>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '')
}
