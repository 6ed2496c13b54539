import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../server/base/errors.ts'
import { chooseChallenge, parseChallenges, serializeAuthorization } from '../../server/protocols/auth/digest.ts'
import { headerOf, parseRtspHead, rtspHeaders } from '../../server/protocols/rtsp/message.ts'
import { RtspReader } from '../../server/protocols/rtsp/reader.ts'
import { parameterSetsOf, parseSdp } from '../../server/protocols/rtsp/sdp.ts'
import { parseTransport, serializeTransport } from '../../server/protocols/rtsp/transport.ts'
import { controlBase, controlUrls, parseRtspUrl, splitCredentials, withoutCredentials } from '../../server/protocols/rtsp/url.ts'

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

describe('R-RTSP login', () => {
  const credentials = { username: 'admin', password: 'Cam@12345' }
  const request = { method: 'DESCRIBE', uri: 'rtsp://192.0.2.20:554/Streaming/Channels/101', nonceCount: 1, cnonce: '0a4f113b' }

  test('MD5 without qop: the worked value', () => {
    const [challenge] = parseChallenges(['Digest realm="IP Camera(12345)", nonce="4d1f0c2b9a", stale="FALSE"'])
    expect(serializeAuthorization(challenge!, credentials, request)).toBe(
      'Digest username="admin", realm="IP Camera(12345)", nonce="4d1f0c2b9a", uri="rtsp://192.0.2.20:554/Streaming/Channels/101", response="ff94b512d74df63dbe4e4912a87f79ea"',
    )
  })

  test('SHA-256 with qop=auth: the worked value', () => {
    const [challenge] = parseChallenges(['Digest realm="IP Camera(12345)", nonce="4d1f0c2b9a", algorithm=SHA-256, qop="auth,auth-int", opaque="x"'])
    const header = serializeAuthorization(challenge!, credentials, request)
    expect(header).toContain('response="958193ebcfe0e752a0f1ba24aee65a280166f8582accfe5cd3d78113922e4056"')
    expect(header).toContain('algorithm=SHA-256, qop=auth, nc=00000001, cnonce="0a4f113b", opaque="x"')
  })

  test.each([
    { headers: ['Digest realm="a", nonce="1"', 'Basic realm="a"'], chosen: { scheme: 'digest', algorithm: 'MD5' } },
    { headers: ['Basic realm="a", Digest realm="b", nonce="2", algorithm="SHA-256"'], chosen: { scheme: 'digest', algorithm: 'SHA-256', realm: 'b' } },
    { headers: ['Digest realm="a", nonce="1", algorithm=SHA-512-256', 'Basic realm="c"'], chosen: { scheme: 'basic', realm: 'c' } },
    { headers: ['digest REALM="with, comma = and \\"quotes\\"",nonce=bare'], chosen: { realm: 'with, comma = and \\"quotes\\"', nonce: 'bare' } },
    { headers: ['Digest realm="a", nonce="1", stale=TRUE'], chosen: { isStale: true } },
  ])('chooses the strongest of $headers', ({ headers, chosen }) => {
    expect(chooseChallenge(parseChallenges(headers))).toMatchObject(chosen)
  })

  test('Chinese passwords go as UTF-8', () => {
    expect(serializeAuthorization({ scheme: 'basic', realm: '' }, { username: 'a', password: '密码' }, request)).toBe(
      `Basic ${Buffer.from('a:密码').toString('base64')}`,
    )
  })
})

