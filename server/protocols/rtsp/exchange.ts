/** Requests and their answers on one RTSP connection: one outstanding at a time, logins included. Knows no socket. */
import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../../base/clock.ts'
import { type Challenge, type Credentials, chooseChallenge, parseChallenges, serializeAuthorization } from '../auth/digest.ts'
import { RtspFailure } from './failure.ts'
import { type RtspMessage, type RtspRequest, type RtspResponse, headerOf, rtspHeaders, serializeRtsp } from './message.ts'

const REQUEST_TIMEOUT_MS = 8_000
const NO_BODY = new Uint8Array(0)

type Outstanding = { cseq: number; timer: Timer; resolve: (response: RtspResponse) => void; reject: (failure: RtspFailure) => void }
type Extra = Record<string, string | undefined>

export class RtspExchange {
  readonly #write: (bytes: Uint8Array) => void
  readonly #clock: Clock
  readonly #credentials: Credentials
  #cseq = 0
  #outstanding: Outstanding | undefined
  /** Requests nobody waits for any more: their late answers are not for the next one. */
  readonly #abandoned = new Set<number>()
  #turn: Promise<unknown> = Promise.resolve()
  #ended: RtspFailure | undefined

  #challenge: Challenge | undefined
  #nonceCount = 0
  #hasLoggedIn = false
  /** Quirk: a few cameras hash the DESCRIBE address for all methods. */
  #describeUrl: string | undefined
  #hashesDescribeUrl = false

  constructor(options: { write: (bytes: Uint8Array) => void; clock: Clock; credentials: Credentials }) {
    this.#write = options.write
    this.#clock = options.clock
    this.#credentials = options.credentials
  }

  /** Sends when the request before is answered; logs in as asked. Rejects with `RtspFailure`; other refusals are answers. */
  request(method: string, url: string, headers: Extra = {}, timeoutMs = REQUEST_TIMEOUT_MS): Promise<RtspResponse> {
    const answer = this.#turn.then(() => this.#requestWithLogin(method, url, headers, timeoutMs))
    this.#turn = answer.catch(() => undefined)
    return answer
  }

  /** OPTIONS before the login: whatever the answer, its challenge is remembered and no login is spent on it. */
  async ask(method: string, url: string): Promise<RtspResponse> {
    const response = await this.#send(method, url, {}, undefined, REQUEST_TIMEOUT_MS)
    if (response.status === 401) this.#challenge = chooseChallenge(parseChallenges(response.headers.get('www-authenticate') ?? []))
    return response
  }

  /** Sends without waiting for an answer, nor for the request before. */
  sayGoodbye(method: string, url: string, headers: Extra): void {
    if (this.#ended) return
    const cseq = ++this.#cseq
    this.#write(serializeRtsp(this.#build(method, url, cseq, headers, this.#authorize(method, url))))
  }

  onMessage(message: RtspMessage): void {
    if (message.kind === 'request') return this.#answer(message)
    const outstanding = this.#outstanding
    if (!outstanding) return
    const cseq = Number(headerOf(message, 'cseq') ?? Number.NaN)
    // A missing or wrong number is tolerated while only one answer can be meant.
    if (cseq !== outstanding.cseq && this.#abandoned.delete(cseq)) return
    this.#outstanding = undefined
    outstanding.timer.cancel()
    outstanding.resolve(message)
  }

  /** The connection is gone: nothing will be answered. */
  end(failure: RtspFailure): void {
    this.#ended ??= failure
    const outstanding = this.#outstanding
    this.#outstanding = undefined
    outstanding?.timer.cancel()
    outstanding?.reject(failure)
  }

  /**
   * 401 is met with one login. A second 401 means a wrong password unless the nonce was stale (said so, or changed after a success) or, once, the
   * camera hashes another address. A refused login is never repeated: cameras lock accounts.
   */
  async #requestWithLogin(method: string, url: string, headers: Extra, timeoutMs: number): Promise<RtspResponse> {
    if (method === 'DESCRIBE') this.#describeUrl = url
    let hasRenewed = false
    for (;;) {
      const used = this.#challenge
      const authorization = this.#authorize(method, url)
      const response = await this.#send(method, url, headers, authorization, timeoutMs)
      if (response.status !== 401) {
        if (authorization !== undefined) this.#hasLoggedIn = true
        return response
      }
      const offered = chooseChallenge(parseChallenges(response.headers.get('www-authenticate') ?? []))
      if (!offered) throw new RtspFailure('refused_login', `${method}: RTSP 401 without a login we speak`)
      if (this.#credentials.username === '') throw new RtspFailure('refused_login', `${method}: RTSP 401, no user name given`)
      if (authorization === undefined) {
        this.#useChallenge(offered)
      } else if (!hasRenewed && this.#isRenewal(used, offered)) {
        hasRenewed = true
        this.#useChallenge(offered)
      } else if (this.#hasLoggedIn && !this.#hashesDescribeUrl && this.#describeUrl !== undefined && this.#describeUrl !== url) {
        this.#hashesDescribeUrl = true
        this.#useChallenge(offered)
      } else {
        throw new RtspFailure('refused_login', `${method}: RTSP 401`)
      }
    }
  }

  #isRenewal(used: Challenge | undefined, offered: Challenge): boolean {
    if (offered.scheme !== 'digest') return false
    const isOtherNonce = used?.scheme === 'digest' && used.nonce !== offered.nonce
    return offered.isStale || (this.#hasLoggedIn && isOtherNonce)
  }

  #useChallenge(challenge: Challenge): void {
    this.#challenge = challenge
    this.#nonceCount = 0
  }

  #authorize(method: string, url: string): string | undefined {
    if (!this.#challenge || this.#credentials.username === '') return undefined
    this.#nonceCount += 1
    const uri = this.#hashesDescribeUrl ? (this.#describeUrl ?? url) : url
    return serializeAuthorization(this.#challenge, this.#credentials, { method, uri, nonceCount: this.#nonceCount, cnonce: randomBytes(8).toString('hex') })
  }

  #send(method: string, url: string, headers: Extra, authorization: string | undefined, timeoutMs: number): Promise<RtspResponse> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended)
      const cseq = ++this.#cseq
      const timer = this.#clock.after(timeoutMs, () => {
        this.#outstanding = undefined
        if (this.#abandoned.size > 16) this.#abandoned.clear()
        this.#abandoned.add(cseq)
        reject(new RtspFailure('silent', `${method}: no answer in ${timeoutMs / 1000} s`))
      })
      this.#outstanding = { cseq, timer, resolve, reject }
      this.#write(serializeRtsp(this.#build(method, url, cseq, headers, authorization)))
    })
  }

  #build(method: string, url: string, cseq: number, headers: Extra, authorization: string | undefined): RtspRequest {
    return { kind: 'request', method, url, headers: rtspHeaders({ cseq: String(cseq), 'user-agent': 'MapWall', ...headers, authorization }), body: NO_BODY }
  }

  /** Cameras ask too (OPTIONS, SET_PARAMETER, ANNOUNCE): yes to all. */
  #answer(request: RtspRequest): void {
    const headers = rtspHeaders({ cseq: headerOf(request, 'cseq'), session: headerOf(request, 'session') })
    this.#write(serializeRtsp({ kind: 'response', status: 200, reason: 'OK', headers, body: NO_BODY }))
  }
}
