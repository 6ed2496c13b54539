/** Session descriptions as cameras write them (RFC 4566, read line by line; what cannot be read is passed over). */

export type SdpTrack = {
  kind: 'video' | 'audio' | 'other'
  payloadType: number
  /** Upper case, `H265` for HEVC too; empty when unknown. */
  encoding: string
  clockRateHz: number
  channels: number
  /** `a=fmtp` as name → value, names in lower case. */
  format: ReadonlyMap<string, string>
  control: string | undefined
  /** The camera wants to receive here (ONVIF back channel): not for us. */
  isSendOnly: boolean
}

export type Sdp = { control: string | undefined; tracks: SdpTrack[] }

const MAX_TRACKS = 64
/** RFC 3551 §6 */
const STATIC_TYPES: Record<number, { encoding: string; clockRateHz: number }> = {
  0: { encoding: 'PCMU', clockRateHz: 8000 },
  8: { encoding: 'PCMA', clockRateHz: 8000 },
  14: { encoding: 'MPA', clockRateHz: 90_000 },
  26: { encoding: 'JPEG', clockRateHz: 90_000 },
}

/** Never throws: an SDP without readable tracks has none. */
export function parseSdp(bytes: Uint8Array): Sdp {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .split(/[\r\n\0]+/)
    .map((line) => line.trim())
  const media: { header: string; lines: string[] }[] = []
  const sessionLines: string[] = []
  for (const line of lines) {
    if (/^m=/i.test(line)) {
      if (media.length === MAX_TRACKS) break
      media.push({ header: line.slice(2), lines: [] })
    } else (media.at(-1)?.lines ?? sessionLines).push(line)
  }
  return {
    control: attribute(sessionLines, 'control'),
    tracks: media.map(({ header, lines: own }) => parseTrack(header, own, lines)),
  }
}

/** `allLines`: some devices print one track's rtpmap and fmtp under another, so the payload type finds them anywhere. */
function parseTrack(header: string, ownLines: readonly string[], allLines: readonly string[]): SdpTrack {
  const [media = '', , , firstType = ''] = header.split(/\s+/)
  const payloadType = /^\d{1,3}$/.test(firstType) ? Number(firstType) & 0x7f : 0
  const ofType = (name: string) => {
    const pattern = new RegExp(`^${payloadType}\\s+`)
    const values = [...attributes(ownLines, name), ...attributes(allLines, name)]
    return values.find((value) => pattern.test(value))?.replace(pattern, '')
  }
  const [encoding = '', clock, channels] = (ofType('rtpmap') ?? '').split('/')
  const fallback = STATIC_TYPES[payloadType]
  const kind = media.toLowerCase()
  return {
    kind: kind === 'video' || kind === 'audio' ? kind : 'other',
    payloadType,
    encoding: normalEncoding(encoding) || fallback?.encoding || '',
    clockRateHz: positive(clock) ?? fallback?.clockRateHz ?? (kind === 'video' ? 90_000 : 8000),
    channels: positive(channels) ?? 1,
    format: parseFormat(ofType('fmtp') ?? ''),
    control: attribute(ownLines, 'control'),
    isSendOnly: ownLines.some((line) => /^a=sendonly$/i.test(line)),
  }
}

function normalEncoding(name: string): string {
  const upper = name.trim().toUpperCase()
  return upper === 'HEVC' ? 'H265' : upper
}

/** `name=value; name=value`; values may hold `=` (base64). */
function parseFormat(text: string): ReadonlyMap<string, string> {
  const format = new Map<string, string>()
  for (const part of text.split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0) format.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim())
  }
  return format
}

function attributes(lines: readonly string[], name: string): string[] {
  const prefix = `a=${name}:`
  return lines.filter((line) => line.slice(0, prefix.length).toLowerCase() === prefix).map((line) => line.slice(prefix.length).trim())
}

function attribute(lines: readonly string[], name: string): string | undefined {
  return attributes(lines, name)[0]
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text)
  return Number.isSafeInteger(value) && value > 0 && value <= 10_000_000 ? value : undefined
}

/** sprop-parameter-sets, or sprop-vps, -sps and -pps: NAL units in base64, separated by commas; padding may be missing. */
export function parameterSetsOf(track: SdpTrack): Uint8Array[] {
  return ['sprop-vps', 'sprop-sps', 'sprop-pps', 'sprop-parameter-sets']
    .flatMap((name) => (track.format.get(name) ?? '').replace(/["\s]/g, '').split(','))
    .map((text) => new Uint8Array(Buffer.from(text, 'base64')))
    .filter((nal) => nal.length > 2)
}

/** Writes what `parseSdp` reads, for cameras of our own making. */
export function serializeSdp(sdp: Sdp, { address, title }: { address: string; title: string }): Uint8Array {
  const lines = ['v=0', `o=- 0 0 IN IP4 ${address}`, `s=${title}`, `c=IN IP4 ${address}`, 't=0 0']
  if (sdp.control !== undefined) lines.push(`a=control:${sdp.control}`)
  for (const track of sdp.tracks) {
    lines.push(`m=${track.kind === 'other' ? 'application' : track.kind} 0 RTP/AVP ${track.payloadType}`)
    if (track.encoding) lines.push(`a=rtpmap:${track.payloadType} ${track.encoding}/${track.clockRateHz}${track.channels > 1 ? `/${track.channels}` : ''}`)
    if (track.format.size > 0) lines.push(`a=fmtp:${track.payloadType} ${[...track.format].map(([name, value]) => `${name}=${value}`).join(';')}`)
    if (track.isSendOnly) lines.push('a=sendonly')
    if (track.control !== undefined) lines.push(`a=control:${track.control}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}
