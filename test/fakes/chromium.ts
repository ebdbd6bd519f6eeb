import { existsSync } from 'node:fs'
import { type BrowserContext, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { makeFolder } from './folder.ts'

const EXECUTABLE = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find(path => existsSync(path))

/** Why no browser can be driven here, for `skip`; `false` if one can. */
export const chromiumAbsence: string | false =
  EXECUTABLE === undefined && 'no Chromium is installed here'

/** Starts a browser of its own; the name of a stranger leads to this machine in it. */
export async function startBrowser(
  t: Test,
  colorScheme: 'light' | 'dark',
): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(makeFolder(t), {
    executablePath: EXECUTABLE ?? '',
    colorScheme,
    viewport: { width: 800, height: 600 },
    chromiumSandbox: false,
    timeout: 60_000,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP stranger.example 127.0.0.1',
    ],
  })
  t.teardown(() => context.close())
  context.setDefaultTimeout(60_000)
  return context
}
