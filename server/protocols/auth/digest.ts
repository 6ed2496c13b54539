/**
 * Digest and Basic login as RTSP, SIP and HTTP share it: RFC 7616, RFC 2617, RFC 7617. Header texts are latin1 strings, so that a realm of any
 * charset is hashed byte for byte as it came.
 */
import { createHash } from 'node:crypto'

export type DigestChallenge = {
  scheme: 'digest'
  realm: string
  nonce: string
  opaque: string | undefined
  algorithm: 'MD5' | 'SHA-256'
  /** Whether the name of the algorithm was written; then the answer repeats it. */
  hasAlgorithm: boolean
  hasQop: boolean
  isStale: boolean
}
export type Challenge = DigestChallenge | { scheme: 'basic'; realm: string }

/** Reads `WWW-Authenticate` values, several in one or one each. Schemes and algorithms we do not speak are left out. */
export function parseChallenges(headerValues: readonly string[]): Challenge[] {
  return headerValues
    .flatMap((value) => splitChallenges(value))
    .flatMap(({ scheme, parameters }): Challenge[] => {
      const realm = parameters.get('realm') ?? ''
      if (scheme === 'basic') return [{ scheme: 'basic', realm }]
      if (scheme !== 'digest') return []
      const written = parameters.get('algorithm')
      const algorithm = (written ?? 'MD5').toUpperCase()
      const nonce = parameters.get('nonce')
      if ((algorithm !== 'MD5' && algorithm !== 'SHA-256') || nonce === undefined) return []
      const qops = (parameters.get('qop') ?? '').toLowerCase().split(/[\s,]+/)
      return [
        {
          scheme: 'digest',
          realm,
          nonce,
          opaque: parameters.get('opaque'),
          algorithm,
          hasAlgorithm: written !== undefined,
          hasQop: qops.includes('auth'),
          isStale: parameters.get('stale')?.toLowerCase() === 'true',
        },
      ]
    })
}

/** The strongest: Digest SHA-256, Digest MD5, Basic. */
export function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  const strength = (challenge: Challenge) => (challenge.scheme === 'basic' ? 0 : challenge.algorithm === 'MD5' ? 1 : 2)
  return challenges.toSorted((a, b) => strength(b) - strength(a))[0]
}

export type Credentials = { username: string; password: string }

/** The `Authorization` value for one request. `nonceCount` counts the uses of this nonce from 1; `cnonce` is ours and random. */
export function serializeAuthorization(
  challenge: Challenge,
  credentials: Credentials,
  request: { method: string; uri: string; nonceCount: number; cnonce: string },
): string {
  const username = toLatin1(credentials.username)
  const password = toLatin1(credentials.password)
  if (challenge.scheme === 'basic') return `Basic ${Buffer.from(`${username}:${password}`, 'latin1').toString('base64')}`
  const { realm, nonce, opaque, algorithm, hasQop } = challenge
  const hash = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'latin1')
      .digest('hex')
  const count = request.nonceCount.toString(16).padStart(8, '0')
  const secret = hash(`${username}:${realm}:${password}`)
  const action = hash(`${request.method}:${request.uri}`)
  const response = hasQop ? hash(`${secret}:${nonce}:${count}:${request.cnonce}:auth:${action}`) : hash(`${secret}:${nonce}:${action}`)
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
  return [
    // Realm and nonce go back exactly as written, escapes included.
    `Digest username=${quoted(username)}`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${request.uri}"`,
    `response="${response}"`,
    ...(challenge.hasAlgorithm ? [`algorithm=${algorithm}`] : []),
    ...(hasQop ? ['qop=auth', `nc=${count}`, `cnonce="${request.cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(', ')
}

/** UTF-8 bytes as latin1 characters: cameras take Chinese names and passwords as UTF-8. */
function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** `Scheme a=1, b="x, y", Scheme2 …`; a name without `=` after it begins a scheme. Values keep their escapes. */
function splitChallenges(value: string): { scheme: string; parameters: Map<string, string> }[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  // A parameter (name = "quoted" or bare), or else a lone word: a scheme.
  const pattern = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,]*)))?/g
  for (const [, name, quoted, bare] of value.matchAll(pattern)) {
    const parameter = quoted ?? bare
    if (parameter === undefined) found.push({ scheme: name!.toLowerCase(), parameters: new Map() })
    else found.at(-1)?.parameters.set(name!.toLowerCase(), parameter)
  }
  return found
}