describe('R-RTSP addresses', () => {
  test('a pasted address is taken apart at the last @ before the path', () => {
    expect(splitCredentials('rtsp://user:p@a%40ss%23:x@host:8554/path?x=a@b')).toEqual({
      url: 'rtsp://host:8554/path?x=a@b',
      username: 'user',
      password: 'p@a@ss#:x',
    })
    expect(splitCredentials('rtsp://host/p')).toEqual({ url: 'rtsp://host/p', username: '', password: '' })
    expect(withoutCredentials('rtsp://u:p@w@host/x')).toBe('rtsp://***@host/x')
  })

  test('host, port and the rest byte for byte', () => {
    expect(parseRtspUrl('rtsp://[fe80::1]:8554/a%20b?c=%2F')).toEqual({ host: 'fe80::1', port: 8554, rest: '/a%20b?c=%2F' })
    expect(parseRtspUrl('rtsp://cam')).toEqual({ host: 'cam', port: 554, rest: '' })
    for (const bad of ['http://cam/', 'rtsp://', 'rtsp://u:p@cam/', 'rtsp://cam:99999/', 'rtsp://::1/']) expect(() => parseRtspUrl(bad)).toThrow(ProtocolError)
  })

  const requested = 'rtsp://192.0.2.21:554/cam/realmonitor?channel=1&subtype=0'
  test.each([
    { control: 'trackID=0', base: `${requested}/`, expected: `${requested}/trackID=0` },
    { control: undefined, base: `${requested}/`, expected: `${requested}/` },
    { control: '*', base: `${requested}/`, expected: `${requested}/` },
    { control: '?ctype=video', base: requested, expected: `${requested}?ctype=video` },
    { control: '/video', base: `${requested}/`, expected: 'rtsp://192.0.2.21:554/video' },
    { control: 'RTSP://10.0.0.1:8000/x?y', base: requested, expected: 'rtsp://192.0.2.21:554/x?y' },
  ])('control $control', ({ control, base, expected }) => {
    expect(controlUrls(control, base, requested)[0]).toBe(expected)
  })

  test.each([
    { header: undefined, expected: requested },
    { header: 'rtsp://192.0.2.21:554/base/', expected: 'rtsp://192.0.2.21:554/base/' },
    { header: 'rtsp://0.0.0.0:8554/base/', expected: 'rtsp://192.0.2.21:554/base/' },
    { header: 'rtsp://rtsp://192.0.2.21/base/', expected: 'rtsp://192.0.2.21:554/base/' },
    { header: 'rtsp://::ffff:192.0.2.20/base/', expected: 'rtsp://192.0.2.21:554/base/' },
    { header: '192.0.2.21/base/', expected: 'rtsp://192.0.2.21:554/base/' },
    { header: '???', expected: requested },
  ])('Content-Base $header', ({ header, expected }) => {
    expect(controlBase(header, requested)).toBe(expected)
  })
})

