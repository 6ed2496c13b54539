/** RTSP addresses as cameras really write them: kept byte for byte, joined as strings (RFC 2326 §C.1.1, and what devices make of it). */
import { ProtocolError } from '../../base/errors.ts'

export const DEFAULT_PORT = 554

/** `host` without brackets; `rest` is path and query, byte for byte, perhaps empty. */
export type RtspUrl = { host: string; port: number; rest: string }

/** Throws `ProtocolError` for anything but `rtsp://host[:port][/path][?query]`; credentials in front of the host are refused, not dropped. */
export function parseRtspUrl(url: string): RtspUrl {
  const found = findRtspUrl(url)
  if (!found) throw new ProtocolError('RFC 2326 §3.2', 'not an rtsp address')
  return found
}

export function findRtspUrl(url: string): RtspUrl | undefined {
  const match = /^rtsp:\/\/(\[[0-9a-f:.]+\]|[^/?#:@[\]\s]+)(?::(\d{1,5}))?([/?].*)?$/is.exec(url)
  if (!match) return undefined
  const port = match[2] === undefined ? DEFAULT_PORT : Number(match[2])
  if (port < 1 || port > 65_535) return undefined
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port, rest: match[3] ?? '' }
}

/** A pasted address, taken apart: the last `@` before the first `/` ends the credentials, which are percent-decoded. */
export function splitCredentials(pasted: string): { url: string; username: string; password: string } {
  const match = /^(rtsp:\/\/)([^/]*)@([^/@]*(?:\/.*)?)$/is.exec(pasted)
  if (!match) return { url: pasted, username: '', password: '' }
  const colon = match[2]!.indexOf(':')
  const [username, password] = colon < 0 ? [match[2]!, ''] : [match[2]!.slice(0, colon), match[2]!.slice(colon + 1)]
  return { url: match[1]! + match[3]!, username: decode(username), password: decode(password) }
}

/** For logs and messages: nothing before the host. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1***@')
}

/**
 * The base that control values are joined to: Content-Base, else Content-Location, else the request URL (RFC 2326 §C.1.1).
 * A base that does not parse or names another host than the one connected to (NAT, 0.0.0.0, `rtsp://rtsp://`, an IPv6 without brackets) keeps its
 * path only.
 */
export function controlBase(headerBase: string | undefined, requestUrl: string): string {
  if (headerBase === undefined || headerBase.trim() === '') return requestUrl
  const base = headerBase.trim()
  const requested = parseRtspUrl(requestUrl)
  const parsed = findRtspUrl(base)
  if (parsed && parsed.host.toLowerCase() === requested.host.toLowerCase() && parsed.port === requested.port) return base
  const rest = parsed ? parsed.rest : /^(?:rtsp:\/\/)*(?:[^/]*)(\/.*)$/is.exec(base)?.[1]
  return rest ? authority(requestUrl) + rest : requestUrl
}

/**
 * The addresses to try for one `a=control` value, the likeliest first. String joining, not RFC 3986 resolution: bases hold queries
 * (Dahua: `…?channel=1&subtype=0/` + `trackID=0`).
 */
export function controlUrls(control: string | undefined, base: string, requestUrl: string): string[] {
  const value = control?.trim() ?? ''
  const candidates = joinControl(value, base, requestUrl)
  if (value !== '' && value !== '*' && !/^rtsp:\/\//i.test(value)) {
    candidates.push(append(requestUrl, value), append(withoutQuery(base), value), append(withoutQuery(requestUrl), value))
  }
  return [...new Set(candidates)]
}

function joinControl(value: string, base: string, requestUrl: string): string[] {
  if (value === '' || value === '*') return [base]
  if (/^rtsp:\/\//i.test(value)) {
    const rest = findRtspUrl(value)?.rest ?? /^rtsp:\/\/[^/]*(\/.*)$/is.exec(value)?.[1]
    return rest === undefined ? [base] : [authority(requestUrl) + rest]
  }
  if (value.startsWith('/')) return [authority(base) + value, append(base, value)]
  return [append(base, value)]
}

function append(base: string, value: string): string {
  if (value.startsWith('?')) return base + value
  return `${base.replace(/\/$/, '')}/${value.replace(/^\//, '')}`
}

function withoutQuery(url: string): string {
  return url.replace(/\?.*$/s, '')
}

/** A stray `%` stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** `rtsp://host:port` as written. */
function authority(url: string): string {
  return /^rtsp:\/\/[^/?]*/i.exec(url)?.[0] ?? url
}
