/** What signing in and staying signed in needs from outside. Each comment is the contract. */

/** A login as it is stored. Secret are the three tokens. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  readonly accountId: string | undefined
  /** ISO 8601; when the tokens were last renewed. */
  readonly lastRefresh: string | undefined
  /**
   * Names the sign-in through chatmock that the tokens come from, each time anew; `undefined` for
   * a login that another program made.
   */
  readonly loginId: string | undefined
}

/** What a token says of itself; `undefined` where it does not say. */
export interface TokenClaims {
  /** Unix time in milliseconds. */
  readonly expiresAt: number | undefined
  readonly accountId: string | undefined
  readonly email: string | undefined
  /** The ChatGPT plan in the issuer's word, an open set: `plus`, `pro`, `free`. */
  readonly plan: string | undefined
}

/** Leave to sign in that the person has just given; it can be redeemed once. */
export interface Grant {
  readonly code: string
  /** The PKCE code verifier (RFC 7636). */
  readonly verifier: string
  /** The one that the code was asked for with. */
  readonly redirectUri: string
}

/** Keeps one login. */
export interface TokenStore {
  /**
   * Returns the login, or `undefined` if there is none.
   *
   * @throws ProxyError `auth_file_corrupt`, `auth_store_unreadable`.
   */
  load(): Promise<Tokens | undefined>
  /**
   * Names the state of the store, which is another one after each change, whoever has made it;
   * `undefined` if there is nothing or it cannot be told. Never throws.
   */
  version(): Promise<string | undefined>
  /**
   * Does `work` while no other process holds the store; waits for its turn up to 35 s. The signal
   * ends the wait with its reason, never the work.
   *
   * @throws ProxyError `auth_refresh_unavailable` if the turn does not come,
   *   `auth_store_unwritable` if no lock can be made; and whatever `work` throws.
   */
  hold<T>(work: (login: HeldLogin) => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** A login that no other process renews at the moment. */
export interface HeldLogin {
  /** As `TokenStore.load`. */
  load(): Promise<Tokens | undefined>
  /**
   * Takes the room that saving needs, so that no refresh token is spent for tokens that cannot
   * be kept. One of the two functions that it returns must be called.
   *
   * @throws ProxyError `auth_store_unwritable`; the login is untouched.
   */
  reserve(): Promise<Reservation>
}

/** Room for a new login. */
export interface Reservation {
  /**
   * Puts `tokens` in the place of `old` and keeps whatever else is stored with them. A reader sees
   * the old login or the new one, never a mixture. If another login than `old` is stored by now,
   * or none, it stays; tells whether `tokens` are stored.
   *
   * @throws ProxyError `auth_store_unwritable`; the old login is then untouched.
   */
  save(tokens: Tokens, old: Tokens): Promise<boolean>
  /** Gives the room back. */
  cancel(): Promise<void>
}

/** A store that a person signs in and out of. */
export interface LoginStore extends TokenStore {
  /**
   * Makes sure that a login could be saved now. The signal ends the wait for the store.
   *
   * @throws ProxyError as `TokenStore.hold`, `auth_store_unwritable`.
   */
  ensureWritable(signal?: AbortSignal): Promise<void>
  /**
   * Puts a login in the place of whatever is there. A stored login that cannot be made sense of
   * is kept under another name, which is returned.
   *
   * @throws ProxyError `auth_store_unwritable`; what was there is then untouched.
   */
  replace(tokens: Tokens): Promise<{ readonly keptAside: string | undefined }>
  /**
   * Removes the login and returns it; `undefined` if there was none. The signal ends the wait for
   * the store.
   *
   * @throws ProxyError `auth_file_corrupt`, `auth_store_unreadable`, `auth_store_unwritable`;
   *   nothing is removed then.
   */
  clear(signal?: AbortSignal): Promise<Tokens | undefined>
}

/** Issues tokens. */
export interface IdentityProvider {
  /** Reads a token's claims without checking its signature. */
  claims(token: string): TokenClaims
  /**
   * Spends the refresh token, which works once, for new tokens. What the answer
   * leaves out is kept from `tokens`.
   *
   * @throws ProxyError `chatgpt_login_required` if the login is over for good;
   *   `auth_refresh_unavailable` if another try may work.
   */
  refresh(tokens: Tokens): Promise<Tokens>
}

/** Signs people in and out. */
export interface SignInProvider extends IdentityProvider {
  /**
   * Spends a grant for a login; its `loginId` is left to the caller.
   *
   * @throws ProxyError `chatgpt_login_required` if the grant was refused;
   *   `auth_refresh_unavailable` if the issuer could not be asked.
   */
  redeem(grant: Grant): Promise<Tokens>
  /** Ends a login at the issuer, within 10 s. Tells whether the issuer has agreed; never throws. */
  revoke(tokens: Tokens): Promise<boolean>
}
