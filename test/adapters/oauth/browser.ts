/** The sign-in as a person sees it: a real browser, the real callback, an issuer on loopback. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { authorizationUrl } from '../../../src/adapters/oauth/authorize.ts'
import { listenForCallback } from '../../../src/adapters/oauth/callback.ts'
import { createAttempt } from '../../../src/adapters/oauth/pkce.ts'
import { createIdentityProvider } from '../../../src/adapters/oauth/provider.ts'
import { chromiumAbsence, startBrowser } from '../../fakes/chromium.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import { CLIENT_ID, type Issuer, startIssuer } from '../../fakes/issuer.ts'
import { startFetch } from '../../fakes/outbound.ts'

/** Begins a login at the issuer; returns the address for the browser. */
async function begin(t: Test, issuer: Issuer) {
  const provider = createIdentityProvider({
    issuer: issuer.url,
    clientId: CLIENT_ID,
    userAgent: 'chatmock/1.2.3 (test)',
    fetch: startFetch(t),
    clock: createFakeClock(Date.now()),
    time: { observe() {} },
  })
  const { state, verifier, challenge } = createAttempt()
  const listener = await listenForCallback(
    {
      state,
      ports: [0],
      pageTimeoutMs: 60_000,
      onGrant: (code, redirectUri) => provider.redeem({ code, verifier, redirectUri }),
    },
    new AbortController().signal,
  )
  t.teardown(() => listener.close())
  const { redirectUri } = listener
  const url = authorizationUrl({
    issuer: issuer.url,
    clientId: CLIENT_ID,
    redirectUri,
    state,
    challenge,
  })
  return { ...listener, url }
}

/** Keeps what is answered on a port: the browser hides what it forbids pages to see. */
function watchAnswers(t: Test, port: number): readonly string[] {
  const answers: string[] = []
  const note = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (request.url === '/favicon.ico' || request.socket.localPort !== port) return
    answers.push(`${response.statusCode} ${request.url}`)
  }
  subscribe('http.server.response.finish', note)
  t.teardown(() => unsubscribe('http.server.response.finish', note))
  return answers
}

function background(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor')
}

t.test('in Chromium', { skip: chromiumAbsence }, async t => {
  t.test('allowing leads to a page that says so, at an address without secrets', async t => {
    const issuer = await startIssuer(t)
    const login = await begin(t, issuer)
    const context = await startBrowser(t, 'light')
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', request => void asked.push(request.url()))
    await page.goto(login.url)
    await page.click('#allow')
    await page.waitForURL('**/success')

    t.equal(page.url(), `http://localhost:${login.port}/success`)
    t.equal(await page.title(), 'You are signed in · chatmock')
    t.equal(await page.innerText('h1'), 'You are signed in')
    t.equal(await background(page), 'rgb(246, 246, 244)')
    t.ok((await page.screenshot()).length > 5000, 'something is drawn')
    t.strictSame(
      asked
        .filter(url => new URL(url).host !== new URL(issuer.url).host)
        .map(url => new URL(url).pathname),
      ['/auth/callback', '/success'],
      'nothing else is fetched',
    )
    t.match(await login.outcome, { type: 'accepted', result: { accountId: 'account-1' } })
    t.equal(issuer.counts.redeemed, 1)
  })

  t.test('declining leads to a page that says so, dark where that is wanted', async t => {
    const issuer = await startIssuer(t)
    const login = await begin(t, issuer)
    const context = await startBrowser(t, 'dark')
    const page = await context.newPage()
    await page.goto(login.url)
    await page.click('#decline')
    await page.waitForURL('**/failure')

    t.equal(page.url(), `http://localhost:${login.port}/failure`)
    t.equal(await page.innerText('h1'), 'The sign-in was not finished')
    t.match(await page.innerText('main'), 'You declined the sign-in.')
    t.equal(await background(page), 'rgb(20, 20, 19)')
    t.strictSame(await login.outcome, { type: 'declined', message: 'You declined the sign-in.' })
    t.equal(issuer.tokenCalls(), 0)
  })

  t.test('no page of another site can end the login', async t => {
    const issuer = await startIssuer(t)
    const login = await begin(t, issuer)
    const context = await startBrowser(t, 'light')
    const page = await context.newPage()
    const answers = watchAnswers(t, login.port)
    const here = `http://localhost:${login.port}`
    await page.goto(login.url)
    await page.evaluate(`(async () => {
      const quiet = { mode: 'no-cors', referrerPolicy: 'no-referrer', credentials: 'omit' }
      const load = (tag, url) => new Promise(resolve => {
        const element = document.createElement(tag)
        element.referrerPolicy = 'no-referrer'
        element.onload = element.onerror = resolve
        element.src = url
        document.body.append(element)
      })
      await fetch('${here}/cancel', quiet).catch(() => {})
      await fetch('${here}/auth/callback?error=access_denied', quiet).catch(() => {})
      await load('img', '${here}/cancel')
      await load('script', '${here}/cancel')
      await load('iframe', '${here}/cancel')
    })()`)
    await page.goto(`${here}/cancel`)
    await page.goto(`http://stranger.example:${login.port}/cancel`)
    await page.goto(`http://stranger.example:${login.port}/auth/callback?error=access_denied`)
    t.strictSame(answers, [
      '404 /cancel',
      '400 /auth/callback?error=access_denied',
      '404 /cancel',
      '404 /cancel',
      '404 /cancel',
      '404 /cancel',
      '403 /cancel',
      '403 /auth/callback?error=access_denied',
    ])

    await page.goto(login.url)
    await page.click('#allow')
    await page.waitForURL('**/success')
    t.match(await login.outcome, { type: 'accepted' })
  })
})
