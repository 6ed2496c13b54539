/** The camera's side of the digest login: MD5 without qop (RFC 2617), or SHA-256 with qop=auth (RFC 7616). */
import { createHash, randomBytes } from 'node:crypto'

export type DigestAlgorithm = 'MD5' | 'SHA-256'

export type DigestGuard = {
  /** Values of `WWW-Authenticate`, one header each. */
  challenges(): string[]
  isAllowed(method: string, url: string, authorization: string | undefined): boolean
}

/** `algorithms` are offered in this order. */
export function createDigestGuard(options: { realm: string; username: string; password: string; algorithms: readonly DigestAlgorithm[] }): DigestGuard {
  const { realm, username, password, algorithms } = options
  const nonce = randomBytes(12).toString('hex')

  function expectedResponse(algorithm: DigestAlgorithm, method: string, fields: Map<string, string>): string {
    const hash = (text: string) =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex')
    const secret = hash(`${username}:${realm}:${password}`)
    const request = hash(`${method}:${fields.get('uri')}`)
    const middle = fields.has('qop') ? [nonce, fields.get('nc'), fields.get('cnonce'), fields.get('qop')].join(':') : nonce
    return hash(`${secret}:${middle}:${request}`)
  }

  return {
    challenges: () =>
      algorithms.map((algorithm) => {
        const start = `Digest realm="${realm}", nonce="${nonce}"`
        return algorithm === 'MD5' ? `${start}, stale="FALSE"` : `${start}, algorithm=SHA-256, qop="auth", stale="FALSE"`
      }),
    isAllowed(method, url, authorization) {
      if (!authorization?.startsWith('Digest ')) return false
      const fields = parseFields(authorization.slice('Digest '.length))
      const algorithm = (fields.get('algorithm') ?? 'MD5') as DigestAlgorithm
      if (!algorithms.includes(algorithm) || fields.get('username') !== username || fields.get('realm') !== realm) return false
      return fields.get('nonce') === nonce && fields.get('uri') === url && fields.get('response') === expectedResponse(algorithm, method, fields)
    },
  }
}

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [, name, quoted, plain] of text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g)) fields.set(name!.toLowerCase(), quoted ?? plain ?? '')
  return fields
}