describe('R-RTSP messages', () => {
  test('LF only, spaces before the colon, any case, twice the same header, a folded line', () => {
    const message = parseRtspHead(latin1('RTSP/1.0 200 OK\nCSEQ : 3\nwww-authenticate: Basic realm="a"\nWWW-Authenticate: Digest realm="b",\n nonce="c"\n\n'))
    expect(message).toMatchObject({ kind: 'response', status: 200 })
    expect(headerOf(message, 'cseq')).toBe('3')
    expect(message.headers.get('www-authenticate')).toEqual(['Basic realm="a"', 'Digest realm="b", nonce="c"'])
  })

  test('a line break in a value is refused', () => {
    expect(() => rtspHeaders({ session: '1\r\nEvil: 2' })).toThrow(ProtocolError)
  })

  test.each([
    { header: 'RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=1', expected: { rtpChannel: 4, rtcpChannel: 5 } },
    { header: 'RTP/AVP;interleaved=0', expected: { rtpChannel: 0, rtcpChannel: undefined } },
    { header: 'RTP/AVP/TCP;unicast', expected: { rtpChannel: 2, rtcpChannel: 3 } },
    { header: undefined, expected: { rtpChannel: 2, rtcpChannel: 3 } },
    { header: 'interleaved=999-1000', expected: { rtpChannel: 2, rtcpChannel: 3 } },
  ])('Transport $header', ({ header, expected }) => {
    expect(parseTransport(header, { kind: 'tcp', rtpChannel: 2 })).toEqual({ kind: 'tcp', ...expected })
  })

  test('Transport over UDP', () => {
    expect(serializeTransport({ kind: 'udp', rtpPort: 50_000 })).toBe('RTP/AVP;unicast;client_port=50000-50001')
    expect(parseTransport('RTP/AVP;unicast;client_port=1-2;server_port=6970-6971', { kind: 'udp', rtpPort: 1 })).toEqual({
      kind: 'udp',
      serverRtpPort: 6970,
      serverRtcpPort: 6971,
    })
  })

  test('a stream cut anywhere gives the same frames and messages', () => {
    const frame = Buffer.from([0x24, 0, 0, 5, 1, 2, 3, 4, 5])
    const stream = Buffer.concat([
      latin1('RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nbody'),
      frame,
      latin1('OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 2\r\n\r\n'),
      frame,
      latin1('\x01 rubbish $\x09 '),
      frame,
      latin1('Rubbish line\r\nRTSP/1.0 404 Gone\r\n\r\n'),
      Buffer.from([0x24, 1, 0, 0]),
      frame,
    ])
    const read = (cut: number) => {
      const log: string[] = []
      const reader = new RtspReader({
        onFrame: (channel, raw, start, end) => log.push(`${channel}:${Buffer.from(raw.subarray(start, end)).toString('hex')}`),
        onMessage: (message) => log.push(`${message.kind === 'request' ? message.method : message.status}:${Buffer.from(message.body).toString()}`),
        onResync: () => log.push('resync'),
        isChannel: (channel) => channel < 2,
      })
      for (let offset = 0; offset < stream.length; offset += cut)
        reader.push(Uint8Array.from(stream.subarray(offset, offset + cut)), 0, Math.min(cut, stream.length - offset))
      return log
    }
    const whole = read(stream.length)
    expect(whole).toEqual(['200:body', '0:0102030405', 'OPTIONS:', '0:0102030405', 'resync', '0:0102030405', 'resync', '404:', '1:', '0:0102030405'])
    for (let cut = 1; cut < stream.length; cut++) expect(read(cut)).toEqual(whole)
  })

  test('a peer that speaks something else is given up after 64 KiB', () => {
    const reader = new RtspReader({ onFrame() {}, onMessage() {}, onResync() {}, isChannel: () => false })
    expect(() => reader.push(new Uint8Array(70_000).fill(0x7f), 0, 70_000)).toThrow(ProtocolError)
    const endless = new RtspReader({ onFrame() {}, onMessage() {}, onResync() {}, isChannel: () => false })
    expect(() => endless.push(new Uint8Array(70_000).fill(0x41), 0, 70_000)).toThrow(ProtocolError)
  })
})

describe('R-RTSP session descriptions', () => {
  test('what cameras write: two s=, no t=, LF, NUL, fmtp under the wrong track, HEVC, static types, a back channel', () => {
    const sdp = parseSdp(
      latin1(
        [
          'v=0',
          's=a',
          's=b',
          'c=broken',
          'a=control:*',
          'm=video 0 RTP/AVP 98',
          'a=rtpmap:98 hevc/90000',
          'a=control:trackID=1',
          'm=audio 0 RTP/AVP 8',
          'a=fmtp:98 sprop-vps=QAE=; sprop-sps=QgEB ; sprop-pps=RAHA',
          'a=control:trackID=2',
          'm=audio 0 RTP/AVP 0',
          'a=sendonly',
          'm=nonsense',
          '\0',
        ].join('\n'),
      ),
    )
    expect(sdp.control).toBe('*')
    expect(sdp.tracks).toMatchObject([
      { kind: 'video', payloadType: 98, encoding: 'H265', clockRateHz: 90_000, control: 'trackID=1' },
      { kind: 'audio', encoding: 'PCMA', clockRateHz: 8000, isSendOnly: false },
      { kind: 'audio', encoding: 'PCMU', isSendOnly: true },
      { kind: 'other' },
    ])
    expect(parameterSetsOf(sdp.tracks[0]!).map((set) => Buffer.from(set).toString('hex'))).toEqual(['420101', '4401c0'])
  })

  test('sprop-parameter-sets without padding and with spaces', () => {
    const { tracks } = parseSdp(
      latin1('m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z2QAKA , aOvjyyLA\r\n'),
    )
    expect(parameterSetsOf(tracks[0]!).map((set) => set.length)).toEqual([4, 6])
  })
})
