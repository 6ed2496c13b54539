/**
 * A camera that does on command what cameras do in the field: an RTSP 1.0 server of its own, sharing no code with the client under test.
 * The picture is made of NAL units with real parameter sets and made-up slices; nothing decodes it.
 */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { type AddressInfo, type Socket, createServer } from 'node:net'

/** 1920x1080 High, from the field; and a 1280x720 one for changes in mid-stream. Both name PPS 0. */
export const SPS_1080 = Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY', 'base64')
export const SPS_720 = Buffer.from('Z2QAH6zZQFAFuhAAAAMAEAAAAwMg8YMZYA==', 'base64')
export const PPS = Buffer.from('aOvjyyLA', 'base64')

export type Scheme = 'sha256' | 'md5' | 'basic'

export type CameraScript = {
  /** Asked of every request but OPTIONS. */
  login?: {
    username: string
    password: string
    schemes: Scheme[]
    /** A new nonce, and `stale`, after so many logins with one. */
    staleAfter?: number
    /** Hashes the DESCRIBE address for every method. */
    hashesDescribeUrl?: boolean
  }
  /** 401 whatever is sent. */
  refusesLogin?: boolean
  /** Status for a method, instead of an answer. */
  statuses?: Partial<Record<string, [status: number, reason: string]>>
  /** Content-Base; `undefined` leaves it out. Default: the request URL and a slash. */
  contentBase?: (url: string) => string | undefined
  control?: string
  sessionControl?: string
  /** SETUP anywhere else is answered 404. */
  setupUrl?: (url: string) => boolean
  /** SETUP of the sound is refused with 500. */
  refusesSound?: boolean
  hasSprop?: boolean
  hasInBandSets?: boolean
  marker?: 'last' | 'never' | 'every_slice' | 'also_sets'
  slices?: number
  /** SPS, PPS and the slice in one packet, with start codes between them. */
  hasStartCodesInside?: boolean
  fragmentBytes?: number
  gop?: number
  firstTimestamp?: number
  /** Changes packets of frame n: another SSRC, another timestamp, another SPS. */
  frame?: (index: number) => { ssrc?: number; timestamp?: number; sps?: Buffer; isLost?: boolean }
  /** Stops sending, connection open, after so many frames. */
  silentAfter?: number
  closesAfterPlay?: boolean
  /** Accepts, reads, and never says a word. */
  neverAnswers?: boolean
  /** Sends everything one byte at a time, `paceMs` apart. */
  paceMs?: number
  /** Cuts everything it sends into segments of so many bytes. */
  segmentBytes?: number
  transports?: ('tcp' | 'udp')[]
  /** UDP is agreed on and never arrives. */
  isUdpBlocked?: boolean
  getParameter?: 'ok' | 'hangs_up' | 'unknown' | 'absent'
  sessionTimeoutS?: number
  /** G.711A on track 2: 320 samples with each frame, once it was set up over TCP. */
  hasSound?: boolean
  /** Sends an OPTIONS request of its own after so many frames. */
  asksAfter?: number
  /** Sends rubbish between the frames after so many frames. */
  rubbishAfter?: number
  redirectTo?: string
}

export type SeenRequest = { method: string; url: string; headers: Map<string, string>; status: number }

export type ScriptedCamera = {
  url: string
  port: number
  requests: SeenRequest[]
  /** Answers of the client to our own requests. */
  answers: string[]
  /** RTCP packets of the client, over UDP. */
  reports: Buffer[]
  connections(): number
  /** Change the script while it runs. */
  script: CameraScript
  close(): Promise<void>
}

const FRAME_MS = 5
const FRAME_TICKS = 3600

