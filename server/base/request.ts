/** What a raw HTTP request says about where it comes from and what it takes: address, own origin, login cookie, compression. Shared by requests and WebSocket upgrades. */
import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** Set when a reverse proxy of ours stands in front: its `X-Forwarded-*` are believed then, and only then. */
export type ProxyTrust = { trustProxy: boolean }

/** The peer's IP without the IPv4-in-IPv6 prefix; behind a trusted proxy the last hop it names. */
export function addressOf(request: IncomingMessage, { trustProxy }: ProxyTrust): string {
  const forwarded = trustProxy ? lastOf(request.headers['x-forwarded-for']) : undefined
  const address = forwarded && isIP(forwarded) ? forwarded : (request.socket.remoteAddress ?? 'unknown')
  return address.replace(/^::ffff:/, '')
}

export function isSecure(request: IncomingMessage, { trustProxy }: ProxyTrust): boolean {
  if ((request.socket as TLSSocket).encrypted) return true
  return trustProxy && lastOf(request.headers['x-forwarded-proto']) === 'https'
}

/** `https://host:port` as a browser on our own page would write it in `Origin`; undefined for a `Host` that is no host. */
export function ownOrigin(request: IncomingMessage, trust: ProxyTrust): string | undefined {
  const host = (trust.trustProxy ? lastOf(request.headers['x-forwarded-host']) : undefined) ?? request.headers.host
  if (!host || !/^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host)) return undefined
  try {
    return new URL(`${isSecure(request, trust) ? 'https' : 'http'}://${host}`).origin
  } catch {
    // A port above 65535: no origin can equal it.
    return undefined
  }
}

export const acceptsGzip = (request: IncomingMessage): boolean => /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')

/** True only for a page of our own: `Origin` present and exactly ours, and the browser (if it says so) agrees. */
export function isSameOrigin(request: IncomingMessage, trust: ProxyTrust): boolean {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  return origin !== undefined && origin === ownOrigin(request, trust) && (site === undefined || site === 'same-origin')
}

/** True for a read another site's page tries to make with this browser. Addresses typed by hand say `none`. */
export function isCrossSiteRead(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Under TLS the `__Host-` prefix makes the browser insist on Secure, path `/` and no domain. */
const cookieName = (secure: boolean) => (secure ? '__Host-mapwall' : 'mapwall')

export function loginTokenOf(request: IncomingMessage, trust: ProxyTrust): string | undefined {
  const name = cookieName(isSecure(request, trust))
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name && value && /^[A-Za-z0-9_-]{43}$/.test(value)) return value
  }
  return undefined
}

/** Value of `Set-Cookie`; an undefined token takes the cookie away. Ends with the browser: the server decides how long the login lasts. */
export function loginCookie(token: string | undefined, secure: boolean): string {
  return [`${cookieName(secure)}=${token ?? ''}`, 'Path=/', 'HttpOnly', 'SameSite=Strict', ...(secure ? ['Secure'] : []), ...(token ? [] : ['Max-Age=0'])].join(
    '; ',
  )
}

function lastOf(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header.join(',') : header)?.split(',').at(-1)?.trim()
}
