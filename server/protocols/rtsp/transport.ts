/** The Transport header, RFC 2326 §12.39. */

export type OfferedTransport = { kind: 'tcp'; rtpChannel: number } | { kind: 'udp'; rtpPort: number }

/** What the camera answered. `rtcpChannel` is undefined when it gives one channel only. */
export type AcceptedTransport =
  | { kind: 'tcp'; rtpChannel: number; rtcpChannel: number | undefined }
  | { kind: 'udp'; serverRtpPort: number | undefined; serverRtcpPort: number | undefined }

export function serializeTransport(offered: OfferedTransport): string {
  return offered.kind === 'tcp'
    ? `RTP/AVP/TCP;unicast;interleaved=${offered.rtpChannel}-${offered.rtpChannel + 1}`
    : `RTP/AVP;unicast;client_port=${offered.rtpPort}-${offered.rtpPort + 1}`
}

/** Tolerant: other channels, one channel, no `interleaved` at all, and `RTP/AVP` without `/TCP` are met in the field. */
export function parseTransport(header: string | undefined, offered: OfferedTransport): AcceptedTransport {
  if (offered.kind === 'tcp') {
    const pair = findPair(header, 'interleaved', 255)
    return pair
      ? { kind: 'tcp', rtpChannel: pair[0], rtcpChannel: pair[1] }
      : { kind: 'tcp', rtpChannel: offered.rtpChannel, rtcpChannel: offered.rtpChannel + 1 }
  }
  const pair = findPair(header, 'server_port', 65_535)
  return { kind: 'udp', serverRtpPort: pair?.[0], serverRtcpPort: pair?.[1] ?? (pair ? pair[0] + 1 : undefined) }
}

function findPair(header: string | undefined, name: string, limit: number): [number, number | undefined] | undefined {
  const match = new RegExp(`[;,\\s]${name}\\s*=\\s*"?(\\d{1,5})(?:-(\\d{1,5}))?`, 'i').exec(`;${header ?? ''}`)
  if (!match) return undefined
  const first = Number(match[1])
  const second = match[2] === undefined ? undefined : Number(match[2])
  return first > limit || (second ?? 0) > limit ? undefined : [first, second]
}