export async function openScriptedCamera(script: CameraScript = {}): Promise<ScriptedCamera> {
  const requests: SeenRequest[] = []
  const answers: string[] = []
  const reports: Buffer[] = []
  const sockets = new Set<Socket>()
  let nonce = 1
  let nonceUses = 0
  let isNonceStale = false
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const camera: ScriptedCamera = {
    url: `rtsp://127.0.0.1:${port}/live?channel=1`,
    port,
    requests,
    answers,
    reports,
    script,
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return camera

  function serve(socket: Socket): void {
    let received = ''
    let isUdp = false
    let udpPort = 0
    let soundChannel: number | undefined
    const udp = createSocket('udp4')
    const rtcp = createSocket('udp4')
    rtcp.on('message', (report) => reports.push(report))
    let timer: NodeJS.Timeout | undefined
    let describeUrl = ''
    let sendQueue = Promise.resolve()
    socket.on('close', () => {
      clearInterval(timer)
      udp.close()
      rtcp.close()
    })
    socket.on('data', (chunk: Buffer) => {
      if (camera.script.neverAnswers) return
      received += chunk.toString('latin1')
      for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
        const head = received.slice(0, end)
        received = received.slice(end + 4)
        if (head.startsWith('$')) continue
        void answer(head)
      }
    })

    function send(bytes: Buffer): void {
      const { paceMs, segmentBytes } = camera.script
      if (paceMs === undefined && segmentBytes === undefined) return void socket.write(bytes)
      socket.setNoDelay(true)
      const step = segmentBytes ?? 1
      for (let offset = 0; offset < bytes.length; offset += step) {
        const piece = bytes.subarray(offset, offset + step)
        sendQueue = sendQueue
          .then(() => new Promise<void>((resolve) => (paceMs === undefined ? setImmediate(resolve) : setTimeout(resolve, paceMs))))
          .then(() => void (socket.writable && socket.write(piece)))
      }
    }

    async function answer(head: string): Promise<void> {
      const [firstLine = '', ...lines] = head.split('\r\n')
      if (firstLine.startsWith('RTSP/')) return void answers.push(firstLine)
      const [method = '', url = ''] = firstLine.split(' ')
      const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
      const now = camera.script
      if (method === 'DESCRIBE') describeUrl = url
      const reply = (status: number, reason: string, extra: string[] = [], body = '') => {
        requests.push({ method, url, headers, status })
        const length = body === '' ? [] : [`Content-Length: ${body.length}`]
        send(Buffer.from([`RTSP/1.0 ${status} ${reason}`, `CSeq: ${headers.get('cseq')}`, ...extra, ...length, '', body].join('\r\n'), 'latin1'))
      }
      const fixed = now.statuses?.[method]
      if (method !== 'OPTIONS' && now.refusesLogin) return reply(401, 'Unauthorized', [`WWW-Authenticate: Digest realm="cam", nonce="${nonce++}"`])
      if (method !== 'OPTIONS' && now.login && !isLoggedIn(method, url, headers)) return reply(401, 'Unauthorized', challenges())
      if (fixed) return reply(...fixed)
      switch (method) {
        case 'OPTIONS':
          return reply(200, 'OK', [`Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN${now.getParameter === 'absent' ? '' : ', GET_PARAMETER'}`])
        case 'DESCRIBE': {
          if (now.redirectTo) return reply(302, 'Moved', [`Location: ${now.redirectTo}`])
          const base = now.contentBase ? now.contentBase(url) : `${url}/`
          return reply(200, 'OK', ['Content-Type: application/sdp', ...(base === undefined ? [] : [`Content-Base: ${base}`])], sdp())
        }
        case 'SETUP': {
          if (now.setupUrl && !now.setupUrl(url)) return reply(404, 'Not Found')
          const isSound = url.endsWith('trackID=2')
          if (isSound && now.refusesSound) return reply(500, 'Internal Error')
          const transport = headers.get('transport') ?? ''
          const kind = transport.includes('/TCP') ? 'tcp' : 'udp'
          if (!(now.transports ?? ['tcp', 'udp']).includes(kind)) return reply(461, 'Unsupported Transport')
          const session = `Session: 42;timeout=${now.sessionTimeoutS ?? 60}`
          if (isSound && kind === 'tcp') soundChannel = Number(/interleaved=(\d+)/.exec(transport)?.[1])
          if (kind === 'tcp') return reply(200, 'OK', [session, `Transport: ${transport}`])
          isUdp = true
          udpPort = Number(/client_port=(\d+)/.exec(transport)?.[1])
          await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
          await new Promise<void>((resolve) => rtcp.bind(0, '127.0.0.1', resolve))
          return reply(200, 'OK', [session, `Transport: ${transport};server_port=${udp.address().port}-${rtcp.address().port}`])
        }
        case 'PLAY':
          reply(200, 'OK', ['Session: 42'])
          if (now.closesAfterPlay) return void socket.destroy()
          return play()
        case 'GET_PARAMETER':
          if (now.getParameter === 'hangs_up') return void socket.destroy()
          return now.getParameter === 'unknown' ? reply(501, 'Not Implemented') : reply(200, 'OK')
        case 'TEARDOWN':
          clearInterval(timer)
          return reply(200, 'OK')
        default:
          return reply(501, 'Not Implemented')
      }
    }

    function challenges(): string[] {
      const { schemes } = camera.script.login!
      const texts = {
        basic: 'Basic realm="cam"',
        md5: `Digest realm="cam", nonce="n${nonce}", stale="${isNonceStale ? 'TRUE' : 'FALSE'}"`,
        sha256: `Digest realm="cam", nonce="n${nonce}", algorithm=SHA-256, qop="auth,auth-int"`,
      }
      return schemes.map((scheme) => `WWW-Authenticate: ${texts[scheme]}`)
    }

    function isLoggedIn(method: string, url: string, headers: Map<string, string>): boolean {
      const { username, password, schemes, staleAfter, hashesDescribeUrl } = camera.script.login!
      const header = headers.get('authorization') ?? ''
      if (header.startsWith('Basic ')) return schemes.includes('basic') && Buffer.from(header.slice(6), 'base64').toString() === `${username}:${password}`
      const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(header)?.[1] ?? ''
      if (field('nonce') !== `n${nonce}`) return false
      if (nonceUses >= (staleAfter ?? Infinity)) {
        nonce += 1
        nonceUses = 0
        isNonceStale = true
        return false
      }
      isNonceStale = false
      nonceUses += 1
      const algorithm = field('algorithm') === 'SHA-256' ? 'sha256' : 'md5'
      if (!schemes.includes(algorithm)) return false
      const hash = (text: string) => createHash(algorithm).update(text).digest('hex')
      const uri = hashesDescribeUrl && method !== 'DESCRIBE' ? describeUrl : url
      const qop = field('qop') === 'auth' ? `:${field('nc')}:${field('cnonce')}:auth` : ''
      return field('response') === hash(`${hash(`${username}:cam:${password}`)}:${field('nonce')}${qop}:${hash(`${method}:${uri}`)}`)
    }

    function sdp(): string {
      const { hasSprop = true, control = 'trackID=1', sessionControl, hasSound } = camera.script
      const sprop = hasSprop ? `;sprop-parameter-sets=${SPS_1080.toString('base64')},${PPS.toString('base64')}` : ''
      return [
        'v=0',
        'o=- 0 0 IN IP4 0.0.0.0',
        's=Media',
        's=again',
        't=0 0',
        ...(sessionControl === undefined ? [] : [`a=control:${sessionControl}`]),
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        `a=fmtp:96 packetization-mode=1${sprop}`,
        `a=control:${control}`,
        ...(hasSound ? ['m=audio 0 RTP/AVP 8', 'a=control:trackID=2'] : []),
        'm=application 0 RTP/AVP 107',
        'a=rtpmap:107 vnd.onvif.metadata/90000',
        'a=control:trackID=3',
        '',
      ].join('\r\n')
    }

    function play(): void {
      let index = 0
      let sequence = 65_530
      timer = setInterval(() => {
        const now = camera.script
        if (now.silentAfter !== undefined && index >= now.silentAfter) return
        sendFrame(index)
        if (soundChannel !== undefined) sendSound(soundChannel, index)
        if (index === now.asksAfter) send(Buffer.from('OPTIONS rtsp://client RTSP/1.0\r\nCSeq: 900\r\n\r\n'))
        if (index === now.rubbishAfter) send(Buffer.from('\x01\x02 rubbish $ more \xff'.repeat(20), 'latin1'))
        index += 1
      }, FRAME_MS)

      function sendFrame(index: number): void {
        const now = camera.script
        const { ssrc = 7, timestamp = (now.firstTimestamp ?? 1000) + index * FRAME_TICKS, sps = SPS_1080, isLost = false } = now.frame?.(index) ?? {}
        const isKey = index % (now.gop ?? 10) === 0
        const nals: Buffer[] = []
        const slices = now.slices ?? 1
        // first_mb_in_slice 0 is the bit 1; the size tells frames apart.
        for (let slice = 0; slice < slices; slice++)
          nals.push(Buffer.concat([Buffer.of(isKey ? 0x65 : 0x41, slice === 0 ? 0x88 : 0x48), Buffer.alloc(200 + (index % 50), 0x5a)]))
        const sets = isKey && (now.hasInBandSets ?? true) ? [sps, PPS] : []
        const code = Buffer.of(0, 0, 0, 1)
        const units = now.hasStartCodesInside ? [Buffer.concat([...sets, ...nals].flatMap((nal, i) => (i === 0 ? [nal] : [code, nal])))] : [...sets, ...nals]
        for (const [at, unit] of units.entries()) {
          const isLast = at === units.length - 1
          const isSet = at < sets.length && !now.hasStartCodesInside
          const marker = now.marker ?? 'last'
          const isMarked = marker === 'never' ? false : marker === 'every_slice' ? !isSet : marker === 'also_sets' ? isSet || isLast : isLast
          const payloads = fragments(unit, now.fragmentBytes)
          for (const [part, payload] of payloads.entries())
            sendPacket(payload, timestamp, isMarked && part === payloads.length - 1, ssrc, isLost && part === 0 && !isSet)
        }
      }

      /** 320 samples are the 40 ms of a frame. */
      function sendSound(channel: number, index: number): void {
        const header = Buffer.from('80080000 00000000 00000009'.replaceAll(' ', ''), 'hex')
        header.writeUInt16BE(index & 0xffff, 2)
        header.writeUInt32BE(index * 320, 4)
        const packet = Buffer.concat([header, Buffer.alloc(320, 0xd5)])
        send(Buffer.concat([Buffer.of(0x24, channel, packet.length >> 8, packet.length & 0xff), packet]))
      }

      function sendPacket(payload: Buffer, timestamp: number, isMarked: boolean, ssrc: number, isLost: boolean): void {
        const header = Buffer.alloc(12)
        header[0] = 0x80
        header[1] = (isMarked ? 0x80 : 0) | 96
        header.writeUInt16BE(sequence++ & 0xffff, 2)
        header.writeUInt32BE(timestamp % 2 ** 32, 4)
        header.writeUInt32BE(ssrc, 8)
        if (isLost) return
        const packet = Buffer.concat([header, payload])
        if (isUdp) {
          if (!camera.script.isUdpBlocked) udp.send(packet, udpPort, '127.0.0.1')
          return
        }
        send(Buffer.concat([Buffer.of(0x24, 0, packet.length >> 8, packet.length & 0xff), packet]))
      }
    }
  }
}

/** FU-A of RFC 6184 §5.8 for units longer than `bytes`. */
function fragments(nal: Buffer, bytes: number | undefined): Buffer[] {
  if (bytes === undefined || nal.length <= bytes) return [nal]
  const parts: Buffer[] = []
  for (let offset = 1; offset < nal.length; offset += bytes) {
    const isEnd = offset + bytes >= nal.length
    parts.push(
      Buffer.concat([
        Buffer.of((nal[0]! & 0xe0) | 28, (offset === 1 ? 0x80 : 0) | (isEnd ? 0x40 : 0) | (nal[0]! & 0x1f)),
        nal.subarray(offset, offset + bytes),
      ]),
    )
  }
  return parts
}
